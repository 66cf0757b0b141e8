"""One server for the stories of NuGet, with a public gallery of their own making behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from harness import account, knobs
from harness.account import Repository
from harness.fake_nuget import FakeNuget
from harness.server import Server


@pytest.fixture(scope="session")
def fake_gallery() -> Iterator[FakeNuget]:
    """The public gallery of these stories."""
    gallery = FakeNuget()
    yield gallery
    gallery.stop()


@pytest.fixture
def gallery(fake_gallery: FakeNuget) -> Iterator[FakeNuget]:
    """The same for one story, there at its beginning and with nothing counted."""
    fake_gallery.start()
    fake_gallery.forget()
    yield fake_gallery
    fake_gallery.start()


@pytest.fixture(scope="session")
def nuget_server(server_factory: Callable[..., Server], fake_gallery: FakeNuget) -> Server:
    """The server that most stories of this folder share."""
    sources = {knobs.NUGET_CONNECTION: fake_gallery.url}
    return server_factory(sources=sources, quotas=knobs.ROOMY_QUOTAS, settings=knobs.COUNTED_SETTINGS).start()


@pytest.fixture(scope="session")
def nuget_aws(nuget_server: Server) -> Any:
    """boto3 as its root."""
    return account.profile_client(nuget_server)


@pytest.fixture
def private(nuget_server: Server, nuget_aws: Any) -> Repository:
    """A fresh repository that reaches nothing."""
    domain = account.create_domain(nuget_aws)
    nuget_aws.create_repository(domain=domain, repository="private")
    return Repository(nuget_server, nuget_aws, domain, "private")


@pytest.fixture
def connected(nuget_server: Server, nuget_aws: Any, gallery: FakeNuget) -> Repository:
    """A fresh repository with the public gallery behind it, by way of a store."""
    domain = account.create_domain(nuget_aws)
    return account.create_store_and_app(nuget_server, nuget_aws, domain, knobs.NUGET_CONNECTION)[1]


@pytest.fixture
def secluded(new_server: Callable[..., Server], gallery: FakeNuget) -> Repository:
    """The same on a server of its own, for stories in which the gallery is gone or the server is killed."""
    server = new_server(sources={knobs.NUGET_CONNECTION: gallery.url}, settings=knobs.COUNTED_SETTINGS).start()
    aws = account.profile_client(server)
    return account.create_store_and_app(server, aws, account.create_domain(aws), knobs.NUGET_CONNECTION)[1]
