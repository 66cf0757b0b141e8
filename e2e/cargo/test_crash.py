"""kill -9 in the middle of publishing. Afterwards what was acknowledged is there, and the rest goes through."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path

import pytest

from cargo.driver import Cargo
from harness import account, knobs
from harness.account import Repository
from harness.cargo_wire import Registry
from harness.crates import Crate
from harness.packages import fresh_name
from harness.server import Server
from harness.tree import bytes_below
from harness.waiting import wait_until

PUBLISHERS = 8
# Six crates of ten versions: the same rows are fought over.
PARCELS = [Crate(f"parcel-{n % 6}", f"1.{n // 6}.0", size_bytes=20_000 + 997 * n) for n in range(60)]
LARGE_BYTES = 80 * 1024 * 1024


@pytest.fixture
def mortal(new_server: Callable[..., Server]) -> Repository:
    """A repository on a server of its own."""
    server = new_server(settings=knobs.COUNTED_SETTINGS).start()
    aws = account.profile_client(server)
    domain = account.create_domain(aws)
    aws.create_repository(domain=domain, repository="app")
    return Repository(server, aws, domain, "app")


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
    acknowledged: list[Crate] = []
    queue = list(PARCELS)
    lock = threading.Lock()
    token, url = mortal.token, mortal.endpoint("cargo")

    def publish_until_the_end() -> None:
        wire = Registry(url, token)
        try:
            while True:
                with lock:
                    if not queue:
                        return
                    crate = queue.pop(0)
                answer = wire.publish(crate)
                assert answer.status == 200, answer
                with lock:
                    acknowledged.append(crate)
        except (OSError, HTTPException):
            return

    with ThreadPoolExecutor(PUBLISHERS) as pool:
        clients = [pool.submit(publish_until_the_end) for _ in range(PUBLISHERS)]
        wait_until(lambda: len(acknowledged) >= kill_after, timeout_s=60, interval_s=0.002)
        mortal.server.kill()
        for client in clients:
            client.result()

    mortal.server.start()
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
    before = bytes_below(mortal.server.data_dir)
    with ThreadPoolExecutor(1) as pool:
        publishing = pool.submit(cargo.publish, project, check=False, timeout_s=250)
        # A part of it is on disk somewhere, and the rest is on its way.
        wait_until(
            lambda: publishing.done() or bytes_below(mortal.server.data_dir) - before > LARGE_BYTES // 4,
            timeout_s=120,
            interval_s=0.001,
        )
        assert not publishing.done(), str(publishing.result())
        mortal.server.kill()
        assert publishing.result().status != 0
    mortal.server.start()
    assert assert_all_listed_is_whole(mortal) == set()
    cargo.publish(project, timeout_s=250)
    assert assert_all_listed_is_whole(mortal) == {(crate.name, "1.0.0")}
