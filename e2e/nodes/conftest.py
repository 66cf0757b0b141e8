"""Fixtures of the stories about several nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.cluster import Cluster
from harness.postgres import Postgres, find_programs
from harness.server import Server


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server of the story's own."""
    programs = find_programs()
    assert programs is not None, "PostgreSQL is not installed (Debian: apt-get install postgresql)"
    server = Postgres(programs)
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture
def new_cluster(
    postgres: Postgres, new_server: Callable[..., Server], tmp_path: Path
) -> Iterator[Callable[..., Cluster]]:
    """Makes clusters over that server, started."""
    made: list[Cluster] = []

    def make(count: int = 3, **options: str) -> Cluster:
        cluster = Cluster(postgres, tmp_path / "bytes", new_server, count, **options)
        made.append(cluster)
        return cluster.start()

    yield make
    for cluster in made:
        cluster.close()
