"""Section 9: revisions, hashes, immutable assets, readmes and dependencies."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from harness.account import Repository, npm_ids
from harness.errors import raises
from harness.packages import Package
from semantics.ground import Ground, Ids, download

THING: Ids = {"format": "generic", "namespace": "tools", "package": "thing"}


def described(ground: Ground, repository: Repository, ids: Ids, version: str = "1.0.0") -> dict[str, Any]:
    """A version as it is described."""
    return ground.aws.describe_package_version(**repository.ids, **ids, packageVersion=version)["packageVersion"]


def test_a_revision_is_32_bytes_in_base64(ground: Ground) -> None:
    repository = ground.repository(ground.domain(), "app")
    ground.generic(repository, "thing", "1.0.0")
    ground.npm(repository, "parcel", "1.0.0")
    for ids in (THING, npm_ids("parcel")):
        revision = described(ground, repository, ids)["revision"]
        assert len(revision) == 44 and len(base64.b64decode(revision, validate=True)) == 32


def test_a_revision_changes_with_assets_and_not_with_the_status(ground: Ground) -> None:
    repository = ground.repository(ground.domain(), "app")
    revisions = []
    for name in ("a", "b"):
        ground.asset(repository, THING, "1.0.0", name, name.encode(), unfinished=True)
        revisions.append(described(ground, repository, THING)["revision"])
    again = ground.asset(repository, THING, "1.0.0", "b", b"b", unfinished=True)
    assert again["versionRevision"] == revisions[1] != revisions[0]
    for status in ("Published", "Unlisted", "Archived", "Disposed"):
        ground.set_status(repository, THING, "1.0.0", status)
        assert described(ground, repository, THING)["revision"] == revisions[1]


def test_the_same_content_has_the_same_revision_after_copying_and_retaining(ground: Ground) -> None:
    app, store = ground.chain("app", "store")
    name = ground.fresh("parcel")
    ground.npm(store, name, "1.0.0")
    assert download(app.registry(), name, "1.0.0") == 200
    ground.repository(app.domain, "copies")
    copied = ground.aws.copy_package_versions(
        domain=app.domain, sourceRepository="store", destinationRepository="copies", **npm_ids(name), versions=["1.0.0"]
    )
    revision = described(ground, store, npm_ids(name))["revision"]
    assert copied["successfulVersions"]["1.0.0"]["revision"] == revision
    assert described(ground, app, npm_ids(name))["revision"] == revision


def test_each_asset_has_four_hashes_and_its_size(ground: Ground) -> None:
    repository = ground.repository(ground.domain(), "app")
    content = bytes(range(256)) * 100
    hashes = {
        "MD5": hashlib.md5(content).hexdigest(),
        "SHA-1": hashlib.sha1(content).hexdigest(),
        "SHA-256": hashlib.sha256(content).hexdigest(),
        "SHA-512": hashlib.sha512(content).hexdigest(),
    }
    expected = {"name": "größe ~!@^&()-_+[]{};,.` x.bin", "size": len(content), "hashes": hashes}
    answer = ground.asset(repository, THING, "1.0.0", expected["name"], content)
    assert answer["asset"] == expected
    listed = ground.aws.list_package_version_assets(**repository.ids, **THING, packageVersion="1.0.0")
    assert listed["assets"] == [expected]
    call = {**repository.ids, **THING, "packageVersion": "1.0.0", "asset": expected["name"]}
    assert ground.aws.get_package_version_asset(**call)["asset"].read() == content


@pytest.mark.parametrize("name", ["a/b", "a\\b", "a:b", "a?b", "a*b", 'a"b', "a|b", "a<b", "a%b", "a#b", "a'b"])
def test_other_characters_in_asset_names_are_refused(ground: Ground, name: str) -> None:
    repository = ground.repository(ground.domain(), "app")
    with raises(ground.aws, "ValidationException"):
        ground.asset(repository, THING, "1.0.0", name, b"x")
    assert ground.versions(repository, THING) == {}


def test_an_asset_takes_the_same_bytes_again_and_no_others(ground: Ground) -> None:
    repository = ground.repository(ground.domain(), "app")
    first = ground.asset(repository, THING, "1.0.0", "a", b"x", unfinished=True)
    second = ground.asset(repository, THING, "1.0.0", "a", b"x", unfinished=True)
    assert first["versionRevision"] == second["versionRevision"]
    with raises(ground.aws, "ConflictException"):
        ground.asset(repository, THING, "1.0.0", "a", b"y", unfinished=True)
    assert described(ground, repository, THING)["revision"] == first["versionRevision"]
    ground.set_status(repository, THING, "1.0.0", "Deleted")
    ground.asset(repository, THING, "1.0.0", "a", b"y")


def test_a_body_that_is_not_what_was_declared_is_refused_and_leaves_nothing(ground: Ground) -> None:
    repository = ground.repository(ground.domain(), "app")
    declared = hashlib.sha256(b"declared").hexdigest()
    with raises(ground.aws, "ValidationException") as raised:
        ground.aws.publish_package_version(
            **repository.ids, **THING, packageVersion="1.0.0", assetName="a", assetContent=b"sent", assetSHA256=declared
        )
    assert "ignature" not in raised.message, "told as what it is"
    assert ground.versions(repository, THING) == {}
    assert ground.size(repository.domain) == 0


@pytest.mark.parametrize("package_format", ["npm", "pypi", "maven", "nuget", "ruby", "swift", "cargo"])
def test_only_generic_packages_are_published_through_the_api(ground: Ground, package_format: str) -> None:
    repository = ground.repository(ground.domain(), "app")
    with raises(ground.aws, "ValidationException"):
        ground.asset(repository, {"format": package_format, "package": "thing"}, "1.0.0", "a", b"x")


def test_generic_packages_need_a_namespace(ground: Ground) -> None:
    repository = ground.repository(ground.domain(), "app")
    with raises(ground.aws, "ValidationException"):
        ground.asset(repository, {"format": "generic", "package": "thing"}, "1.0.0", "a", b"x")


def test_npm_has_one_asset_and_takes_no_other_bytes(ground: Ground) -> None:
    repository = ground.repository(ground.domain(), "app")
    (package,) = ground.npm(repository, "parcel", "1.0.0")
    listed = ground.aws.list_package_version_assets(**repository.ids, **npm_ids("parcel"), packageVersion="1.0.0")
    assert [one["name"] for one in listed["assets"]] == ["package.tgz"]
    other = Package("parcel", "1.0.0", size_bytes=99)
    assert repository.registry().publish(other).status == 409
    assert repository.registry().tarball("parcel", "1.0.0").body == package.tarball()


def test_a_download_can_be_pinned_to_a_revision(ground: Ground) -> None:
    repository = ground.repository(ground.domain(), "app")
    first = ground.asset(repository, THING, "1.0.0", "a", b"x", unfinished=True)["versionRevision"]
    second = ground.asset(repository, THING, "1.0.0", "b", b"y", unfinished=True)["versionRevision"]
    call = {**repository.ids, **THING, "packageVersion": "1.0.0", "asset": "a"}
    answer = ground.aws.get_package_version_asset(**call, packageVersionRevision=second)
    assert (answer["packageVersionRevision"], answer["asset"].read()) == (second, b"x")
    with raises(ground.aws, "ConflictException"):
        ground.aws.get_package_version_asset(**call, packageVersionRevision=first)


def test_the_readme_is_the_one_that_was_published(ground: Ground) -> None:
    repository = ground.repository(ground.domain(), "app")
    readme = "# Parcel\n\nfür alle – 全て \U0001f4e6\n"
    repository.registry().publish(Package("parcel", "1.0.0", manifest={"readme": readme}))
    answer = ground.aws.get_package_version_readme(**repository.ids, **npm_ids("parcel"), packageVersion="1.0.0")
    assert answer["readme"] == readme
    assert (answer["format"], answer["package"], answer["version"]) == ("npm", "parcel", "1.0.0")
    ids = ground.generic(repository, "thing", "1.0.0")
    with raises(ground.aws, "ResourceNotFoundException"):
        ground.aws.get_package_version_readme(**repository.ids, **ids, packageVersion="1.0.0")


def test_dependencies_are_those_of_the_manifest_by_kind(ground: Ground) -> None:
    repository = ground.repository(ground.domain(), "app")
    manifest = {
        "dependencies": {"nut": "^1.0.0", "@team/bolt": "1.x"},
        "devDependencies": {"press": "*"},
        "peerDependencies": {"frame": ">=2"},
        "optionalDependencies": {"paint": "3.0.0"},
    }
    repository.registry().publish(Package("parcel", "1.0.0", manifest=manifest))
    call = {**repository.ids, **npm_ids("parcel"), "packageVersion": "1.0.0"}
    answer = ground.aws.list_package_version_dependencies(**call)
    found = {
        (one.get("namespace"), one["package"], one["dependencyType"], one["versionRequirement"])
        for one in answer["dependencies"]
    }
    assert found == {
        (None, "nut", "regular", "^1.0.0"),
        ("team", "bolt", "regular", "1.x"),
        (None, "press", "dev", "*"),
        (None, "frame", "peer", ">=2"),
        (None, "paint", "optional", "3.0.0"),
    }
    assert answer["versionRevision"] == described(ground, repository, npm_ids("parcel"))["revision"]
    ids = ground.generic(repository, "thing", "1.0.0")
    assert (
        ground.aws.list_package_version_dependencies(**repository.ids, **ids, packageVersion="1.0.0")["dependencies"]
        == []
    )


def test_many_dependencies_come_in_pages(ground: Ground) -> None:
    repository = ground.repository(ground.domain(), "app")
    dependencies = {f"part-{number}": f"^{number}.0.0" for number in range(1500)}
    repository.registry().publish(Package("parcel", "1.0.0", manifest={"dependencies": dependencies}))
    call = {**repository.ids, **npm_ids("parcel"), "packageVersion": "1.0.0"}
    found: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = ground.aws.list_package_version_dependencies(**call, **token)
        found += [one["package"] for one in page["dependencies"]]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert sorted(found) == sorted(dependencies)
    assert token, "a single page of 1,500"
