"""One server for the stories of Ruby, with a public gem host of their own making behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import account, knobs
from harness.account import Repository
from harness.fake_gems import FakeGems
from harness.gem_wire import GemHost
from harness.server import Server
from ruby.driver import NewRuby, Ruby, specification


@pytest.fixture(scope="session")
def fake_gems() -> Iterator[FakeGems]:
    """The public host of these stories."""
    host = FakeGems(specification)
    yield host
    host.stop()


@pytest.fixture
def gems(fake_gems: FakeGems) -> Iterator[FakeGems]:
    """The same for one story, there at its beginning and with nothing counted."""
    fake_gems.start()
    fake_gems.forget()
    yield fake_gems
    fake_gems.start()


@pytest.fixture(scope="session")
def ruby_server(server_factory: Callable[..., Server], fake_gems: FakeGems) -> Server:
    """The server that most stories of Ruby share."""
    sources = {knobs.RUBY_CONNECTION: fake_gems.url}
    return server_factory(sources=sources, quotas=knobs.ROOMY_QUOTAS, settings=knobs.COUNTED_SETTINGS).start()


@pytest.fixture(scope="session")
def ruby_aws(ruby_server: Server) -> Any:
    """boto3 as its root."""
    return account.profile_client(ruby_server)


@pytest.fixture
def private(ruby_server: Server, ruby_aws: Any) -> Repository:
    """A fresh repository that reaches nothing."""
    domain = account.create_domain(ruby_aws)
    ruby_aws.create_repository(domain=domain, repository="private")
    return Repository(ruby_server, ruby_aws, domain, "private")


@pytest.fixture
def connected(ruby_server: Server, ruby_aws: Any, gems: FakeGems) -> Repository:
    """A fresh repository with the public host behind it, by way of a store."""
    domain = account.create_domain(ruby_aws)
    return account.create_store_and_app(ruby_server, ruby_aws, domain, knobs.RUBY_CONNECTION)[1]


@pytest.fixture
def secluded(new_server: Callable[..., Server], gems: FakeGems) -> Repository:
    """The same on a server of its own, for stories in which the host is gone or the server is killed."""
    server = new_server(sources={knobs.RUBY_CONNECTION: gems.url}, settings=knobs.COUNTED_SETTINGS).start()
    aws = account.profile_client(server)
    return account.create_store_and_app(server, aws, account.create_domain(aws), knobs.RUBY_CONNECTION)[1]


@pytest.fixture
def wire(private: Repository) -> Iterator[GemHost]:
    """The repository that reaches nothing, spoken to directly."""
    opened = GemHost(private.endpoint("ruby"), private.token)
    yield opened
    opened.close()


@pytest.fixture(params=[Ruby, NewRuby], ids=["ruby-3.1", "ruby-3.3"])
def ruby(request: pytest.FixtureRequest, tmp_path: Path) -> Ruby:
    """gem and bundler of both generations, with an empty home."""
    if reason := request.param.missing():
        pytest.skip(reason)
    return request.param(tmp_path / "home")


@pytest.fixture
def publisher(ruby: Ruby, private: Repository) -> Ruby:
    """The same pointed at a repository without any public source."""
    ruby.configure(private.endpoint("ruby"), private.token)
    return ruby
