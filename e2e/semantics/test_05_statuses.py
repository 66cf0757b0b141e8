"""Section 5: what each status does to clients, and what may become what."""

from __future__ import annotations

import itertools

import pytest

from harness.account import Repository, npm_ids
from harness.errors import raises
from harness.npm_wire import ABBREVIATED, FULL
from harness.packages import Package
from semantics.ground import Ground, Ids, download

STATUSES = ("Unfinished", "Published", "Unlisted", "Archived", "Disposed")
CALLED = ("Published", "Unlisted", "Archived")


def in_status(ground: Ground, repository: Repository, status: str) -> Ids:
    """A generic package whose version 1.0.0 is in a status."""
    package = ground.fresh("thing")
    ids = ground.generic(repository, package, "1.0.0", **({"unfinished": True} if status == "Unfinished" else {}))
    if status not in ("Unfinished", "Published"):
        ground.set_status(repository, ids, "1.0.0", status)
    assert ground.versions(repository, ids) == {"1.0.0": status}
    return ids


@pytest.mark.parametrize(("before", "target"), list(itertools.product(STATUSES, CALLED)))
def test_status_calls_follow_the_table(ground: Ground, before: str, target: str) -> None:
    repository = ground.repository(ground.domain(), "app")
    ids = in_status(ground, repository, before)
    revision = ground.aws.describe_package_version(**repository.ids, **ids, packageVersion="1.0.0")["packageVersion"][
        "revision"
    ]
    answer = ground.aws.update_package_versions_status(**repository.ids, **ids, versions=["1.0.0"], targetStatus=target)
    if before == "Disposed":
        assert answer["failedVersions"]["1.0.0"]["errorCode"] == "NOT_ALLOWED"
        assert not answer["successfulVersions"]
        assert ground.versions(repository, ids) == {"1.0.0": "Disposed"}
    else:
        # Becoming what it is already is a success too; and a status is no part of the revision.
        assert answer["successfulVersions"] == {"1.0.0": {"revision": revision, "status": target}}
        assert not answer["failedVersions"]
        assert ground.versions(repository, ids) == {"1.0.0": target}


@pytest.mark.parametrize("before", STATUSES)
def test_everything_can_be_deleted_and_the_number_is_free_again(ground: Ground, before: str) -> None:
    repository = ground.repository(ground.domain(), "app")
    ids = in_status(ground, repository, before)
    answer = ground.aws.delete_package_versions(**repository.ids, **ids, versions=["1.0.0"])
    assert answer["successfulVersions"]["1.0.0"]["status"] == "Deleted"
    assert ground.versions(repository, ids) == {}
    ground.asset(repository, ids, "1.0.0", "a.bin", b"something else")
    assert ground.versions(repository, ids) == {"1.0.0": "Published"}


@pytest.mark.parametrize("before", [status for status in STATUSES if status != "Disposed"])
def test_everything_else_can_be_disposed_of_and_keeps_its_number(ground: Ground, before: str) -> None:
    repository = ground.repository(ground.domain(), "app")
    ids = in_status(ground, repository, before)
    answer = ground.aws.dispose_package_versions(**repository.ids, **ids, versions=["1.0.0"])
    assert answer["successfulVersions"]["1.0.0"]["status"] == "Disposed"
    version = {**repository.ids, **ids, "packageVersion": "1.0.0"}
    assert ground.aws.describe_package_version(**version)["packageVersion"]["status"] == "Disposed"
    assert ground.aws.list_package_version_assets(**version)["assets"] == []
    assert ground.size(repository.domain) == 0
    with raises(ground.aws, "ConflictException"):
        ground.asset(repository, ids, "1.0.0", "a.bin", b"x")


@pytest.mark.parametrize("target", ["Unfinished", "Disposed", "Deleted"])
def test_the_status_call_takes_three_targets(ground: Ground, target: str) -> None:
    repository = ground.repository(ground.domain(), "app")
    ids = in_status(ground, repository, "Published")
    with raises(ground.aws, "ValidationException"):
        ground.aws.update_package_versions_status(**repository.ids, **ids, versions=["1.0.0"], targetStatus=target)
    assert ground.versions(repository, ids) == {"1.0.0": "Published"}


