"""kill -9 at bad moments. Afterwards: what was acknowledged is there, what is listed is whole, the restart is clean."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from harness import account
from harness.account import Repository, npm_ids
from harness.npm_wire import ABBREVIATED, Registry
from harness.packages import Package, integrity
from harness.server import Server
from harness.source import Source
from npm.driver import Npm
from npm.test_application import APPLICATION, LEAST_PACKAGES

PUBLISHERS = 8
# Ten packages of ten versions: the same rows are fought over, and different ones too.
PARCELS = [Package(f"parcel-{n % 10}", f"1.{n // 10}.0", size_bytes=40_000 + 997 * n) for n in range(100)]
# How much of the application has come from the public source when the server dies, and dies again.
KILLED_AFTER = (40, 400)


class Publishing:
    """A hundred publishes by several clients; remembers which were acknowledged."""

    def __init__(self, repository: Repository) -> None:
        self.acknowledged: list[Package] = []
        self._url, self._token = repository.npm_url, repository.token
        self._lock = threading.Lock()
        self._queue = list(PARCELS)
        self._reached = threading.Condition(self._lock)

    def run_client(self) -> None:
        """Publish until nothing is left or the server is gone."""
        registry = Registry(self._url, self._token)
        try:
            while package := self._next():
                answer = registry.publish(package)
                assert answer.status in (200, 201), answer
                with self._reached:
                    self.acknowledged.append(package)
                    self._reached.notify_all()
        except (OSError, HTTPException):
            return
        finally:
            registry.close()

    def _next(self) -> Package | None:
        with self._lock:
            return self._queue.pop(0) if self._queue else None

    def wait_for(self, count: int) -> bool:
        """Wait until so many were acknowledged."""
        with self._reached:
            return self._reached.wait_for(lambda: len(self.acknowledged) >= count, timeout=60)


def assert_all_listed_is_whole(repository: Repository) -> set[tuple[str, str]]:
    """Every version that the server lists, to people or to programs, has exactly the bytes it claims."""
    listed: set[tuple[str, str]] = set()
    registry = repository.registry()
    for name in repository.npm_packages():
        versions = repository.npm_versions(name)
        # Unfinished is not a status that npm versions can have.
        assert {version["status"] for version in versions.values()} <= {"Published"}
        # The short form names the digests too, and a thousand long ones would be most of the time of these stories.
        documents = registry.packument(name, accept=ABBREVIATED)["versions"]
        for version in versions:
            ids: dict[str, Any] = {**repository.ids, **npm_ids(name), "packageVersion": version}
            (asset,) = repository.aws.list_package_version_assets(**ids)["assets"]
            content = registry.tarball(name, version).body
            assert len(content) == asset["size"]
            assert hashlib.sha256(content).hexdigest() == asset["hashes"]["SHA-256"]
            assert integrity(content) == documents[version]["dist"]["integrity"]
            listed.add((name, version))
    return listed


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kill_after", [3, 25, 50, 75, 97])
def test_i01_killed_in_the_middle_of_a_hundred_publishes(new_server: Callable[..., Server], kill_after: int) -> None:
    server = new_server().start()
    app = account.create_alone(server)
    publishing = Publishing(app)
    with ThreadPoolExecutor(PUBLISHERS) as pool:
        clients = [pool.submit(publishing.run_client) for _ in range(PUBLISHERS)]
        assert publishing.wait_for(kill_after), "the publishes did not get far enough"
        server.kill()
        for client in clients:
            client.result()
    acknowledged = list(publishing.acknowledged)

    server.start()
    registry = app.registry()
    for package in acknowledged:
        assert registry.tarball(package.name, package.version).body == package.tarball(), f"{package} was lost"
        assert package.version in registry.packument(package.name)["versions"]
    listed = assert_all_listed_is_whole(app)
    assert {(package.name, package.version) for package in acknowledged} <= listed
    # The rest goes through as if nothing had happened; what was stored without an answer is the same bytes again.
    for package in PARCELS:
        assert registry.publish(package).status in (200, 201), package
    assert assert_all_listed_is_whole(app) == {(package.name, package.version) for package in PARCELS}
    app.close()


@pytest.mark.timeout(900)
def test_i01_killed_again_and_again_in_the_middle_of_a_cold_install(
    new_server: Callable[..., Server], source: Source, tmp_path: Path
) -> None:
    server = new_server().start()
    aws = account.profile_client(server)
    store, app = account.create_store_and_app(server, aws, account.create_domain(aws))
    npm = Npm(tmp_path / "home")
    npm.configure(app.npm_url, app.token)
    for kill_after in KILLED_AFTER:
        npm.empty_cache()
        broken = Path(shutil.copytree(APPLICATION, tmp_path / f"broken-{kill_after}"))
        with ThreadPoolExecutor(1) as pool:
            installing = pool.submit(npm.install_locked, broken, check=False)
            reached = source.wait_for(lambda after=kill_after: source.tarballs() >= after, timeout_s=300)
            assert reached
            server.kill()
            assert installing.result().status != 0
        server.start()
        # With the source out of reach while they are read, nothing that is missing can be fetched anew behind our back.
        source.cut()
        for repository in (app, store):
            assert_all_listed_is_whole(repository)
        source.restore()
    npm.empty_cache()
    npm.install_locked(Path(shutil.copytree(APPLICATION, tmp_path / "whole")))
    source.cut()
    # What passed through the store has the same rows of bytes; reading it all again would be a third of this story.
    assert len(assert_all_listed_is_whole(app)) > LEAST_PACKAGES
    for repository in (app, store):
        repository.close()


def test_a_polite_stop_finishes_what_is_under_way(new_server: Callable[..., Server]) -> None:
    server = new_server().start()
    app = account.create_alone(server)
    publishing = Publishing(app)
    with ThreadPoolExecutor(PUBLISHERS) as pool:
        clients = [pool.submit(publishing.run_client) for _ in range(PUBLISHERS)]
        assert publishing.wait_for(20)
        server.stop()
        for client in clients:
            client.result()
    server.start()
    listed = assert_all_listed_is_whole(app)
    # Drained, not cut: nothing was stored whose client did not hear of it.
    assert listed == {(package.name, package.version) for package in publishing.acknowledged}
    app.close()
