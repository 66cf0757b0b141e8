"""Bytes that rot on the disk: `reliquary fsck` finds them, and `--repair` brings back what others still have."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness import account, knobs
from harness.account import Repository
from harness.client import installed_version
from harness.fake_npm import FakeNpm
from harness.packages import Package
from harness.server import Server
from npm.driver import Npm

PUBLIC = Package("widget", "1.0.0", size_bytes=20_000)
OWN = Package("gadget", "2.0.0", size_bytes=20_000)


@pytest.fixture
def fake_source() -> Iterator[FakeNpm]:
    """A public registry of the story's own."""
    registry = FakeNpm()
    yield registry
    registry.stop()


@pytest.fixture
def stopped(new_server: Callable[..., Server], fake_source: FakeNpm, tmp_path: Path) -> Iterator[Repository]:
    """A repository with a package of its own and one that was pulled through; its server is stopped."""
    fake_source.publish(PUBLIC)
    server = new_server(npm_source=fake_source.url).start()
    aws = account.profile_client(server)
    _, app = account.create_store_and_app(server, aws, account.create_domain(aws))
    npm = Npm(tmp_path / "first")
    npm.configure(app.npm_url, app.token)
    assert app.registry().publish(OWN).status in (200, 201)
    npm.add(npm.project("first"), PUBLIC.name, OWN.name)
    # Also beside the server that has everything open.
    assert server.fsck().findings == []
    server.stop()
    yield app
    app.close()


def sha256_of(app: Repository, package: Package) -> str:
    """The digest of a tarball as the database names it."""
    with sqlite3.connect(knobs.database_file(app.server.data_dir)) as rows:
        ((digest,),) = rows.execute(
            "SELECT DISTINCT a.sha256 FROM asset a JOIN package_version v ON v.id = a.version_id"
            " JOIN package p ON p.id = v.package_id WHERE p.name = ?",
            (package.name,),
        ).fetchall()
    return bytes(digest).hex()


def flip_a_byte(app: Repository, digest: str) -> None:
    """What an ageing disk does: one bit, and nobody is told."""
    blob = knobs.blob_file(app.server.data_dir, digest)
    content = bytearray(blob.read_bytes())
    content[len(content) // 2] ^= 1
    blob.write_bytes(content)


def test_a_rotten_tarball_of_a_public_package_is_fetched_again(stopped: Repository, tmp_path: Path) -> None:
    server = stopped.server
    digest = sha256_of(stopped, PUBLIC)
    flip_a_byte(stopped, digest)
    (finding,) = server.fsck().findings
    assert (finding["kind"], finding["sha256"]) == ("bytes-damaged", digest)
    assert {place["package"] for place in finding["places"]} == {PUBLIC.name}
    assert not any(place["own"] for place in finding["places"])
    assert server.fsck("--quick").findings == [], "its size is right"
    repaired = server.fsck("--repair")
    assert repaired.status == 0 and repaired.findings[0]["repaired"]
    assert server.fsck().findings == []
    server.start()
    npm = Npm(tmp_path / "after")
    npm.configure(stopped.npm_url, stopped.token)
    project = npm.project("after")
    npm.add(project, PUBLIC.name)
    assert installed_version(project, PUBLIC.name) == PUBLIC.version


def test_a_rotten_tarball_of_our_own_is_named_and_never_served(stopped: Repository, tmp_path: Path) -> None:
    server = stopped.server
    digest = sha256_of(stopped, OWN)
    flip_a_byte(stopped, digest)
    told = server.fsck("--repair")
    assert told.status == 1
    (finding,) = told.findings
    assert finding["sha256"] == digest and not finding["repaired"]
    (place,) = finding["places"]
    assert place["own"]
    assert (place["repository"], place["format"], place["package"]) == (stopped.name, "npm", OWN.name)
    assert (place["version"], place["asset"]) == (OWN.version, "package.tgz")
    kept = knobs.quarantined_file(server.data_dir, digest)
    assert hashlib.sha256(kept.read_bytes()).hexdigest() != digest

    server.start()
    assert stopped.registry().tarball(OWN.name, OWN.version).status == 500
    npm = Npm(tmp_path / "after")
    npm.configure(stopped.npm_url, stopped.token)
    refused = npm.add(npm.project("after"), OWN.name, check=False)
    assert refused.status != 0 and "E500" in refused.output and "EINTEGRITY" not in refused.output, str(refused)
    # Whoever still has the package publishes the same bytes once more.
    assert stopped.registry().publish(OWN).status in (200, 201)
    assert stopped.registry().tarball(OWN.name, OWN.version).body == OWN.tarball()


def test_a_log_entry_that_went_missing_is_found(stopped: Repository) -> None:
    server = stopped.server
    with sqlite3.connect(knobs.database_file(server.data_dir)) as rows:
        gone = rows.execute("DELETE FROM change WHERE kind = 'version-published'").rowcount
    assert gone == 1
    told = server.fsck("--quick")
    assert told.status == 1
    kinds = {finding["kind"] for finding in told.findings}
    assert kinds == {"log-broken", "log-differs"}, told.findings


def test_what_cannot_be_looked_at_is_no_finding(stopped: Repository, tmp_path: Path) -> None:
    server = stopped.server
    done = server.run_fsck(data_dir=tmp_path / "nothing")
    assert done.returncode == 2, done.stderr
    server.start()
    done = server.run_fsck("--repair")
    assert done.returncode == 2 and "in use" in done.stderr, done.stderr


def test_the_sweep_removes_what_was_deleted_and_nothing_else(stopped: Repository) -> None:
    server = stopped.server
    server.start()
    digest = sha256_of(stopped, OWN)
    blob = knobs.blob_file(server.data_dir, digest)
    stopped.aws.delete_package_versions(**stopped.ids, format="npm", package=OWN.name, versions=[OWN.version])
    assert server.sweep("--dry-run", "--grace-ms", "0")["removedBlobs"] >= 1
    assert blob.exists()
    assert server.sweep()["removedBlobs"] == 0, "the grace period has only begun"
    assert server.sweep("--grace-ms", "0")["removedBlobs"] >= 1
    assert not blob.exists()
    assert server.fsck().findings == []
    assert stopped.registry().tarball(PUBLIC.name, PUBLIC.version).body == PUBLIC.tarball()
