"""kill -9 again and again, at any moment, and the same with the power gone: what was acknowledged is there and right,
what was not is there whole or not at all, and rows, bytes and log agree.
"""

from __future__ import annotations

import hashlib
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crash.mixture import Item, Mixture, judge
from harness import account, disk, knobs
from harness.disk import Disk
from harness.fake_npm import FakeNpm
from harness.server import Server
from harness.waiting import wait_until

# How many of the older writes are looked at again after each round; at the end it is all of them.
OLDER = 15


@pytest.fixture
def public() -> Iterator[FakeNpm]:
    """A public registry that the story fills."""
    registry = FakeNpm()
    yield registry
    registry.stop()


class Loop:
    """One installation, killed again and again."""

    def __init__(self, server: Server, public: FakeNpm, seed: int, failing: Disk | None = None) -> None:
        self._server, self._public, self._disk = server, public, failing
        self._seed, self._chance = seed, random.Random(seed)
        self.items: list[Item] = []
        self._slowest_s = 0.0
        self.counts: Counter[str] = Counter()
        self._start()
        aws = account.profile_client(server)
        domain = account.create_domain(aws)
        _store, self._app = account.create_store_and_app(server, aws, domain)
        # Asked for once: an address or a token must not cost the rounds a request.
        assert self._app.token and self._app.npm_url and self._app.pypi_url and self._app.generic_url

    def _environment(self) -> dict[str, str] | None:
        return None if self._disk is None else self._disk.environment

    def _start(self) -> None:
        began = time.monotonic()
        self._server.start(self._environment())
        self._slowest_s = max(self._slowest_s, time.monotonic() - began)

    def _kill(self) -> None:
        self._server.kill()
        self.counts["kills"] += 1
        if self._disk is not None:
            self._disk.lose_power(self._chance if self._chance.random() < 0.5 else None)

    def round(self, number: int) -> None:
        """Publish and install, die at some moment, come back, and be looked at."""
        mixture = Mixture(self._app, self._public, str(number), self._seed + number)
        mixture.start()
        mixture.wait_for(self._chance.randrange(25))
        time.sleep(self._chance.uniform(0, 0.03))
        self._kill()
        mixture.join()
        # Some starts are killed too: what a start repairs must bear to be repaired again.
        if self._chance.random() < 0.2:
            self._server.launch(self._environment())
            time.sleep(self._chance.uniform(0, 0.3))
            self._kill()
        self._start()
        older = self._chance.sample(self.items, min(OLDER, len(self.items)))
        self.counts += judge(mixture.items, self._app, self._public)
        judge(older, self._app, self._public)
        self.items += [item for item in mixture.items if item.is_acknowledged]
        assert_rows_and_bytes_agree(self._server.data_dir, {item.sha256 for item in mixture.items})
        assert_checked(self._server)

    def lose(self, item: Item) -> None:
        """Take the bytes of a write away behind the server's back."""
        self._server.stop()
        knobs.blob_file(self._server.data_dir, item.sha256).unlink()
        self._start()

    def look(self, items: list[Item]) -> None:
        """Judge some writes."""
        judge(items, self._app, self._public)

    def end(self) -> None:
        """Look at everything once more."""
        judge(self.items, self._app, self._public)
        assert_rows_and_bytes_agree(self._server.data_dir, None)
        assert_checked(self._server)
        # As after a month of bad luck: it still takes what it is given.
        mixture = Mixture(self._app, self._public, "last", self._seed)
        mixture.start()
        mixture.wait_for(20)
        self._server.stop()
        mixture.join()
        told = ", ".join(f"{count} {name}" for name, count in sorted(self.counts.items()))
        print(f"seed {self._seed}: {told}, slowest start {self._slowest_s:.2f} s, nothing lost, nothing torn")


def assert_checked(server: Server) -> None:
    """The operator's own check finds nothing either."""
    checked = server.fsck()
    assert checked.status == 0 and not checked.findings, checked


