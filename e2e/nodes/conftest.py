"""Fixtures of the stories about several nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import knobs, seaweed
from harness.cluster import Cluster
from harness.postgres import Postgres, find_programs
from harness.seaweed import Seaweed
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
def object_store(tmp_path: Path) -> Iterator[Seaweed]:
    """An S3-compatible server of the story's own."""
    program = seaweed.find_program()
    assert program is not None, "SeaweedFS is not installed: `cargo xtask weed` does it"
    server = Seaweed(program, tmp_path / "seaweed")
    yield server
    server.close()


@pytest.fixture
def bucket_settings(object_store: Seaweed) -> str:
    """The settings that keep bytes there. The store has another name than the nodes: clients must see two hosts."""
    endpoint = f"http://localhost:{object_store.port}"
    return knobs.bucket(endpoint, seaweed.BUCKET, seaweed.KEY_ID, seaweed.SECRET)


@pytest.fixture
def new_cluster(
    postgres: Postgres, new_server: Callable[..., Server], tmp_path: Path
) -> Iterator[Callable[..., Cluster]]:
    """Makes clusters over that server and a folder or, with the settings of a bucket, an object store; started."""
    made: list[Cluster] = []

    def make(count: int = 3, *, bytes_settings: str = "", **options: Any) -> Cluster:
        place = bytes_settings or knobs.shared_folder(tmp_path / "bytes")
        cluster = Cluster(postgres, place, new_server, count, **options)
        made.append(cluster)
        return cluster.start()

    yield make
    for cluster in made:
        cluster.close()