def test_lists_without_a_filter_show_every_status(ground: Ground) -> None:
    repository = ground.repository(ground.domain(), "app")
    ids = ground.generic(repository, "thing", "1.0.0", "2.0.0", "3.0.0", "4.0.0")
    ground.generic(repository, "thing", "5.0.0", unfinished=True)
    expected = {"1.0.0": "Published", "2.0.0": "Unlisted", "3.0.0": "Archived", "4.0.0": "Disposed"}
    for version, status in expected.items():
        if status != "Published":
            ground.set_status(repository, ids, version, status)
    expected["5.0.0"] = "Unfinished"
    assert ground.versions(repository, ids) == expected
    for version, status in expected.items():
        assert ground.versions(repository, ids, status=status) == {version: status}


# Generic: by the API alone.


@pytest.mark.parametrize("status", STATUSES)
def test_generic_assets_can_be_fetched_until_they_are_archived(ground: Ground, status: str) -> None:
    repository = ground.repository(ground.domain(), "app")
    ids = in_status(ground, repository, status)
    call = {**repository.ids, **ids, "packageVersion": "1.0.0", "asset": "a.bin"}
    if status in ("Archived", "Disposed"):
        with raises(ground.aws, "ResourceNotFoundException"):
            ground.aws.get_package_version_asset(**call)
    else:
        assert ground.aws.get_package_version_asset(**call)["asset"].read() == f"{ids['package']} 1.0.0".encode()


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "Unfinished"])
def test_a_complete_generic_version_takes_no_more_assets(ground: Ground, status: str) -> None:
    repository = ground.repository(ground.domain(), "app")
    ids = in_status(ground, repository, status)
    for unfinished in (True, False):
        with raises(ground.aws, "ConflictException"):
            ground.asset(repository, ids, "1.0.0", "b.bin", b"more", unfinished=unfinished)
    assert ground.versions(repository, ids) == {"1.0.0": status}


def test_a_generic_version_is_unfinished_until_a_call_says_otherwise(ground: Ground) -> None:
    repository = ground.repository(ground.domain(), "app")
    ids = {"format": "generic", "namespace": "tools", "package": "thing"}
    statuses = [
        ground.asset(repository, ids, "1.0.0", name, name.encode(), unfinished=unfinished)["status"]
        for name, unfinished in (("a", True), ("b", True), ("c", False))
    ]
    assert statuses == ["Unfinished", "Unfinished", "Published"]


# npm: what a client sees.


@pytest.fixture
def three(ground: Ground) -> tuple[Repository, str]:
    """An npm package with three versions; `latest` is the last."""
    repository = ground.repository(ground.domain(), "app")
    name = ground.fresh("parcel")
    ground.npm(repository, name, "1.0.0", "1.1.0", "2.0.0")
    return repository, name


@pytest.mark.parametrize("accept", [FULL, ABBREVIATED])
@pytest.mark.parametrize("status", ["Unlisted", "Archived", "Disposed"])
def test_npm_clients_are_not_offered_what_is_not_published(
    ground: Ground, three: tuple[Repository, str], status: str, accept: str
) -> None:
    repository, name = three
    registry = repository.registry()
    assert set(registry.packument(name, accept=accept)["versions"]) == {"1.0.0", "1.1.0", "2.0.0"}
    ground.set_status(repository, npm_ids(name), "2.0.0", status)
    document = registry.packument(name, accept=accept)
    assert set(document["versions"]) == {"1.0.0", "1.1.0"}
    assert "2.0.0" not in document.get("time", {})
    assert "2.0.0" not in document["dist-tags"].values()
    assert download(registry, name, "2.0.0") == (200 if status == "Unlisted" else 404)
    assert download(registry, name, "1.1.0") == 200


