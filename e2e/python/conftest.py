"""One server for the stories of Python, with a public index of their own making behind it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness import account, knobs
from harness.account import Repository
from harness.fake_pypi import FakePypi
from harness.format_fixtures import format_fixtures
from harness.server import Server
from harness.source import Source

(
    shared_host,
    public_host,
    index,
    own_server,
    own_aws,
    private,
    connected,
    secluded,
    mortal,
) = format_fixtures(FakePypi, knobs.PYPI_CONNECTION)


@pytest.fixture
def worldly(new_server: Callable[..., Server], public_index: Source) -> Callable[..., Repository]:
    """Makes repositories on servers of their own with the real public index behind them."""

    def make(settings: str = knobs.COUNTED_PATIENT_SETTINGS) -> Repository:
        server = new_server(sources={knobs.PYPI_CONNECTION: public_index.url}, settings=settings).start()
        return account.create_connected(server, knobs.PYPI_CONNECTION)

    return make
