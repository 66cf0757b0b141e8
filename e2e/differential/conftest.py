"""A server of its own for each comparison with a public registry."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from harness import account
from harness.account import Repository
from harness.server import Server


@pytest.fixture
def repository_before(new_server: Callable[..., Server]) -> Iterator[Callable[..., Repository]]:
    """Makes a repository with a public connection, on a server of its own, with a source of the caller's choice."""
    made: list[Repository] = []

    def make(connection: str, url: str, settings: str = "") -> Repository:
        server = new_server(sources={connection: url}, settings=settings).start()
        made.append(account.create_connected(server, connection))
        return made[-1]

    yield make
    for one in made:
        one.close()
