"""Section 10: copying, and the four ways to take a version away."""

from __future__ import annotations

from typing import Any

import pytest

from harness.account import Repository, npm_ids
from harness.errors import raises
from harness.packages import Package
from semantics.ground import Ground, Ids, download


@pytest.fixture
def pair(ground: Ground) -> tuple[Repository, Repository, Ids]:
    """`staging` with a generic package in three versions, and an empty `release`."""
    domain = ground.domain()
    staging, release = ground.repository(domain, "staging"), ground.repository(domain, "release")
    return staging, release, ground.generic(staging, "thing", "1.0.0", "2.0.0", "3.0.0")


def copy(ground: Ground, source: Repository, target: Repository, ids: Ids, **members: Any) -> dict[str, Any]:
    """CopyPackageVersions."""
    answer = ground.aws.copy_package_versions(
        domain=source.domain, sourceRepository=source.name, destinationRepository=target.name, **ids, **members
    )
    return {name: answer.get(name, {}) for name in ("successfulVersions", "failedVersions")}


def test_a_copy_shares_its_assets_and_keeps_status_and_revision(
    ground: Ground, pair: tuple[Repository, Repository, Ids]
) -> None:
    staging, release, ids = pair
    ground.set_status(staging, ids, "2.0.0", "Unlisted")
    ground.set_status(staging, ids, "3.0.0", "Archived")
    size = ground.size(staging.domain)
    answer = copy(ground, staging, release, ids, versions=["1.0.0", "2.0.0", "3.0.0"])
    assert {version: one["status"] for version, one in answer["successfulVersions"].items()} == {
        "1.0.0": "Published",
        "2.0.0": "Unlisted",
        "3.0.0": "Archived",
    }
    assert answer["failedVersions"] == {}
    assert ground.size(staging.domain) == size
    assert ground.versions(release, ids) == ground.versions(staging, ids)
    call = {**release.ids, **ids, "packageVersion": "1.0.0", "asset": "a.bin"}
    assert ground.aws.get_package_version_asset(**call)["asset"].read() == b"thing 1.0.0"
    # Each goes its own way from here.
    ground.aws.delete_package(**staging.ids, **ids)
    assert ground.aws.get_package_version_asset(**call)["asset"].read() == b"thing 1.0.0"


def test_a_copy_is_made_wholly_or_not_at_all(ground: Ground, pair: tuple[Repository, Repository, Ids]) -> None:
    staging, release, ids = pair
    answer = copy(ground, staging, release, ids, versions=["1.0.0", "5.6.7"])
    assert answer["successfulVersions"] == {}
    assert answer["failedVersions"] == {
        "5.6.7": {"errorCode": "NOT_FOUND", "errorMessage": "Could not find version 5.6.7"},
        "1.0.0": {"errorCode": "SKIPPED", "errorMessage": "Version 1.0.0 was skipped"},
    }
    assert ground.versions(release, ids) == {}


def test_what_is_there_already_is_silent_if_equal_and_refused_if_not(
    ground: Ground, pair: tuple[Repository, Repository, Ids]
) -> None:
    staging, release, ids = pair
    copy(ground, staging, release, ids, versions=["1.0.0"])
    assert copy(ground, staging, release, ids, versions=["1.0.0"]) == {"successfulVersions": {}, "failedVersions": {}}
    ground.asset(release, ids, "2.0.0", "a.bin", b"another two")
    answer = copy(ground, staging, release, ids, versions=["2.0.0"])
    assert answer["failedVersions"] == {
        "2.0.0": {"errorCode": "ALREADY_EXISTS", "errorMessage": "Version 2.0.0 already exists"}
    }
    answer = copy(ground, staging, release, ids, versions=["2.0.0"], allowOverwrite=True)
    assert set(answer["successfulVersions"]) == {"2.0.0"}
    call = {**release.ids, **ids, "packageVersion": "2.0.0", "asset": "a.bin"}
    assert ground.aws.get_package_version_asset(**call)["asset"].read() == b"thing 2.0.0"


def test_a_copy_by_revision_takes_that_one_or_none(ground: Ground, pair: tuple[Repository, Repository, Ids]) -> None:
    staging, release, ids = pair
    listed = ground.aws.list_package_versions(**staging.ids, **ids)["versions"]
    revisions = {one["version"]: one["revision"] for one in listed}
    wrong = {"1.0.0": revisions["1.0.0"], "2.0.0": revisions["3.0.0"]}
    answer = copy(ground, staging, release, ids, versionRevisions=wrong)
    assert answer["failedVersions"]["2.0.0"]["errorCode"] == "MISMATCHED_REVISION"
    assert answer["failedVersions"]["1.0.0"]["errorCode"] == "SKIPPED"
    answer = copy(ground, staging, release, ids, versionRevisions={"1.0.0": revisions["1.0.0"]})
    assert answer["successfulVersions"]["1.0.0"]["revision"] == revisions["1.0.0"]


@pytest.mark.parametrize("members", [{}, {"versions": ["1.0.0"], "versionRevisions": {"1.0.0": "x"}}])
def test_a_copy_names_versions_in_one_of_two_ways(
    ground: Ground, pair: tuple[Repository, Repository, Ids], members: dict[str, Any]
) -> None:
    staging, release, ids = pair
    with raises(ground.aws, "ValidationException"):
        copy(ground, staging, release, ids, **members)
    assert ground.versions(release, ids) == {}


