"""The fixtures that the stories of every package format begin with, made for a format and its public connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

import pytest

from harness import account, knobs
from harness.account import Repository
from harness.server import Server


class PublicHost(Protocol):
    """A public source that stories make up."""

    @property
    def url(self) -> str:
        """Where the server is told that it is."""

    def start(self) -> None:
        """Listen."""

    def stop(self) -> None:
        """Refuse connections."""

    def forget(self) -> None:
        """Start counting anew."""


class FormatFixtures(NamedTuple):
    """A conftest unpacks them into its own names, where pytest finds them."""

    shared_host: Any
    """The public host of all stories of the folder."""
    public_host: Any
    """The same for one story, there at its beginning and with nothing counted."""
    named_host: Any
    """The same again, by the name that the stories of the folder have for it."""
    own_server: Any
    """The server that most stories of the folder share."""
    own_aws: Any
    """boto3 as its root."""
    private: Any
    """A fresh repository that reaches nothing."""
    connected: Any
    """A fresh repository with the public host behind it, by way of a store."""
    secluded: Any
    """The same on a server of its own, for stories in which the host is gone or the server is killed."""
    mortal: Any
    """A repository that reaches nothing, on a server of its own, for stories in which that is killed."""


class Wire(Protocol):
    """A protocol that is spoken directly."""

    def close(self) -> None:
        """Give the connection back."""


def spoken_directly(open_wire: Callable[[str, str], Wire], package_format: str, repository: str = "private") -> Any:
    """The fixture of a repository, named by its own fixture, that is spoken to directly."""

    @pytest.fixture
    def wire(request: pytest.FixtureRequest) -> Iterator[Wire]:
        named: Repository = request.getfixturevalue(repository)
        opened = open_wire(named.endpoint(package_format), named.token)
        yield opened
        opened.close()

    return wire


def format_fixtures(make_host: Callable[[], PublicHost], connection: str) -> FormatFixtures:
    """The fixtures of a format: a server with a made-up public host behind `connection`, and repositories on it."""

    @pytest.fixture(scope="session")
    def shared_host() -> Iterator[PublicHost]:
        host = make_host()
        yield host
        host.stop()

    @pytest.fixture
    def public_host(shared_host: PublicHost) -> Iterator[PublicHost]:
        shared_host.start()
        shared_host.forget()
        yield shared_host
        shared_host.start()

    @pytest.fixture
    def named_host(public_host: PublicHost) -> PublicHost:
        return public_host

    @pytest.fixture(scope="session")
    def own_server(server_factory: Callable[..., Server], shared_host: PublicHost) -> Server:
        sources = {connection: shared_host.url}
        return server_factory(sources=sources, quotas=knobs.ROOMY_QUOTAS, settings=knobs.COUNTED_SETTINGS).start()

    @pytest.fixture(scope="session")
    def own_aws(own_server: Server) -> Any:
        return account.profile_client(own_server)

    @pytest.fixture
    def private(own_server: Server, own_aws: Any) -> Repository:
        return account.create_alone(own_server, own_aws, "private")

    @pytest.fixture
    def connected(own_server: Server, own_aws: Any, public_host: PublicHost) -> Repository:
        return account.create_connected(own_server, connection, own_aws)

    @pytest.fixture
    def secluded(new_server: Callable[..., Server], public_host: PublicHost) -> Repository:
        server = new_server(sources={connection: public_host.url}, settings=knobs.COUNTED_SETTINGS).start()
        return account.create_connected(server, connection)

    @pytest.fixture
    def mortal(new_server: Callable[..., Server]) -> Repository:
        return account.create_alone(new_server(settings=knobs.COUNTED_SETTINGS).start())

    return FormatFixtures(
        shared_host, public_host, named_host, own_server, own_aws, private, connected, secluded, mortal
    )
