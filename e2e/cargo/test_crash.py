"""kill -9 in the middle of publishing. Afterwards what was acknowledged is there, and the rest goes through."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from cargo.driver import Cargo
from harness.account import Repository
from harness.cargo_wire import Registry
from harness.crash import killed_in_the_middle, killed_while_one_arrives
from harness.crates import Crate
from harness.packages import fresh_name

# Six crates of ten versions: the same rows are fought over.
PARCELS = [Crate(f"parcel-{n % 6}", f"1.{n // 6}.0", size_bytes=20_000 + 997 * n) for n in range(60)]
LARGE_BYTES = 80 * 1024 * 1024


def assert_all_listed_is_whole(repository: Repository) -> set[tuple[str, str]]:
    """Every version that the server lists, to people or to cargo, has exactly the bytes that the index claims."""
    wire = Registry(repository.endpoint("cargo"), repository.token)
    listed = set()
    for name in repository.packages("cargo"):
        lines = wire.lines(name)
        versions = repository.versions("cargo", name)
        assert set(lines) == set(versions), name
        assert {one["status"] for one in versions.values()} <= {"Published"}
        for version, line in lines.items():
            content = wire.download(name, version, line["cksum"]).body
            assert hashlib.sha256(content).hexdigest() == line["cksum"]
            listed.add((name, version))
    return listed


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kill_after", [2, 20, 45])
def test_i01_killed_in_the_middle_of_many_publishes(mortal: Repository, kill_after: int) -> None:
    token, url = mortal.token, mortal.endpoint("cargo")

    def connect() -> Callable[[Crate], None]:
        wire = Registry(url, token)

        def publish(crate: Crate) -> None:
            answer = wire.publish(crate)
            assert answer.status == 200, answer

        return publish

    acknowledged = killed_in_the_middle(mortal.server, PARCELS, connect, kill_after=kill_after)
    listed = assert_all_listed_is_whole(mortal)
    assert {(one.name, one.version) for one in acknowledged} <= listed
    wire = Registry(url, token)
    for crate in PARCELS:
        # What came through is there already; the answer says so, and everything else is taken now.
        assert wire.publish(crate).status == 200 or (crate.name, crate.version) in listed, crate
    assert assert_all_listed_is_whole(mortal) == {(one.name, one.version) for one in PARCELS}


@pytest.mark.timeout(300)
def test_i01_killed_while_one_large_crate_arrives(mortal: Repository, tmp_path: Path) -> None:
    cargo = Cargo(tmp_path / "home")
    cargo.configure(mortal.endpoint("cargo"), mortal.token)
    crate = Crate(fresh_name(), "1.0.0", size_bytes=LARGE_BYTES)
    project = crate.write_project(cargo.home / "source", cargo.registry)
    finished = killed_while_one_arrives(
        mortal.server, LARGE_BYTES, lambda: cargo.publish(project, check=False, timeout_s=250)
    )
    assert finished.status != 0
    assert assert_all_listed_is_whole(mortal) == set()
    cargo.publish(project, timeout_s=250)
    assert assert_all_listed_is_whole(mortal) == {(crate.name, "1.0.0")}
