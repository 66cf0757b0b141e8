"""The commands of npm beyond install and publish, each run by npm itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.account import Repository
from harness.client import installed_version
from harness.packages import Package, fresh_name
from npm.driver import Npm


@pytest.fixture
def npm(tmp_path: Path, private: Repository) -> Npm:
    """npm pointed at an empty repository."""
    client = Npm(tmp_path / "home")
    client.configure(private.npm_url, private.token)
    return client


@pytest.fixture
def name(npm: Npm) -> str:
    """A scoped package with the versions 1.0.0 and 1.1.0."""
    name = fresh_name(scope="team")
    for version in ("1.0.0", "1.1.0"):
        npm.publish(Package(name, version).write_to(npm.home / version))
    return name


def test_view_shows_the_package(npm: Npm, name: str) -> None:
    shown = npm.run("view", name, "--json").json()
    assert shown["name"] == name
    assert shown["version"] == "1.1.0"
    assert shown["versions"] == ["1.0.0", "1.1.0"]
    assert shown["dist-tags"] == {"latest": "1.1.0"}
    assert set(shown["time"]) >= {"created", "modified", "1.0.0", "1.1.0"}
    assert shown["dist"]["integrity"].startswith("sha512-")
    assert npm.run("view", f"{name}@1.0.0", "version").stdout.strip() == "1.0.0"


def test_deprecate_warns_whoever_installs_and_can_be_taken_back(npm: Npm, name: str) -> None:
    npm.run("deprecate", f"{name}@1.0.0", "use 1.1.0, it is better")
    assert npm.run("view", f"{name}@1.0.0", "deprecated").stdout.strip() == "use 1.1.0, it is better"
    assert npm.run("view", f"{name}@1.1.0", "deprecated").stdout.strip() == ""
    npm.empty_cache()
    warned = npm.add(npm.project("old"), f"{name}@1.0.0")
    assert "use 1.1.0, it is better" in warned.stderr
    npm.run("deprecate", f"{name}@1.0.0", "")
    npm.empty_cache()
    assert npm.run("view", f"{name}@1.0.0", "deprecated").stdout.strip() == ""


def test_deprecate_changes_the_revision_and_no_bytes(npm: Npm, private: Repository, name: str) -> None:
    before, bytes_before = private.npm_versions(name), private.registry().tarball(name, "1.0.0").body
    npm.run("deprecate", f"{name}@1.0.0", "old")
    after = private.npm_versions(name)
    assert after["1.0.0"]["revision"] != before["1.0.0"]["revision"]
    assert after["1.1.0"]["revision"] == before["1.1.0"]["revision"]
    assert private.registry().tarball(name, "1.0.0").body == bytes_before


def test_dist_tags_are_added_listed_moved_and_removed(npm: Npm, name: str) -> None:
    def tags() -> dict[str, str]:
        lines = npm.run("dist-tag", "ls", name).stdout.split("\n")
        return dict(line.split(": ") for line in lines if line)

    assert tags() == {"latest": "1.1.0"}
    npm.run("dist-tag", "add", f"{name}@1.0.0", "stable")
    assert tags() == {"latest": "1.1.0", "stable": "1.0.0"}
    npm.run("dist-tag", "add", f"{name}@1.1.0", "stable")
    assert tags()["stable"] == "1.1.0"
    npm.run("dist-tag", "add", f"{name}@1.0.0", "latest")
    npm.empty_cache()
    project = npm.project("by-tag")
    npm.add(project, name)
    assert installed_version(project, name) == "1.0.0"
    npm.run("dist-tag", "rm", name, "stable")
    assert tags() == {"latest": "1.0.0"}


def test_f_npm_4_a_tag_cannot_point_to_a_missing_version(npm: Npm, name: str) -> None:
    refused = npm.run("dist-tag", "add", f"{name}@9.9.9", "future", check=False)
    assert refused.status != 0
    assert "future" not in npm.run("dist-tag", "ls", name).stdout


def test_unpublish_of_one_version_leaves_the_other(npm: Npm, private: Repository, name: str) -> None:
    npm.run("unpublish", f"{name}@1.1.0", "--force")
    assert set(private.npm_versions(name)) == {"1.0.0"}
    packument = private.registry().packument(name)
    assert set(packument["versions"]) == {"1.0.0"}
    assert packument["dist-tags"] == {"latest": "1.0.0"}, "latest must not point into the void"
    assert private.registry().tarball(name, "1.1.0").status == 404
    assert private.registry().tarball(name, "1.0.0").status == 200
    # The number is free again, as after DeletePackageVersions.
    npm.empty_cache()
    again = Package(name, "1.1.0", size_bytes=999)
    npm.publish(again.write_to(npm.home / "again"))
    assert private.registry().tarball(name, "1.1.0").status == 200


def test_unpublish_of_everything_leaves_only_the_origin_controls(npm: Npm, private: Repository, name: str) -> None:
    npm.run("unpublish", name, "--force")
    assert private.npm_versions(name) == {}
    for version in ("1.0.0", "1.1.0"):
        assert private.registry().tarball(name, version).status == 404
    npm.empty_cache()
    missing = npm.run("view", name, check=False)
    assert missing.status != 0 and "E404" in missing.output
    # The record stays, as after DeletePackageVersions: a public package of this name must not slip into its place.
    (package,) = private.aws.list_packages(**private.ids)["packages"]
    assert package["originConfiguration"]["restrictions"] == {"publish": "ALLOW", "upstream": "BLOCK"}
    # And the number is free again.
    npm.publish(Package(name, "1.0.0").write_to(npm.home / "again"))
    assert set(private.npm_versions(name)) == {"1.0.0"}


def test_search_finds_by_name_and_description(npm: Npm, name: str) -> None:
    stem = name.partition("/")[2]
    found = npm.run("search", stem, "--json").json()
    assert [(one["name"], one["version"]) for one in found] == [(name, "1.1.0")]
    assert npm.run("search", "no-such-thing-anywhere", "--json").json() == []


def test_whoami_and_ping_answer(npm: Npm) -> None:
    assert npm.run("whoami").stdout.strip()
    assert "PONG" in npm.run("ping").output


def test_access_and_owner_are_answered_in_words(npm: Npm, name: str) -> None:
    for command in (
        ["access", "get", "status", name],
        ["access", "list", "collaborators", name],
        ["owner", "ls", name],
    ):
        finished = npm.run(*command, check=False)
        # Rights live in policies here: an answer or a plain refusal is fine, a failure of the server is not.
        assert not any(code in finished.output for code in ("E500", "E501", "E502", "E503")), str(finished)
        assert finished.output.strip(), f"{command} says nothing"


def test_outdated_update_and_docs_read_the_same_document(npm: Npm, name: str) -> None:
    project = npm.project("outdated")
    npm.add(project, f"{name}@1.0.0", "--save-exact=false")
    outdated = npm.run("outdated", "--json", cwd=project, check=False).json()
    assert outdated[name]["current"] == "1.0.0"
    assert outdated[name]["latest"] == "1.1.0"


def test_pack_downloads_the_published_tarball(npm: Npm, private: Repository, name: str) -> None:
    npm.run("pack", f"{name}@1.0.0")
    (packed,) = npm.home.glob("*.tgz")
    assert packed.read_bytes() == private.registry().tarball(name, "1.0.0").body


def test_upper_case_names_keep_their_case(npm: Npm, private: Repository) -> None:
    # npm refuses to publish them today, but old ones exist and are copied between registries.
    for version, name in (("1.0.0", "JSONParcel"), ("2.0.0", "jsonparcel")):
        assert private.registry().publish(Package(name, version)).status in (200, 201)
    project = npm.project("legacy")
    npm.add(project, "JSONParcel")
    assert installed_version(project, "JSONParcel") == "1.0.0"