def assert_rows_and_bytes_agree(data_dir: Path, hashed: set[str] | None) -> None:
    """The log has no gap, and each asset's bytes are there with the size its row tells; those of `hashed`, or all of
    them without it, have the digest they are stored under.
    """
    rows = sqlite3.connect(f"file:{knobs.database_file(data_dir)}?mode=ro", uri=True, timeout=30)
    try:
        assert rows.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        assert rows.execute("PRAGMA foreign_key_check").fetchall() == []
        logs = rows.execute(
            "SELECT l.id, l.sequence, count(c.sequence), min(c.sequence), max(c.sequence) FROM log l "
            "LEFT JOIN change c ON c.log_id = l.id GROUP BY l.id, l.sequence"
        ).fetchall()
        assert logs
        for log, last, count, first, greatest in logs:
            assert (count, first, greatest) == (last, 1, last), f"log {log} has gaps"
        for digest, size_bytes in rows.execute("SELECT DISTINCT sha256, size_bytes FROM asset"):
            path = knobs.blob_file(data_dir, digest.hex())
            assert path.is_file(), f"the bytes of {digest.hex()} are gone"
            assert path.stat().st_size == size_bytes, path
            if hashed is None or digest.hex() in hashed:
                assert hashlib.sha256(path.read_bytes()).hexdigest() == digest.hex(), path
    finally:
        rows.close()


@pytest.mark.timeout(7200)
def test_i01_nothing_acknowledged_is_lost_however_often_the_process_is_killed(
    new_server: Callable[..., Server], public: FakeNpm, request: pytest.FixtureRequest
) -> None:
    loop = Loop(new_server(npm_source=public.url), public, random.randrange(1 << 32))
    while loop.counts["kills"] < request.config.getoption("--kills"):
        loop.round(loop.counts["kills"])
    loop.end()
    assert loop.counts["acknowledged"] > loop.counts["kills"], "too little happened"


def test_the_judge_finds_what_was_lost(new_server: Callable[..., Server], public: FakeNpm) -> None:
    loop = Loop(new_server(npm_source=public.url), public, 7)
    while len({item.kind for item in loop.items}) < 4:
        loop.round(loop.counts["kills"])
    lost = next(item for item in loop.items if item.kind == "generic")
    loop.look(loop.items)
    loop.lose(lost)
    with pytest.raises(AssertionError, match="box"):
        loop.look([lost])


@pytest.mark.timeout(7200)
def test_i01_nothing_acknowledged_is_lost_when_the_power_fails(
    new_server: Callable[..., Server],
    public: FakeNpm,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> None:
    server = new_server(npm_source=public.url)
    library = disk.build_library(tmp_path_factory.getbasetemp())
    failing = Disk(library, server.data_dir, tmp_path_factory.mktemp("disk"), loses_power=True)
    loop = Loop(server, public, random.randrange(1 << 32), failing)
    while loop.counts["kills"] < request.config.getoption("--losses"):
        loop.round(loop.counts["kills"])
    loop.end()
    assert failing.get(disk.SYNCS) > loop.counts["kills"], "the library was not in front of the server"
    assert loop.counts["acknowledged"] > loop.counts["kills"], "too little happened"


@pytest.mark.timeout(300)
def test_i01_a_first_start_that_is_cut_short_leaves_no_installation_without_its_key(
    new_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory
) -> None:
    chance = random.Random()
    library = disk.build_library(tmp_path_factory.getbasetemp())
    for number in range(8):
        server = new_server()
        failing = Disk(library, server.data_dir, tmp_path_factory.mktemp("disk"), loses_power=True)
        # The syncs of a first start come one after the other: each of them has its turn to be the last.
        server.launch(failing.environment)
        wanted = chance.randrange(1, 25)
        wait_until(
            lambda failing=failing, server=server, wanted=wanted: (
                failing.get(disk.SYNCS) >= wanted or server.status_of(knobs.READY_PATH) == 200
            ),
            timeout_s=30,
            interval_s=0.001,
        )
        server.kill()
        failing.lose_power(chance if number % 2 else None)
        server.start(failing.environment)
        assert account.create_domain(account.profile_client(server))
        server.stop()
