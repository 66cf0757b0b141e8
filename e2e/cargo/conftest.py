"""One server for the stories of Cargo, with a public registry of their own making behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cargo.driver import Cargo, toolchain
from harness import account, knobs, public_registries
from harness.account import Repository
from harness.cargo_wire import Registry
from harness.fake_crates import FakeCrates
from harness.server import Server
from harness.source import Source


@pytest.fixture(autouse=True)
def _needs_rust() -> None:
    if toolchain() is None:
        pytest.skip("there is no Rust on this machine")


@pytest.fixture(scope="session")
def fake_crates() -> Iterator[FakeCrates]:
    """The public registry of these stories."""
    host = FakeCrates()
    yield host
    host.stop()


@pytest.fixture
def crates(fake_crates: FakeCrates) -> Iterator[FakeCrates]:
    """The same for one story, there at its beginning and with nothing counted."""
    fake_crates.start()
    fake_crates.forget()
    yield fake_crates
    fake_crates.start()


@pytest.fixture(scope="session")
def cargo_server(server_factory: Callable[..., Server], fake_crates: FakeCrates) -> Server:
    """The server that most stories of Cargo share."""
    sources = {knobs.CARGO_CONNECTION: fake_crates.url}
    return server_factory(sources=sources, quotas=knobs.ROOMY_QUOTAS, settings=knobs.COUNTED_SETTINGS).start()


@pytest.fixture(scope="session")
def cargo_aws(cargo_server: Server) -> Any:
    """boto3 as its root."""
    return account.profile_client(cargo_server)


@pytest.fixture
def private(cargo_server: Server, cargo_aws: Any) -> Repository:
    """A fresh repository that reaches nothing."""
    domain = account.create_domain(cargo_aws)
    cargo_aws.create_repository(domain=domain, repository="private")
    return Repository(cargo_server, cargo_aws, domain, "private")


@pytest.fixture
def connected(cargo_server: Server, cargo_aws: Any, crates: FakeCrates) -> Repository:
    """A fresh repository with the public registry behind it, by way of a store."""
    domain = account.create_domain(cargo_aws)
    return account.create_store_and_app(cargo_server, cargo_aws, domain, knobs.CARGO_CONNECTION)[1]


@pytest.fixture
def secluded(new_server: Callable[..., Server], crates: FakeCrates) -> Repository:
    """The same on a server of its own, for stories in which the registry is gone or the server is killed."""
    server = new_server(sources={knobs.CARGO_CONNECTION: crates.url}, settings=knobs.COUNTED_SETTINGS).start()
    aws = account.profile_client(server)
    return account.create_store_and_app(server, aws, account.create_domain(aws), knobs.CARGO_CONNECTION)[1]


@pytest.fixture
def wire(private: Repository) -> Iterator[Registry]:
    """The repository that reaches nothing, spoken to directly."""
    opened = Registry(private.endpoint("cargo"), private.token)
    yield opened
    opened.close()


@pytest.fixture
def cargo(tmp_path: Path) -> Cargo:
    """Cargo with an empty home."""
    return Cargo(tmp_path / "home")


@pytest.fixture
def publisher(cargo: Cargo, private: Repository) -> Cargo:
    """Cargo pointed at a repository without any public source."""
    cargo.configure(private.endpoint("cargo"), private.token)
    return cargo


# The real public registry.


@pytest.fixture(scope="session")
def cargo_proxy() -> Iterator[Source]:
    """The proxy in front of the index that cargo on this machine uses, and of the host of its crates."""
    source = public_registries.cargo_source()
    yield source
    source.close()


@pytest.fixture(scope="session")
def _crates_answer(cargo_proxy: Source) -> bool:
    return cargo_proxy.is_reachable()


@pytest.fixture
def public_crates(cargo_proxy: Source, _crates_answer: bool) -> Iterator[Source]:
    """The public registry for stories that really fetch from it; they are skipped where it cannot be reached."""
    if not _crates_answer:
        pytest.skip("the index that cargo on this machine is configured for cannot be reached")
    cargo_proxy.restore()
    cargo_proxy.forget()
    yield cargo_proxy
    cargo_proxy.restore()


@pytest.fixture
def worldly(new_server: Callable[..., Server], public_crates: Source) -> Repository:
    """A repository on a server of its own with the real public registry behind it."""
    settings = knobs.COUNTED_PATIENT_SETTINGS
    server = new_server(sources={knobs.CARGO_CONNECTION: public_crates.url}, settings=settings).start()
    aws = account.profile_client(server)
    return account.create_store_and_app(server, aws, account.create_domain(aws), knobs.CARGO_CONNECTION)[1]
