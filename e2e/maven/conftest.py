"""What the stories of the Maven family begin with: Maven Central behind a proxy, repositories that reach it or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import account, knobs
from harness.account import Repository
from harness.format_fixtures import spoken_directly
from harness.maven_central import maven_source
from harness.maven_wire import Layout
from harness.server import Server
from harness.source import Source
from maven.mvn import Maven38, Maven39


@pytest.fixture(scope="session")
def central_proxy() -> Iterator[Source]:
    """The proxy in front of what Maven on this machine fetches from. It is there whether or not that one is."""
    source = maven_source()
    yield source
    source.close()


@pytest.fixture(scope="session")
def _central_answers(central_proxy: Source) -> bool:
    return central_proxy.is_reachable()


@pytest.fixture
def central(central_proxy: Source, _central_answers: bool) -> Iterator[Source]:
    """Maven Central for stories that really fetch from it; they are skipped where it cannot be reached."""
    if not _central_answers:
        pytest.skip("the repository that Maven on this machine is configured for cannot be reached")
    central_proxy.restore()
    central_proxy.forget()
    yield central_proxy
    central_proxy.restore()


@pytest.fixture(scope="session")
def maven_server(server_factory: Callable[..., Server], central_proxy: Source) -> Server:
    """The server that most stories of this folder share."""
    sources = {knobs.MAVEN_CONNECTION: central_proxy.url}
    return server_factory(sources=sources, quotas=knobs.ROOMY_QUOTAS).start()


@pytest.fixture(scope="session")
def maven_aws(maven_server: Server) -> Any:
    """boto3 for it."""
    return account.profile_client(maven_server)


@pytest.fixture
def maven_private(maven_server: Server, maven_aws: Any) -> Repository:
    """A fresh repository that reaches nothing."""
    return account.create_alone(maven_server, maven_aws, "private")


@pytest.fixture
def maven_connected(maven_server: Server, maven_aws: Any) -> Repository:
    """A fresh repository with Maven Central behind it, by way of a store."""
    return account.create_connected(maven_server, knobs.MAVEN_CONNECTION, maven_aws)


@pytest.fixture
def new_maven_server(new_server: Callable[..., Server], central_proxy: Source) -> Callable[..., Server]:
    """Makes servers of a story's own, not yet started."""

    def make(**options: Any) -> Server:
        return new_server(sources={knobs.MAVEN_CONNECTION: central_proxy.url}, **options)

    return make


@pytest.fixture
def maven_secluded(new_maven_server: Callable[..., Server], central: Source) -> Iterator[Repository]:
    """The same as `maven_connected` on a server of its own, for stories that cut the source."""
    yield account.create_connected(new_maven_server().start(), knobs.MAVEN_CONNECTION)
    # Back before the server is stopped, whatever the story did.
    central.restore()


@pytest.fixture
def mvn(tmp_path: Path) -> Maven38:
    """Debian's Maven with an empty home."""
    if reason := Maven38.missing():
        pytest.skip(reason)
    return Maven38(tmp_path / "home")


@pytest.fixture
def new_mvn(tmp_path: Path) -> Maven39:
    """Maven 3.9 with an empty home."""
    if reason := Maven39.missing():
        pytest.skip(reason)
    return Maven39(tmp_path / "home-3.9")


# The repository that reaches nothing, spoken to directly.
layout = spoken_directly(Layout, "maven", "maven_private")