@pytest.mark.parametrize("status", ["Unlisted", "Archived"])
def test_npm_clients_are_offered_again_what_is_published_again(
    ground: Ground, three: tuple[Repository, str], status: str
) -> None:
    repository, name = three
    before = repository.registry().packument(name)
    ground.set_status(repository, npm_ids(name), "2.0.0", status)
    ground.set_status(repository, npm_ids(name), "2.0.0", "Published")
    after = repository.registry().packument(name)
    assert after["versions"] == before["versions"]
    assert after["dist-tags"] == before["dist-tags"]
    assert download(repository.registry(), name, "2.0.0") == 200


@pytest.mark.parametrize("status", ["Published", "Unlisted", "Archived", "Disposed", "Deleted"])
def test_npm_clients_may_publish_a_number_again_only_after_it_was_deleted(
    ground: Ground, three: tuple[Repository, str], status: str
) -> None:
    repository, name = three
    if status != "Published":
        ground.set_status(repository, npm_ids(name), "2.0.0", status)
    other = Package(name, "2.0.0", manifest={"description": "patched"})
    answer = repository.registry().publish(other)
    assert answer.status in ((200, 201) if status == "Deleted" else (409,)), answer.body


def test_after_a_delete_latest_is_the_newest_that_remains(ground: Ground, three: tuple[Repository, str]) -> None:
    repository, name = three
    ground.set_status(repository, npm_ids(name), "2.0.0", "Deleted")
    assert repository.registry().packument(name)["dist-tags"] == {"latest": "1.1.0"}
    listed = ground.aws.list_package_versions(**repository.ids, **npm_ids(name))
    assert listed["defaultDisplayVersion"] == "1.1.0"


# Statuses and upstreams.


@pytest.mark.parametrize("status", ["Archived", "Disposed"])
def test_a_hidden_version_upstream_blocks_and_is_not_retained(ground: Ground, status: str) -> None:
    domain = ground.domain()
    first, second = ground.repository(domain, "first"), ground.repository(domain, "second")
    app = ground.repository(domain, "app", "first", "second")
    name = ground.fresh("parcel")
    for repository in (first, second):
        ground.npm(repository, name, "1.0.0", "2.0.0")
    ground.set_status(first, npm_ids(name), "1.0.0", status)
    # The record of the nearer one decides; the other one is not asked.
    assert download(app.registry(), name, "1.0.0") == 404
    assert ground.offered(app, name) == {"2.0.0"}
    assert ground.npm_held(app, name) == set()
    assert download(app.registry(), name, "2.0.0") == 200


def test_an_unlisted_version_upstream_is_not_offered_but_can_be_fetched_and_retained(ground: Ground) -> None:
    app, store = ground.chain("app", "store")
    name = ground.fresh("parcel")
    ground.npm(store, name, "1.0.0", "2.0.0")
    ground.set_status(store, npm_ids(name), "1.0.0", "Unlisted")
    assert ground.offered(app, name) == {"2.0.0"}
    assert download(app.registry(), name, "1.0.0") == 200
    assert ground.npm_held(app, name) == {"1.0.0"}


def test_once_retained_each_repository_has_its_own_status(ground: Ground) -> None:
    app, store = ground.chain("app", "store")
    name = ground.fresh("parcel")
    ground.npm(store, name, "1.0.0")
    assert download(app.registry(), name, "1.0.0") == 200
    ground.set_status(store, npm_ids(name), "1.0.0", "Archived")
    assert download(app.registry(), name, "1.0.0") == 200
    assert ground.offered(app, name) == {"1.0.0"}
    ground.set_status(app, npm_ids(name), "1.0.0", "Unlisted")
    assert ground.versions(store, npm_ids(name)) == {"1.0.0": "Archived"}


