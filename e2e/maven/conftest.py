"""What the stories of the Maven family begin with: Maven Central behind a proxy, repositories that reach it or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import account, knobs
from harness.account import Repository
from harness.certificates import Certificates
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
    domain = account.create_domain(maven_aws)
    maven_aws.create_repository(domain=domain, repository="private")
    return Repository(maven_server, maven_aws, domain, "private")


@pytest.fixture
def maven_connected(maven_server: Server, maven_aws: Any) -> Repository:
    """A fresh repository with Maven Central behind it, by way of a store."""
    domain = account.create_domain(maven_aws)
    return account.create_store_and_app(maven_server, maven_aws, domain, knobs.MAVEN_CONNECTION)[1]


@pytest.fixture
def new_maven_server(new_server: Callable[..., Server], central_proxy: Source) -> Callable[..., Server]:
    """Makes servers of a story's own, not yet started."""

    def make(**options: Any) -> Server:
        return new_server(sources={knobs.MAVEN_CONNECTION: central_proxy.url}, **options)

    return make


@pytest.fixture
def maven_secluded(new_maven_server: Callable[..., Server], central: Source) -> Iterator[Repository]:
    """The same as `maven_connected` on a server of its own, for stories that cut the source."""
    server = new_maven_server().start()
    aws = account.profile_client(server)
    domain = account.create_domain(aws)
    yield account.create_store_and_app(server, aws, domain, knobs.MAVEN_CONNECTION)[1]
    # Back before the server is stopped, whatever the story did.
    central.restore()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority that only these stories trust."""
    return Certificates.make(tmp_path_factory.mktemp("certificates"))


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


@pytest.fixture
def layout(maven_private: Repository) -> Iterator[Layout]:
    """The repository that reaches nothing, spoken to directly."""
    opened = Layout(maven_private.endpoint("maven"), maven_private.token)
    yield opened
    opened.close()
