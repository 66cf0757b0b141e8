"""kill -9 in the middle of pushes. Afterwards what was acknowledged is there, and the rest goes through."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException

import pytest

from harness import account, knobs
from harness.account import Repository
from harness.gem_wire import GemHost
from harness.gems import Gem
from harness.packages import fresh_name
from harness.server import Server
from harness.tree import bytes_below
from harness.waiting import wait_until
from ruby.driver import Ruby

PUSHERS = 8
# Six gems of five versions for two platforms: the same rows are fought over.
PARCELS = [
    Gem(f"parcel-{n % 6}", f"1.{n // 6}.0", platform=platform, size_bytes=20_000 + 997 * n)
    for n in range(30)
    for platform in ("ruby", "x86_64-linux")
]
LARGE_BYTES = 80 * 1024 * 1024


@pytest.fixture
def mortal(new_server: Callable[..., Server]) -> Repository:
    """A repository on a server of its own."""
    server = new_server(settings=knobs.COUNTED_SETTINGS).start()
    aws = account.profile_client(server)
    domain = account.create_domain(aws)
    aws.create_repository(domain=domain, repository="app")
    return Repository(server, aws, domain, "app")


def assert_all_listed_is_whole(repository: Repository) -> set[str]:
    """Every gem that the server lists, to people or to bundler, has exactly the bytes that the index claims."""
    wire = GemHost(repository.endpoint("ruby"), repository.token)
    listed = set()
    told = wire.versions()
    assert set(told) == set(repository.packages("ruby"))
    for name, (versions, digest) in told.items():
        lines = wire.info(name)
        assert hashlib.md5(wire.get(f"info/{name}").body).hexdigest() == digest
        assert set(lines) == set(versions)
        assert {one["status"] for one in repository.versions("ruby", name).values()} <= {"Published"}
        for numbered, line in lines.items():
            file = f"{name}-{numbered}.gem"
            found = re.search(r"checksum:(\w+)", line)
            assert found is not None
            assert hashlib.sha256(wire.get(f"gems/{file}").body).hexdigest() == found[1]
            listed.add(file)
    return listed


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kill_after", [2, 20, 45])
def test_i01_killed_in_the_middle_of_many_pushes(mortal: Repository, kill_after: int) -> None:
    acknowledged: list[Gem] = []
    queue = list(PARCELS)
    lock = threading.Lock()
    token, url = mortal.token, mortal.endpoint("ruby")

    def push_until_the_end() -> None:
        wire = GemHost(url, token)
        try:
            while True:
                with lock:
                    if not queue:
                        return
                    gem = queue.pop(0)
                answer = wire.push(gem)
                assert answer.status == 200, answer
                with lock:
                    acknowledged.append(gem)
        except (OSError, HTTPException):
            return

    with ThreadPoolExecutor(PUSHERS) as pool:
        clients = [pool.submit(push_until_the_end) for _ in range(PUSHERS)]
        wait_until(lambda: len(acknowledged) >= kill_after, timeout_s=60, interval_s=0.002)
        mortal.server.kill()
        for client in clients:
            client.result()

    mortal.server.start()
    assert {gem.file_name for gem in acknowledged} <= assert_all_listed_is_whole(mortal)
    wire = GemHost(url, token)
    for gem in PARCELS:
        # The same bytes again succeed.
        assert wire.push(gem).status == 200, gem
    assert assert_all_listed_is_whole(mortal) == {gem.file_name for gem in PARCELS}


@pytest.mark.timeout(300)
def test_i01_killed_while_one_large_gem_arrives(mortal: Repository, ruby: Ruby) -> None:
    ruby.configure(mortal.endpoint("ruby"), mortal.token)
    gem = Gem(fresh_name(), "1.0.0", size_bytes=LARGE_BYTES)
    file = gem.write_file(ruby.home / "pkg")
    before = bytes_below(mortal.server.data_dir)
    with ThreadPoolExecutor(1) as pool:
        pushing = pool.submit(ruby.push, file, check=False, timeout_s=250)
        # A part of it is on disk somewhere, and the rest is on its way.
        wait_until(
            lambda: pushing.done() or bytes_below(mortal.server.data_dir) - before > LARGE_BYTES // 4,
            timeout_s=120,
            interval_s=0.001,
        )
        assert not pushing.done(), str(pushing.result())
        mortal.server.kill()
        assert pushing.result().status != 0
    mortal.server.start()
    assert assert_all_listed_is_whole(mortal) == set()
    ruby.push(file, timeout_s=250)
    assert assert_all_listed_is_whole(mortal) == {gem.file_name}
