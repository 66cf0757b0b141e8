"""The installations of the fault table, each made once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from faults import expectations as table
from faults.grounds import Faults, Ground
from harness import disk, knobs, seaweed
from harness.disk import Disk
from harness.fake_npm import FakeNpm
from harness.misbehaving_proxy import MisbehavingProxy
from harness.postgres import DATABASE, USER, Postgres, find_programs
from harness.seaweed import Seaweed
from harness.server import Server

# No line per request, and what is public is asked for anew: a cached read must not lean on it.
SETTINGS = "[log]\naccess = false\n"


@pytest.fixture(scope="session")
def public() -> Iterator[FakeNpm]:
    """A public registry that the stories fill."""
    registry = FakeNpm()
    yield registry
    registry.stop()


@pytest.fixture(scope="session")
def on_disk(
    server_factory: Callable[..., Server], public: FakeNpm, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Ground, Faults]:
    """Rows and bytes in one folder of a disk that misbehaves."""
    server = server_factory(npm_source=public.url, quotas=knobs.ROOMY_QUOTAS, settings=SETTINGS)
    library = disk.build_library(tmp_path_factory.getbasetemp())
    failing = Disk(library, server.data_dir, tmp_path_factory.mktemp("disk"))
    server.start(failing.environment)
    return Ground(server, public), Faults(failing, None, None)


@pytest.fixture(scope="session")
def on_s3(
    server_factory: Callable[..., Server], public: FakeNpm, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Ground, Faults]]:
    """Bytes in a real S3-compatible store, behind a proxy that misbehaves."""
    program = seaweed.find_program()
    assert program is not None, "SeaweedFS is not installed: `cargo xtask weed`, or set RELIQUARY_TEST_WEED"
    store = Seaweed(program, tmp_path_factory.mktemp("seaweed"))
    proxy = MisbehavingProxy(store.port)
    bucket = knobs.bucket(f"http://127.0.0.1:{proxy.port}", seaweed.BUCKET, seaweed.KEY_ID, seaweed.SECRET)
    server = server_factory(npm_source=public.url, quotas=knobs.ROOMY_QUOTAS, settings=SETTINGS + bucket)
    try:
        server.start()
        yield Ground(server, public), Faults(None, proxy, None)
        server.stop()
    finally:
        proxy.close()
        store.close()


@pytest.fixture(scope="session")
def on_postgres(server_factory: Callable[..., Server], public: FakeNpm) -> Iterator[tuple[Ground, Faults]]:
    """Rows in PostgreSQL, behind a proxy that misbehaves."""
    with postgres_ground(server_factory, public, "") as ground:
        yield ground


@pytest.fixture(scope="session")
def on_postgres_with_held_reads(
    server_factory: Callable[..., Server], public: FakeNpm
) -> Iterator[tuple[Ground, Faults]]:
    """The same with a server that may show what it holds while the database is away."""
    with postgres_ground(server_factory, public, "held_reads_ms = 600000\n") as ground:
        yield ground


@contextlib.contextmanager
def postgres_ground(
    server_factory: Callable[..., Server], public: FakeNpm, more: str
) -> Iterator[tuple[Ground, Faults]]:
    programs = find_programs()
    assert programs is not None, "PostgreSQL is not installed (Debian: apt-get install postgresql)"
    postgres = Postgres(programs)
    try:
        postgres.start()
        proxy = MisbehavingProxy(postgres.port, delay_s=0.03)
        rows = knobs.database(
            f"postgres://{USER}@127.0.0.1:{proxy.port}/{DATABASE}", connect_timeout_ms=2000, statement_timeout_ms=2000
        )
        server = server_factory(npm_source=public.url, quotas=knobs.ROOMY_QUOTAS, settings=SETTINGS + rows + more)
        server.start()
        faults = Faults(None, None, proxy)
        faults.postgres = postgres
        yield Ground(server, public), faults
        server.stop()
        proxy.close()
    finally:
        postgres.close()


@pytest.fixture
def befallen(fault: str, request: pytest.FixtureRequest) -> tuple[Ground, Faults]:
    """The installation that a fault is about."""
    if fault in (table.S3_REFUSES, table.S3_GONE):
        return request.getfixturevalue("on_s3")
    if fault == table.HELD_READS:
        return request.getfixturevalue("on_postgres_with_held_reads")
    if fault in (table.DATABASE_GONE, table.DATABASE_SILENT, table.DATABASE_SLOW, table.FAILOVER):
        return request.getfixturevalue("on_postgres")
    return request.getfixturevalue("on_disk")
