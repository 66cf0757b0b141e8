"""kill -9 in the middle of publishing. Afterwards what was acknowledged is there, and the rest goes through."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import account, knobs
from harness.account import Repository
from harness.certificates import Certificates
from harness.crash import killed_in_the_middle, killed_while_one_arrives
from harness.server import Server
from harness.swift_client import Swift, missing
from harness.swift_packages import SwiftPackage
from harness.swift_wire import ZIP, SwiftRegistry

# Six packages of ten releases: the same rows are fought over.
PARCELS = [SwiftPackage("acme", f"Parcel{n % 6}", f"1.{n // 6}.0", padding_bytes=20_000 + 997 * n) for n in range(60)]
LARGE_BYTES = 60 * 1024 * 1024


@pytest.fixture
def mortal(new_server: Callable[..., Server], certificates: Certificates) -> Repository:
    """A repository on a server of its own, with TLS."""
    return account.create_alone(new_server(settings=knobs.COUNTED_SETTINGS, certificates=certificates).start())


def assert_all_listed_is_whole(repository: Repository) -> set[tuple[str, str]]:
    """Every release that the server lists, to people or to Swift, has exactly the bytes that it claims."""
    wire = SwiftRegistry(repository)
    listed = set()
    for name in repository.packages("swift"):
        releases = wire.document(f"acme/{name}")["releases"]
        versions = repository.versions("swift", name, namespace="acme")
        assert set(releases) == set(versions), name
        assert {one["status"] for one in versions.values()} <= {"Published"}
        for version in releases:
            (resource,) = wire.document(f"acme/{name}/{version}")["resources"]
            archive = wire.get(f"acme/{name}/{version}.zip", ZIP)
            assert archive.status == 200
            assert hashlib.sha256(archive.body).hexdigest() == resource["checksum"]
            assert wire.get(f"acme/{name}/{version}/Package.swift", "*/*").status == 200
            listed.add((name, version))
    return listed


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kill_after", [2, 20, 45])
def test_i01_killed_in_the_middle_of_many_publishes(mortal: Repository, kill_after: int) -> None:
    # It makes the token before others ask for it.
    assert SwiftRegistry(mortal).ask("POST", "login").status == 200

    def connect() -> Callable[[SwiftPackage], None]:
        wire = SwiftRegistry(mortal)

        def publish(package: SwiftPackage) -> None:
            answer = wire.publish(package)
            assert answer.status == 201, answer

        return publish

    acknowledged = killed_in_the_middle(mortal.server, PARCELS, connect, kill_after=kill_after)
    assert {(one.name.lower(), one.version) for one in acknowledged} <= assert_all_listed_is_whole(mortal)
    wire = SwiftRegistry(mortal)
    for package in PARCELS:
        # The same archive again succeeds.
        assert wire.publish(package).status == 201, package
    assert assert_all_listed_is_whole(mortal) == {(one.name.lower(), one.version) for one in PARCELS}


@pytest.mark.timeout(300)
def test_i01_killed_while_one_large_release_arrives(
    mortal: Repository, certificates: Certificates, tmp_path: Path
) -> None:
    if reason := missing():
        pytest.skip(reason)
    swift = Swift(tmp_path / "home", certificates)
    swift.configure(mortal)
    package = SwiftPackage("acme", "Large", "1.0.0", padding_bytes=LARGE_BYTES)
    folder = swift.folder("large", package.files())
    package.write_to(folder)
    finished = killed_while_one_arrives(
        mortal.server, LARGE_BYTES, lambda: swift.publish(folder, package.identity, package.version, check=False)
    )
    assert finished.status != 0
    assert assert_all_listed_is_whole(mortal) == set()
    swift.publish(folder, package.identity, package.version)
    assert assert_all_listed_is_whole(mortal) == {("large", "1.0.0")}
