"""pip with twine, and Maven, through a round-robin proxy in front of three nodes on PostgreSQL and an object store:
published through one node, installed through another at once, also while one of them is dead.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness import account
from harness.account import Repository
from harness.cluster import Cluster
from harness.maven_artifacts import Artifact
from harness.python_client import installed_versions, site_packages
from harness.python_packages import Distribution
from maven.mvn import Maven38
from python.pip_and_twine import PipAndTwine


@pytest.fixture
def cluster(new_cluster: Callable[..., Cluster], bucket_settings: str) -> Cluster:
    """Three nodes."""
    return new_cluster(bytes_settings=bucket_settings)


@pytest.fixture
def app(cluster: Cluster) -> Repository:
    """A fresh repository, seen through the proxy."""
    return account.create_alone(cluster.nodes[0], cluster.client())


def change_nodes(cluster: Cluster, number: int) -> None:
    """In the middle of a story one node dies, and later comes back."""
    if number == 2:
        cluster.nodes[1].kill()
    if number == 3:
        cluster.nodes[1].start()


@pytest.mark.timeout(400)
def test_i03_what_twine_uploads_through_one_node_pip_installs_through_another(
    cluster: Cluster, app: Repository, tmp_path: Path
) -> None:
    client = PipAndTwine(tmp_path / "home")
    client.configure(app.pypi_url, app.token)
    for number in range(1, 5):
        package = Distribution("parcel", f"{number}.0", size_bytes=400_000)
        wheel, sdist = package.write_wheel(tmp_path / "dist"), package.write_sdist(tmp_path / "dist")
        client.twine.upload(wheel, sdist)
        change_nodes(cluster, number)
        environment = tmp_path / f"environment-{number}"
        # The newest without being named: the index that any node gives must have it.
        client.pip.install(environment, "parcel")
        assert installed_versions(environment)["parcel"] == package.version
        for name, content in package.files().items():
            assert (site_packages(environment) / package.module / name).read_bytes() == content
    assert all(count > 0 for count in cluster.proxy.counts.values()), cluster.proxy.counts


@pytest.mark.timeout(400)
def test_i03_what_maven_deploys_through_one_node_maven_resolves_through_another(
    cluster: Cluster, app: Repository, tmp_path: Path
) -> None:
    if reason := Maven38.missing():
        pytest.skip(reason)
    mvn = Maven38(tmp_path / "home")
    mvn.configure(app)
    for number in range(1, 5):
        artifact = Artifact("parcel", f"{number}.0", size_bytes=400_000)
        mvn.publish(artifact)
        change_nodes(cluster, number)
        # The newest of a range: what any node gives as the list of versions must have it.
        mvn.resolve("consumer", f"{artifact.group}:parcel:[{number - 1}.5,)")
        assert mvn.fetched("consumer") == {artifact.file_name(): artifact.jar()}
    assert all(count > 0 for count in cluster.proxy.counts.values()), cluster.proxy.counts
