"""One server for all calls, and servers of their own for limits, rates and broken disks. The table at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conformance import service_model
from conformance.provocations import FEW_DOMAINS, IMPOSSIBLE, SMALL_ASSET_BYTES, SMALL_QUOTAS
from conformance.stage import Stage
from conformance.table import Table
from harness import account, knobs
from harness.fake_npm import FakeNpm
from harness.server import Server

_table = Table(impossible=IMPOSSIBLE)
_took_part: list[bool] = []


@pytest.fixture(scope="session")
def table() -> Table:
    """Where every check is entered."""
    _took_part.append(True)
    return _table


@pytest.fixture(scope="session")
def public_source() -> Iterator[FakeNpm]:
    """The public npm registry of these servers."""
    source = FakeNpm()
    yield source
    source.stop()


@pytest.fixture(scope="session")
def judged_server(start_server: Callable[..., Server]) -> Server:
    """The server that most calls go to."""
    return start_server(quotas={knobs.QUOTA_DOMAINS: 100_000, knobs.QUOTA_REPOSITORIES: 100_000})


@pytest.fixture(scope="session")
def start_server(server_factory: Callable[..., Server], public_source: FakeNpm) -> Callable[..., Server]:
    """Starts a server whose public source is made of nothing."""

    def start(**options: Any) -> Server:
        return server_factory(npm_source=public_source.url, **options).start()

    return start


@pytest.fixture(scope="session")
def stage(judged_server: Server, public_source: FakeNpm) -> Iterator[Stage]:
    """Where calls are prepared."""
    one = Stage(judged_server, account.profile_client(judged_server), public_source)
    yield one
    one.close()


@pytest.fixture(scope="session")
def narrow_stage(start_server: Callable[..., Server]) -> Stage:
    """A server with small quotas."""
    server = start_server(
        quotas=SMALL_QUOTAS | {knobs.QUOTA_DOMAINS: 100_000}, settings=knobs.asset_limit(SMALL_ASSET_BYTES)
    )
    return Stage(server, account.profile_client(server))


@pytest.fixture(scope="session")
def full_stage(start_server: Callable[..., Server]) -> Stage:
    """A server on which an account can have two domains."""
    server = start_server(quotas={knobs.QUOTA_DOMAINS: FEW_DOMAINS})
    return Stage(server, account.profile_client(server))


@pytest.fixture(scope="session")
def throttled_stage(start_server: Callable[..., Server]) -> Stage:
    """A server that lets an account make one request in a second."""
    server = start_server(quotas={knobs.QUOTA_REQUEST_RATE: 1})
    return Stage(server, account.profile_client(server))


@pytest.fixture(scope="session")
def doomed_stage(start_server: Callable[..., Server]) -> Stage:
    """A server that is about to lose its tables."""
    server = start_server()
    return Stage(server, account.profile_client(server))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table."""
    if _took_part:
        terminalreporter.section("the published model as judge")
        for line in _table.render(service_model.operation_names()):
            terminalreporter.write_line(line)