@pytest.mark.parametrize("status", ["Archived", "Disposed"])
def test_a_hidden_version_of_its_own_hides_the_same_number_upstream(ground: Ground, status: str) -> None:
    app, _ = ground.chain("app", "store", connected=True)
    name = ground.public("1.0.0", "2.0.0")
    assert download(app.registry(), name, "1.0.0") == 200
    ground.set_status(app, npm_ids(name), "1.0.0", status)
    assert download(app.registry(), name, "1.0.0") == 404
    assert ground.offered(app, name) == {"2.0.0"}
    assert ground.versions(app, npm_ids(name)) == {"1.0.0": status}
    # Deleted, it is only not here; it comes again from where it came from.
    ground.set_status(app, npm_ids(name), "1.0.0", "Deleted")
    assert download(app.registry(), name, "1.0.0") == 200


# Batches.


@pytest.fixture
def four(ground: Ground) -> tuple[Repository, Ids]:
    """A generic package with 1.0.0 to 4.0.0; 4.0.0 is unlisted."""
    repository = ground.repository(ground.domain(), "app")
    ids = ground.generic(repository, "thing", "1.0.0", "2.0.0", "3.0.0", "4.0.0")
    ground.set_status(repository, ids, "4.0.0", "Unlisted")
    return repository, ids


@pytest.mark.parametrize(
    "operation", ["update_package_versions_status", "dispose_package_versions", "delete_package_versions"]
)
def test_a_batch_is_done_wholly_or_not_at_all(ground: Ground, four: tuple[Repository, Ids], operation: str) -> None:
    repository, ids = four
    before = ground.versions(repository, ids)
    target = {"targetStatus": "Archived"} if operation.startswith("update") else {}
    call = getattr(ground.aws, operation)
    answer = call(**repository.ids, **ids, versions=["1.0.0", "4.0.0"], expectedStatus="Unlisted", **target)
    assert not answer["successfulVersions"]
    failed = answer["failedVersions"]
    assert failed["1.0.0"] == {
        "errorCode": "MISMATCHED_STATUS",
        "errorMessage": "current status: Published, expected status: Unlisted",
    }
    assert failed["4.0.0"] == {"errorCode": "SKIPPED", "errorMessage": "version 4.0.0 is skipped"}
    answer = call(**repository.ids, **ids, versions=["1.0.0", "9.9.9"], **target)
    assert answer["failedVersions"]["9.9.9"]["errorCode"] == "NOT_FOUND"
    assert answer["failedVersions"]["1.0.0"]["errorCode"] == "SKIPPED"
    assert ground.versions(repository, ids) == before
    answer = call(**repository.ids, **ids, versions=["1.0.0", "2.0.0"], expectedStatus="Published", **target)
    assert set(answer["successfulVersions"]) == {"1.0.0", "2.0.0"}
    assert not answer["failedVersions"]


@pytest.mark.parametrize("operation", ["update_package_versions_status", "dispose_package_versions"])
def test_a_batch_can_be_pinned_to_revisions(ground: Ground, four: tuple[Repository, Ids], operation: str) -> None:
    repository, ids = four
    listed = ground.aws.list_package_versions(**repository.ids, **ids)["versions"]
    revisions = {one["version"]: one["revision"] for one in listed}
    target = {"targetStatus": "Archived"} if operation.startswith("update") else {}
    call = getattr(ground.aws, operation)
    pinned = {"1.0.0": revisions["1.0.0"], "2.0.0": revisions["3.0.0"]}
    answer = call(**repository.ids, **ids, versions=["1.0.0", "2.0.0"], versionRevisions=pinned, **target)
    assert answer["failedVersions"]["2.0.0"] == {
        "errorCode": "MISMATCHED_REVISION",
        "errorMessage": f"current revision: {revisions['2.0.0']}, expected revision: {revisions['3.0.0']}",
    }
    assert answer["failedVersions"]["1.0.0"]["errorCode"] == "SKIPPED"
    with raises(ground.aws, "ValidationException"):
        call(**repository.ids, **ids, versions=["1.0.0"], versionRevisions=pinned, **target)
    right = {version: revisions[version] for version in pinned}
    answer = call(**repository.ids, **ids, versions=["1.0.0", "2.0.0"], versionRevisions=right, **target)
    assert set(answer["successfulVersions"]) == set(pinned)
