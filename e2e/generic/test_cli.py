"""The AWS CLI: a version of several files from its first asset to its end, and what stands against it on the way."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from generic.curl import Curl
from harness.account import Repository
from harness.aws_cli import AwsCli
from harness.client import Finished

PACKAGE = ["--format", "generic", "--namespace", "tools", "--package", "installer"]
VERSION = [*PACKAGE, "--package-version", "1.0.0"]


class Publisher:
    """Publishes assets of one version out of files."""

    def __init__(self, cli: AwsCli, repository: Repository, files: Path) -> None:
        self.cli = cli
        self.place = ["--domain", repository.domain, "--repository", repository.name]
        self._files = files

    def publish(self, name: str, content: bytes, *more: str, sha256: str = "", check: bool = True) -> Finished:
        """`aws codeartifact publish-package-version`"""
        file = self._files / name
        file.write_bytes(content)
        return self.cli.run(
            "publish-package-version", *self.place, *VERSION,
            "--asset-name", name, "--asset-content", str(file),
            "--asset-sha256", sha256 or hashlib.sha256(content).hexdigest(),
            *more, "--output", "json", check=check,
        )  # fmt: skip

    def get(self, name: str, *more: str, check: bool = True) -> Any:
        """`aws codeartifact get-package-version-asset`: the bytes, or the failure."""
        into = self._files / "fetched"
        into.unlink(missing_ok=True)
        done = self.cli.run(
            "get-package-version-asset", *self.place, *VERSION, "--asset", name, *more, str(into), check=check
        )
        return into.read_bytes() if done.status == 0 else done

    def assets(self) -> dict[str, Any]:
        """`aws codeartifact list-package-version-assets`: names and what is said of them."""
        listed = self.cli.answer("list-package-version-assets", *self.place, *VERSION)
        return {asset["name"]: asset for asset in listed["assets"]}

    def status(self) -> str:
        """`aws codeartifact describe-package-version`: the status."""
        return self.cli.answer("describe-package-version", *self.place, *VERSION)["packageVersion"]["status"]


@pytest.fixture
def publisher(cli: AwsCli, private: Repository, files: Path) -> Publisher:
    """For a fresh repository."""
    return Publisher(cli, private, files)


def test_a_version_of_several_files_is_published_finished_and_fetched(publisher: Publisher, curl: Curl) -> None:
    contents = {"setup x64.exe": b"MZ" * 5000, "notes+a.txt": b"notes", "übersicht.txt": "ü".encode()}
    *most, last = contents
    for name in most:
        answer = publisher.publish(name, contents[name], "--unfinished").json()
        assert (answer["status"], answer["asset"]["name"]) == ("Unfinished", name)
    assert publisher.status() == "Unfinished"
    # What is there of it can be fetched already.
    assert publisher.get(most[0]) == contents[most[0]]
    answer = publisher.publish(last, contents[last]).json()
    assert (answer["status"], publisher.status()) == ("Published", "Published")
    listed = publisher.assets()
    assert set(listed) == set(contents)
    for name, content in contents.items():
        assert publisher.get(name, "--package-version-revision", answer["versionRevision"]) == content
        assert listed[name]["size"] == len(content)
        assert listed[name]["hashes"]["SHA-512"] == hashlib.sha512(content).hexdigest()
    # The same files over plain HTTP.
    folder = curl.list("tools/installer/1.0.0/")
    assert {asset["name"]: asset["hashes"] for asset in folder["assets"]} == {
        name: asset["hashes"] for name, asset in listed.items()
    }
    for asset in folder["assets"]:
        assert curl.run("--fail", asset["href"]).stdout.encode() == contents[asset["name"]]


def test_a_wrong_hash_is_refused_and_leaves_nothing(publisher: Publisher) -> None:
    refused = publisher.publish("a.bin", b"sent", sha256=hashlib.sha256(b"meant").hexdigest(), check=False)
    assert refused.status != 0
    assert hashlib.sha256(b"sent").hexdigest() in refused.stderr
    listed = publisher.cli.answer("list-packages", *publisher.place)
    assert listed["packages"] == []
    publisher.publish("a.bin", b"sent")
    assert publisher.get("a.bin") == b"sent"


def test_a_finished_version_takes_nothing_more(publisher: Publisher) -> None:
    publisher.publish("a.bin", b"1")
    for arguments in (("b.bin", b"2"), ("b.bin", b"2", "--unfinished"), ("a.bin", b"2")):
        refused = publisher.publish(*arguments, check=False)
        assert "(ConflictException)" in refused.stderr and "unfinished=true" in refused.stderr, str(refused)
    # What was sent already may be sent again.
    assert publisher.publish("a.bin", b"1").json()["status"] == "Published"
    assert set(publisher.assets()) == {"a.bin"}


def test_a_version_is_copied_with_its_files_and_disposed_of(
    publisher: Publisher, private: Repository, curl: Curl, tmp_path: Path
) -> None:
    publisher.publish("a.bin", b"1" * 1000, "--unfinished")
    publisher.publish("b.bin", b"2" * 1000)
    private.aws.create_repository(domain=private.domain, repository="released")
    released = Repository(private.server, private.aws, private.domain, "released")
    beyond = Curl(tmp_path / "beyond", released)
    copied = publisher.cli.answer(
        "copy-package-versions", "--domain", private.domain, "--source-repository", private.name,
        "--destination-repository", "released", *PACKAGE, "--versions", "1.0.0",
    )  # fmt: skip
    assert list(copied["successfulVersions"]) == ["1.0.0"]
    assert [asset["name"] for asset in beyond.list("tools/installer/1.0.0/")["assets"]] == ["a.bin", "b.bin"]
    size = private.aws.describe_domain(domain=private.domain)["domain"]["assetSizeBytes"]
    assert size == 2000, "a copy takes no room"
    disposed = publisher.cli.answer("dispose-package-versions", *publisher.place, *PACKAGE, "--versions", "1.0.0")
    assert disposed["successfulVersions"]["1.0.0"]["status"] == "Disposed"
    assert publisher.assets() == {}
    assert "(ResourceNotFoundException)" in publisher.get("a.bin", check=False).stderr
    assert curl.head("tools/installer/1.0.0/a.bin")["status"] == "404"
    assert curl.list("tools/installer/")["versions"] == []
    refused = publisher.publish("a.bin", b"1" * 1000, check=False)
    assert "(ConflictException)" in refused.stderr
    # The copy is not touched.
    assert beyond.head("tools/installer/1.0.0/a.bin")["status"] == "200"
