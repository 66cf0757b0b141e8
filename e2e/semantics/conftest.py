"""One server for the stories of the semantics, with a public source of their own making."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from harness import account, knobs
from harness.fake_npm import FakeNpm
from harness.server import Server
from semantics.ground import Ground

# A change of the public source is seen by the next request.
IMPATIENT = "[upstream]\nfreshness_ms = 1\nnegative_ttl_ms = 1\n"


@pytest.fixture(scope="session")
def public_npm() -> Iterator[FakeNpm]:
    """The public npm registry of this server."""
    source = FakeNpm()
    yield source
    source.stop()


@pytest.fixture(scope="session")
def semantics_server(server_factory: Callable[..., Server], public_npm: FakeNpm) -> Server:
    """The server."""
    return server_factory(npm_source=public_npm.url, quotas=knobs.ROOMY_QUOTAS, settings=IMPATIENT).start()


@pytest.fixture(scope="session")
def root(semantics_server: Server) -> Any:
    """boto3 as the root of its account."""
    return account.profile_client(semantics_server)


@pytest.fixture
def ground(semantics_server: Server, root: Any, public_npm: FakeNpm) -> Iterator[Ground]:
    """What stories begin with."""
    public_npm.start()
    one = Ground(semantics_server, root, public_npm)
    yield one
    one.close()
    public_npm.start()


@pytest.fixture
def own_ground(new_server: Callable[..., Server], public_npm: FakeNpm) -> Iterator[Callable[..., Ground]]:
    """Makes grounds on servers of their own, for stories about limits."""
    made: list[Ground] = []

    def make(**options: object) -> Ground:
        server = new_server(npm_source=public_npm.url, **options).start()
        made.append(Ground(server, account.profile_client(server), public_npm))
        return made[-1]

    yield make
    for one in made:
        one.close()
