"""One server for the stories of Python, with a public index of their own making behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from harness import account, knobs
from harness.account import Repository
from harness.fake_pypi import FakePypi
from harness.server import Server
from harness.source import Source


@pytest.fixture(scope="session")
def fake_index() -> Iterator[FakePypi]:
    """The public index of these stories."""
    index = FakePypi()
    yield index
    index.stop()


@pytest.fixture
def index(fake_index: FakePypi) -> Iterator[FakePypi]:
    """The same for one story, there at its beginning and with nothing counted."""
    fake_index.start()
    fake_index.forget()
    yield fake_index
    fake_index.start()


@pytest.fixture(scope="session")
def python_server(server_factory: Callable[..., Server], fake_index: FakePypi) -> Server:
    """The server that most stories of Python share."""
    sources = {knobs.PYPI_CONNECTION: fake_index.url}
    return server_factory(sources=sources, quotas=knobs.ROOMY_QUOTAS, settings=knobs.COUNTED_SETTINGS).start()


@pytest.fixture(scope="session")
def python_aws(python_server: Server) -> Any:
    """boto3 as its root."""
    return account.profile_client(python_server)


@pytest.fixture
def private(python_server: Server, python_aws: Any) -> Repository:
    """A fresh repository that reaches nothing."""
    domain = account.create_domain(python_aws)
    python_aws.create_repository(domain=domain, repository="private")
    return Repository(python_server, python_aws, domain, "private")


@pytest.fixture
def connected(python_server: Server, python_aws: Any, index: FakePypi) -> Repository:
    """A fresh repository with the public index behind it, by way of a store."""
    domain = account.create_domain(python_aws)
    return account.create_store_and_app(python_server, python_aws, domain, knobs.PYPI_CONNECTION)[1]


@pytest.fixture
def secluded(new_server: Callable[..., Server], index: FakePypi) -> Repository:
    """The same on a server of its own, for stories in which the index is gone or the server is killed."""
    server = new_server(sources={knobs.PYPI_CONNECTION: index.url}, settings=knobs.COUNTED_SETTINGS).start()
    aws = account.profile_client(server)
    return account.create_store_and_app(server, aws, account.create_domain(aws), knobs.PYPI_CONNECTION)[1]


@pytest.fixture
def worldly(new_server: Callable[..., Server], public_index: Source) -> Callable[..., Repository]:
    """Makes repositories on servers of their own with the real public index behind them."""

    def make(settings: str = knobs.COUNTED_PATIENT_SETTINGS) -> Repository:
        server = new_server(sources={knobs.PYPI_CONNECTION: public_index.url}, settings=settings).start()
        aws = account.profile_client(server)
        return account.create_store_and_app(server, aws, account.create_domain(aws), knobs.PYPI_CONNECTION)[1]

    return make
