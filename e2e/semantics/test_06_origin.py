"""Section 6: where a version came from, which never changes again."""

from __future__ import annotations

from harness import knobs
from harness.account import Repository, npm_ids
from semantics.ground import Ground, Ids, download


def origin(ground: Ground, repository: Repository, ids: Ids, version: str = "1.0.0") -> dict[str, object]:
    """The origin as it is described, after a look at the list, which must agree."""
    described = ground.aws.describe_package_version(**repository.ids, **ids, packageVersion=version)["packageVersion"]
    listed = ground.aws.list_package_versions(**repository.ids, **ids)["versions"]
    assert [one["origin"] for one in listed if one["version"] == version] == [described["origin"]]
    return described["origin"]


def test_published_here_is_internal_with_the_repository(ground: Ground) -> None:
    repository = ground.repository(ground.domain(), "app")
    expected = {"originType": "INTERNAL", "domainEntryPoint": {"repositoryName": "app"}}
    ids = ground.generic(repository, "thing", "1.0.0")
    assert origin(ground, repository, ids) == expected
    ground.npm(repository, "parcel", "1.0.0")
    assert origin(ground, repository, npm_ids("parcel")) == expected


def test_ingested_is_external_with_the_connection_everywhere(ground: Ground) -> None:
    app, store = ground.chain("app", "store", connected=True)
    name = ground.public("1.0.0")
    assert download(app.registry(), name, "1.0.0") == 200
    expected = {"originType": "EXTERNAL", "domainEntryPoint": {"externalConnectionName": knobs.NPM_CONNECTION}}
    assert origin(ground, app, npm_ids(name)) == origin(ground, store, npm_ids(name)) == expected


def test_retaining_and_copying_keep_the_origin(ground: Ground) -> None:
    app, store = ground.chain("app", "store")
    copy = ground.repository(app.domain, "copy")
    name = ground.fresh("parcel")
    ground.npm(store, name, "1.0.0")
    assert download(app.registry(), name, "1.0.0") == 200
    ground.aws.copy_package_versions(
        domain=app.domain, sourceRepository="app", destinationRepository="copy", **npm_ids(name), versions=["1.0.0"]
    )
    expected = {"originType": "INTERNAL", "domainEntryPoint": {"repositoryName": "store"}}
    for repository in (store, app, copy):
        assert origin(ground, repository, npm_ids(name)) == expected


def test_lists_can_be_filtered_by_origin(ground: Ground) -> None:
    app, _ = ground.chain("app", "store", connected=True)
    name = ground.public("1.0.0")
    assert download(app.registry(), name, "1.0.0") == 200
    ground.set_restrictions(app, npm_ids(name), "ALLOW", "BLOCK")
    ground.npm(app, name, "2.0.0")
    assert set(ground.versions(app, npm_ids(name), originType="EXTERNAL")) == {"1.0.0"}
    assert set(ground.versions(app, npm_ids(name), originType="INTERNAL")) == {"2.0.0"}
    assert ground.versions(app, npm_ids(name), originType="UNKNOWN") == {}
