"""Fixtures of the whole suite: one server for most stories, fresh repositories for each, a source that can be cut."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from harness import account, knobs, public_registries
from harness.account import Repository
from harness.certificates import Certificates
from harness.server import Server
from harness.source import Source

REPOSITORY_ROOT = Path(__file__).resolve().parent.parent
_servers: list[Server] = []
_counts: dict[str, int] = {"passed": 0, "failed": 0, "skipped": 0}


@pytest.fixture(scope="session")
def binary() -> Path:
    """The program under test: $RELIQUARY_BIN, else the release build, else the debug build."""
    if given := os.environ.get("RELIQUARY_BIN"):
        return Path(given).resolve()
    for profile in ("release", "debug"):
        built = REPOSITORY_ROOT / "target" / profile / "reliquary"
        if built.exists():
            return built
    pytest.fail("no binary: build it with `cargo build --release -p reliquary` or set RELIQUARY_BIN", pytrace=False)


@pytest.fixture(scope="session")
def npm_source() -> Iterator[Source]:
    """The proxy in front of the registry that npm on this machine uses. It is there whether or not that one is."""
    source = public_registries.npm_source()
    yield source
    source.close()


@pytest.fixture(scope="session")
def python_source() -> Iterator[Source]:
    """The same in front of the index that pip on this machine uses, and of the hosts of its files."""
    source = public_registries.python_source()
    yield source
    source.close()


@pytest.fixture(scope="session")
def _index_answers(python_source: Source) -> bool:
    return python_source.is_reachable()


@pytest.fixture
def public_index(python_source: Source, _index_answers: bool) -> Iterator[Source]:
    """The public Python index for stories that really fetch from it; they are skipped where it cannot be reached."""
    if not _index_answers:
        pytest.skip("the Python index configured on this machine cannot be reached")
    python_source.restore()
    python_source.forget()
    yield python_source
    python_source.restore()


@pytest.fixture(scope="session")
def _registry_answers(npm_source: Source) -> bool:
    return npm_source.is_reachable()


@pytest.fixture
def source(npm_source: Source, _registry_answers: bool) -> Iterator[Source]:
    """The public source for stories that really fetch from it; they are skipped where it cannot be reached."""
    if not _registry_answers:
        pytest.skip("the npm registry configured on this machine cannot be reached")
    npm_source.restore()
    npm_source.forget()
    yield npm_source
    npm_source.restore()


@pytest.fixture(scope="session")
def server(binary: Path, npm_source: Source, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server that most stories share. Stories that kill, starve or limit a server start their own."""
    shared = Server(binary, tmp_path_factory.mktemp("shared"), npm_source=npm_source.url, quotas=knobs.ROOMY_QUOTAS)
    _servers.append(shared)
    shared.start()
    yield shared
    shared.stop()
    shared.assert_no_panic()
    # Whatever the stories did, in whatever order: rows, log and bytes agree.
    assert shared.fsck().findings == []


@pytest.fixture
def new_server(
    binary: Path, npm_source: Source, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Server]]:
    """Makes servers of a story's own, not yet started; whatever still runs at the end is stopped."""
    made: list[Server] = []

    def make(**options: Any) -> Server:
        one = Server(binary, tmp_path_factory.mktemp("own"), **({"npm_source": npm_source.url} | options))
        made.append(one)
        _servers.append(one)
        return one

    yield make
    for one in made:
        one.stop()
        _servers.remove(one)
        one.assert_no_panic()


@pytest.fixture(scope="session")
def server_factory(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Makes servers that several stories of a folder share, not yet started; they run until the end."""
    made: list[Server] = []

    def make(**options: Any) -> Server:
        one = Server(binary, tmp_path_factory.mktemp("shared"), **options)
        made.append(one)
        _servers.append(one)
        return one

    yield make
    for one in made:
        one.stop()
        _servers.remove(one)
        one.assert_no_panic()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority that only these clients trust, and the server's certificate."""
    return Certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def aws(server: Server) -> Any:
    """boto3 for the shared server, from the profile in its data folder."""
    return account.profile_client(server)


@pytest.fixture
def domain(aws: Any) -> str:
    """A fresh domain."""
    return account.create_domain(aws)


@pytest.fixture
def private(server: Server, aws: Any, domain: str) -> Iterator[Repository]:
    """A fresh repository that reaches nothing: stories with it need no network."""
    aws.create_repository(domain=domain, repository="private")
    repository = Repository(server, aws, domain, "private")
    yield repository
    repository.close()


@pytest.fixture
def connected(server: Server, aws: Any, domain: str) -> Iterator[Repository]:
    """A fresh repository with the public registry behind it, by way of a store."""
    store, app = account.create_store_and_app(server, aws, domain)
    yield app
    app.close()
    store.close()


@pytest.fixture
def secluded(new_server: Callable[..., Server], source: Source) -> Iterator[Repository]:
    """The same on a server of its own, for stories that cut the source: a server leaves a source that failed often
    alone for a while, and that while must not fall into somebody else's story.
    """
    server = new_server().start()
    aws = account.profile_client(server)
    store, app = account.create_store_and_app(server, aws, account.create_domain(aws))
    yield app
    app.close()
    store.close()
    # Back before the server is stopped, whatever the story did.
    source.restore()


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long the history checker of `nodes/` makes history, and how often `crash/` kills: little in every run, much
    by hand. And what only somebody who has it can give.
    """
    parser.addoption("--seconds", type=float, default=30.0, help="how long nodes/test_history.py makes history")
    parser.addoption("--kills", type=int, default=20, help="how often crash/ kills the server")
    parser.addoption("--losses", type=int, default=30, help="how often crash/ takes the power from the server")
    parser.addoption("--previous", help="a program of the release before, for nodes/test_upgrade.py")


# How stories are shared out.


class Sharing(LoadScopeScheduling):
    """Every story goes to whichever process is free, but for those whose last one judges all the others, and those that
    share what takes long to start.
    """

    TOGETHER = ("conformance/", "faults/test_table.py", "nodes/test_redirects.py")

    @classmethod
    def scope(cls, nodeid: str) -> str:
        """What goes to one process as a whole: mostly a story."""
        return next((folder for folder in cls.TOGETHER if nodeid.startswith(folder)), nodeid)

    def _split_scope(self, nodeid: str) -> str:
        return self.scope(nodeid)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that may take longest begin, so that no long one is left alone at the end."""
    limits: dict[str, float] = {}
    for item in items:
        marker = item.get_closest_marker("timeout")
        scope = Sharing.scope(item.nodeid)
        limits[scope] = max(limits.get(scope, 0.0), marker.args[0] if marker is not None else 0.0)
    items.sort(key=lambda item: -limits[Sharing.scope(item.nodeid)])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Sharing:
    """Stories run on several processes, each with a server of its own."""
    return Sharing(config, log)


# What a failed test shows, and the last line of the run.


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """A failure without the server's log is half a failure."""
    report = yield
    if report.failed:
        for running in _servers:
            report.sections.append((f"log of {running.url}", running.log_tail()))
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count each test once: its call, or the set-up or tear-down that did not work."""
    if report.when == "call" or report.outcome != "passed":
        _counts[report.outcome] += 1


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What stories report of themselves, at the end of the run where it is read."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, text in getattr(report, "user_properties", []):
                terminalreporter.write_line(f"{name}: {text}")


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last line, for people and for scripts."""
    if not config.option.collectonly:
        print("{passed} passed, {failed} failed, {skipped} skipped".format(**_counts))