@pytest.mark.parametrize("status", ["Unfinished", "Disposed"])
def test_what_is_unfinished_or_disposed_of_is_not_copied(
    ground: Ground, pair: tuple[Repository, Repository, Ids], status: str
) -> None:
    staging, release, ids = pair
    if status == "Disposed":
        ground.set_status(staging, ids, "1.0.0", "Disposed")
        version = "1.0.0"
    else:
        version = "4.0.0"
        ground.generic(staging, "thing", version, unfinished=True)
    answer = copy(ground, staging, release, ids, versions=[version])
    assert answer["failedVersions"][version]["errorCode"] == "NOT_ALLOWED"
    assert ground.versions(release, ids) == {}


def test_upstreams_of_the_source_are_included_on_request(ground: Ground) -> None:
    middle, store = ground.chain("middle", "store")
    target = ground.repository(middle.domain, "target")
    name = ground.fresh("parcel")
    ground.npm(store, name, "1.0.0")
    ids = npm_ids(name)
    # The source has no such package itself.
    with raises(ground.aws, "ResourceNotFoundException"):
        copy(ground, middle, target, ids, versions=["1.0.0"])
    answer = copy(ground, middle, target, ids, versions=["1.0.0"], includeFromUpstream=True)
    assert set(answer["successfulVersions"]) == {"1.0.0"}
    assert ground.npm_held(target, name) == {"1.0.0"}
    assert ground.npm_held(middle, name) == set()


def test_including_upstreams_asks_no_public_source(ground: Ground) -> None:
    app, _ = ground.chain("app", "store", connected=True)
    target = ground.repository(app.domain, "target")
    name = ground.public("1.0.0")
    try:
        answer = copy(ground, app, target, npm_ids(name), versions=["1.0.0"], includeFromUpstream=True)
        assert answer["failedVersions"]["1.0.0"]["errorCode"] == "NOT_FOUND"
    except ground.aws.exceptions.ResourceNotFoundException:
        pass
    assert ground.source.times_asked(name) == 0


def test_dist_tags_travel_with_their_versions_and_the_sources_value_wins(ground: Ground) -> None:
    domain = ground.domain()
    staging, release = ground.repository(domain, "staging"), ground.repository(domain, "release")
    name = ground.fresh("parcel")
    ground.npm(release, name, "1.0.0")
    ground.npm(staging, name, "2.0.0")
    ground.npm(staging, name, "3.0.0-rc", tag="next")
    copy(ground, staging, release, npm_ids(name), versions=["2.0.0"])
    assert release.registry().packument(name)["dist-tags"] == {"latest": "2.0.0"}
    copy(ground, staging, release, npm_ids(name), versions=["3.0.0-rc"])
    assert release.registry().packument(name)["dist-tags"] == {"latest": "2.0.0", "next": "3.0.0-rc"}


def test_a_patched_public_version_keeps_its_number_by_way_of_a_copy(ground: Ground) -> None:
    app, _ = ground.chain("app", "store", connected=True)
    workshop = ground.repository(app.domain, "workshop")
    name = ground.public("1.0.0")
    patched = Package(name, "1.0.0", manifest={"description": "patched"})
    assert app.registry().publish(patched).status == 409
    assert workshop.registry().publish(patched).status in (200, 201)
    answer = copy(ground, workshop, app, npm_ids(name), versions=["1.0.0"])
    assert set(answer["successfulVersions"]) == {"1.0.0"}
    assert app.registry().tarball(name, "1.0.0").body == patched.tarball()


@pytest.mark.parametrize(
    ("way", "listed", "fetched", "republished", "freed"),
    [
        ("Unlisted", False, True, False, False),
        ("Archived", False, False, False, False),
        ("Disposed", False, False, False, True),
        ("Deleted", False, False, True, True),
    ],
)
def test_the_four_ways_to_take_a_version_away(
    ground: Ground, way: str, listed: bool, fetched: bool, republished: bool, freed: bool
) -> None:
    repository = ground.repository(ground.domain(), "app")
    ground.npm(repository, "parcel", "1.0.0", "2.0.0")
    size = ground.size(repository.domain)
    ground.set_status(repository, npm_ids("parcel"), "1.0.0", way)
    registry = repository.registry()
    assert ("1.0.0" in ground.offered(repository, "parcel")) == listed
    assert (download(registry, "parcel", "1.0.0") == 200) == fetched
    assert (ground.size(repository.domain) < size) == freed
    answer = registry.publish(Package("parcel", "1.0.0", manifest={"description": "again"}))
    assert (answer.status in (200, 201)) == republished
    if way in ("Unlisted", "Archived"):
        ground.set_status(repository, npm_ids("parcel"), "1.0.0", "Published")
        assert download(registry, "parcel", "1.0.0") == 200


def test_deleting_a_package_takes_all_versions_of_every_status(ground: Ground) -> None:
    repository = ground.repository(ground.domain(), "app")
    ids = ground.generic(repository, "thing", "1.0.0", "2.0.0")
    ground.generic(repository, "thing", "3.0.0", unfinished=True)
    ground.set_status(repository, ids, "2.0.0", "Disposed")
    ground.aws.delete_package(**repository.ids, **ids)
    assert ground.versions(repository, ids) == {}
    assert ground.aws.list_packages(**repository.ids)["packages"] == []
    assert ground.size(repository.domain) == 0
    with raises(ground.aws, "ResourceNotFoundException") as raised:
        ground.aws.delete_package(**repository.ids, **ids)
    assert raised.response["resourceType"] == "package"
