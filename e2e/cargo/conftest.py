"""One server for the stories of Cargo, with a public registry of their own making behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cargo.driver import Cargo, toolchain
from harness import account, knobs, public_registries
from harness.account import Repository
from harness.cargo_wire import Registry
from harness.fake_crates import FakeCrates
from harness.format_fixtures import format_fixtures, spoken_directly
from harness.server import Server
from harness.source import Source

(
    shared_host,
    public_host,
    crates,
    own_server,
    own_aws,
    private,
    connected,
    secluded,
    mortal,
) = format_fixtures(FakeCrates, knobs.CARGO_CONNECTION)


@pytest.fixture(autouse=True)
def _needs_rust() -> None:
    if toolchain() is None:
        pytest.skip("there is no Rust on this machine")


# The repository that reaches nothing, spoken to directly.
wire = spoken_directly(Registry, "cargo")


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
    return account.create_connected(server, knobs.CARGO_CONNECTION)
