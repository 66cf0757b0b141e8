"""npm through a round-robin proxy in front of three nodes: published through one, installed through another at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

import pytest

from harness import account, knobs
from harness.account import Repository
from harness.client import installed_version
from harness.cluster import Cluster
from harness.npm_wire import Registry
from harness.packages import Package
from harness.postgres import Postgres
from harness.server import Server
from npm.driver import Npm


def repository_of(cluster: Cluster) -> Repository:
    """A fresh repository, seen through the proxy."""
    return account.create_alone(cluster.nodes[0], cluster.client())


def registry_at(repository: Repository, cluster: Cluster, node: int) -> Registry:
    """The npm endpoint of one node."""
    url = repository.npm_url.replace(cluster.proxy.url, cluster.nodes[node].url)
    return Registry(url, repository.token)


@pytest.mark.timeout(300)
def test_i03_published_through_one_node_and_installed_through_another(
    new_cluster: Callable[..., Cluster], tmp_path: Path
) -> None:
    cluster = new_cluster()
    app = repository_of(cluster)
    npm = Npm(tmp_path / "home")
    npm.configure(app.npm_url, app.token)
    project = npm.project("project")
    for number in range(1, 5):
        package = Package("parcel", f"{number}.0.0")
        npm.publish(package.write_to(tmp_path / package.version))
        npm.add(project, f"parcel@{package.version}")
        assert installed_version(project, "parcel") == package.version
    assert all(count > 0 for count in cluster.proxy.counts.values()), cluster.proxy.counts
    app.close()


@pytest.mark.timeout(300)
def test_i01_a_node_dies_in_the_middle_and_the_others_go_on(new_cluster: Callable[..., Cluster]) -> None:
    cluster = new_cluster()
    app = repository_of(cluster)
    acknowledged: list[Package] = []
    lock = threading.Lock()

    def publish(worker: int) -> None:
        url, token = app.npm_url, app.token
        for number in range(30):
            package = Package(f"parcel-{worker}", f"1.{number}.0", size_bytes=20_000)
            # A connection for each, so that each goes to another node; one that meets the dying node is tried again.
            for _ in range(5):
                registry = Registry(url, token)
                try:
                    answer = registry.publish(package)
                except (OSError, HTTPException):
                    continue
                finally:
                    registry.close()
                assert answer.status in (200, 201), answer
                with lock:
                    acknowledged.append(package)
                break

    assert app.npm_url and app.token
    threads = [threading.Thread(target=publish, args=(worker,)) for worker in range(6)]
    for thread in threads:
        thread.start()
    while len(acknowledged) < 40:
        assert any(thread.is_alive() for thread in threads)
        threads[0].join(0.02)
    cluster.nodes[1].kill()
    for thread in threads:
        thread.join()
    assert len(acknowledged) == 180
    for node in (0, 2):
        registry = registry_at(app, cluster, node)
        for package in acknowledged:
            assert registry.tarball(package.name, package.version).body == package.tarball(), package
            assert package.version in registry.packument(package.name)["versions"]
        registry.close()
    cluster.nodes[1].start()
    registry = registry_at(app, cluster, 1)
    assert len(registry.packument("parcel-0")["versions"]) == 30
    registry.close()
    app.close()


@pytest.mark.timeout(300)
def test_d04_while_the_database_is_gone_nodes_answer_503_and_afterwards_as_before(
    new_cluster: Callable[..., Cluster], postgres: Postgres
) -> None:
    cluster = new_cluster(count=2)
    app = repository_of(cluster)
    registry = registry_at(app, cluster, 0)
    package = Package("parcel", "1.0.0")
    assert registry.publish(package).status in (200, 201)
    for end in (postgres.stop, postgres.crash):
        end()
        answers = [registry.tarball("parcel", "1.0.0"), registry.get("parcel"), registry.publish(Package("x", "1.0.0"))]
        assert [answer.status for answer in answers] == [503, 503, 503]
        assert all(int(answer.headers["retry-after"]) > 0 for answer in answers)
        assert cluster.nodes[0].status_of("/readyz") == 503
        assert cluster.nodes[0].status_of("/healthz") == 200
        postgres.start()
        assert registry.tarball("parcel", "1.0.0").body == package.tarball()
    postgres.cut_connections()
    for version in range(2, 6):
        other = registry_at(app, cluster, version % 2)
        assert other.publish(Package("parcel", f"{version}.0.0")).status in (200, 201)
        assert f"{version}.0.0" in registry.packument("parcel")["versions"]
        other.close()
    registry.close()
    app.close()


def test_a_node_with_another_folder_of_bytes_does_not_start(
    new_cluster: Callable[..., Cluster], new_server: Callable[..., Server], postgres: Postgres, tmp_path: Path
) -> None:
    new_cluster(count=1)
    stray = Cluster(postgres, knobs.shared_folder(tmp_path / "elsewhere"), new_server, 1)
    with pytest.raises(RuntimeError, match=r"another place .* in \[blobs\]"):
        stray.start()
    stray.close()
