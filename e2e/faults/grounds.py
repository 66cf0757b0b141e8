"""Installations that a fault can befall, one for each kind of storage, and how each fault is made."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from crash.mixture import Item, Pulled, Wire
from faults import expectations as table
from harness import account, disk
from harness.account import Repository
from harness.disk import Disk
from harness.fake_npm import FakeNpm
from harness.misbehaving_proxy import MisbehavingProxy, Mode
from harness.packages import Package, fresh_name
from harness.postgres import Postgres
from harness.server import Server

# How long the database is away when it fails over.
FAILOVER_S = 1.0


class Ground:
    """A server with something published, something pulled, and a public source with more."""

    def __init__(self, server: Server, public: FakeNpm) -> None:
        self.server, self.public = server, public
        self.aws = account.profile_client(server)
        self.store, self.app = account.create_store_and_app(server, self.aws, account.create_domain(self.aws))
        assert self.app.token and self.app.npm_url and self.app.pypi_url and self.app.generic_url
        # What was acknowledged, by now and from here on.
        self.kept: list[Item] = []
        self.held = self.pull(Wire(self.app))

    def pull(self, wire: Wire) -> Pulled:
        """A public package that has been installed through the server."""
        item = self.public_item()
        assert item.write(wire).status == 200
        self.kept.append(item)
        return item

    def public_item(self) -> Pulled:
        """A public package that nobody has asked for."""
        package = Package(fresh_name("public"), "1.0.0", size_bytes=100_000)
        self.public.publish(package)
        return Pulled(package)

    def repository(self) -> Repository:
        """The repository that stories use."""
        return self.app


class Faults:
    """How each fault is made and ended, and how often it was felt."""

    def __init__(self, failing: Disk | None, s3: MisbehavingProxy | None, database: MisbehavingProxy | None) -> None:
        self._disk, self._s3, self._database = failing, s3, database
        self.postgres: Postgres | None = None

    def struck(self) -> int:
        """How often a fault was felt so far."""
        at_disk = 0 if self._disk is None else self._disk.get(disk.STRUCK)
        return at_disk + sum(proxy.struck for proxy in (self._s3, self._database) if proxy is not None)

    def make(self, fault: str) -> contextlib.AbstractContextManager[Any]:
        """The block in which the fault lasts."""
        makers: dict[str, Callable[[], contextlib.AbstractContextManager[Any]]] = {
            table.DISK_FULL: lambda: self._on_disk(disk.FULL, 1),
            table.READ_ONLY: lambda: self._on_disk(disk.READ_ONLY, 1),
            table.SYNC_FAILS: lambda: self._on_disk(disk.SYNC_FAILS, 1),
            table.SLOW_DISK: lambda: self._on_disk(disk.DELAY_MS, 40),
            table.S3_REFUSES: lambda: self._at(self._s3, Mode.REFUSE),
            table.S3_GONE: lambda: self._at(self._s3, Mode.CUT),
            table.DATABASE_GONE: lambda: self._at(self._database, Mode.CUT),
            table.HELD_READS: lambda: self._at(self._database, Mode.CUT),
            table.DATABASE_SILENT: lambda: self._at(self._database, Mode.SWALLOW),
            table.DATABASE_SLOW: lambda: self._at(self._database, Mode.DELAY),
            table.FAILOVER: self._failover,
        }
        return makers[fault]()

    def _on_disk(self, word: int, value: int) -> contextlib.AbstractContextManager[None]:
        assert self._disk is not None
        return self._disk.fault(word, value)

    def _at(self, proxy: MisbehavingProxy | None, mode: Mode) -> contextlib.AbstractContextManager[None]:
        assert proxy is not None
        return proxy.fault(mode)

    @contextlib.contextmanager
    def _failover(self) -> Iterator[None]:
        """The database crashes under whoever uses it, is away for a while, and recovers by itself."""
        assert self.postgres is not None and self._database is not None
        postgres = self.postgres
        postgres.crash()
        self._database.struck += 1

        def recover() -> None:
            time.sleep(FAILOVER_S)
            postgres.start()

        recovering = threading.Thread(target=recover)
        recovering.start()
        try:
            yield
        finally:
            recovering.join()
