"""kill -9 in the middle of pushes. Afterwards what was acknowledged is there, and the rest goes through."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

import pytest

from harness.account import Repository
from harness.crash import killed_in_the_middle, killed_while_one_arrives
from harness.gem_wire import GemHost
from harness.gems import Gem
from harness.packages import fresh_name
from ruby.driver import Ruby

# Six gems of five versions for two platforms: the same rows are fought over.
PARCELS = [
    Gem(f"parcel-{n % 6}", f"1.{n // 6}.0", platform=platform, size_bytes=20_000 + 997 * n)
    for n in range(30)
    for platform in ("ruby", "x86_64-linux")
]
LARGE_BYTES = 80 * 1024 * 1024


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
    token, url = mortal.token, mortal.endpoint("ruby")

    def connect() -> Callable[[Gem], None]:
        wire = GemHost(url, token)

        def publish(gem: Gem) -> None:
            answer = wire.push(gem)
            assert answer.status == 200, answer

        return publish

    acknowledged = killed_in_the_middle(mortal.server, PARCELS, connect, kill_after=kill_after)
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
    finished = killed_while_one_arrives(mortal.server, LARGE_BYTES, lambda: ruby.push(file, check=False, timeout_s=250))
    assert finished.status != 0
    assert assert_all_listed_is_whole(mortal) == set()
    ruby.push(file, timeout_s=250)
    assert assert_all_listed_is_whole(mortal) == {gem.file_name}
