"""Nodes of two releases on one database, as while they are replaced one after the other.

No release comes after this one yet, so its migration is made up here, of everything that a migration may do. With
`--previous PROGRAM` an older program is taken, too: it makes the schema, this one migrates it, and both go on.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness import account
from harness.account import Repository
from harness.cluster import Cluster
from harness.npm_wire import Registry
from harness.packages import Package
from harness.postgres import Postgres

NEXT_RELEASE = """
    BEGIN;
    CREATE TABLE advisory (id BIGINT PRIMARY KEY, sha256 BYTEA NOT NULL);
    ALTER TABLE package_version ADD COLUMN license TEXT COLLATE "C";
    ALTER TABLE asset ADD COLUMN scanned_at_ms BIGINT NOT NULL DEFAULT 0;
    ALTER TABLE repository ADD COLUMN frozen BOOLEAN NOT NULL DEFAULT FALSE;
    CREATE INDEX package_version_license ON package_version (license);
    UPDATE package_version SET license = 'unknown';
    INSERT INTO installation_mark (name, mark)
        SELECT 'oldest-program', CAST(MAX(version) AS TEXT) FROM _sqlx_migrations WHERE TRUE
        ON CONFLICT (name) DO UPDATE SET mark = excluded.mark;
    INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        SELECT MAX(version) + 1, 'of the next release', TRUE, '\\x00', 0 FROM _sqlx_migrations;
    COMMIT;
"""
RELEASE_AFTER_THAT = """
    UPDATE installation_mark SET mark = (SELECT CAST(MAX(version) AS TEXT) FROM _sqlx_migrations)
    WHERE name = 'oldest-program'
"""


@pytest.fixture
def previous(pytestconfig: pytest.Config) -> Path:
    """The program of the release before."""
    if (program := pytestconfig.getoption("--previous")) is None:
        pytest.skip("no release was made yet; give an older program with --previous")
    return Path(program).resolve()


class Shelf:
    """A package that grows by a version now and then, written and read through single nodes."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        aws = cluster.client()
        domain = account.create_domain(aws)
        aws.create_repository(domain=domain, repository="app")
        self._repository = Repository(cluster.nodes[0], aws, domain, "app")
        self._token = self._repository.token
        self._versions: list[str] = []

    def _at(self, node: int) -> Registry:
        url = self._repository.npm_url.replace(self._cluster.proxy.url, self._cluster.nodes[node].url)
        return Registry(url, self._token)

    def publish(self, node: int) -> None:
        """Add a version through a node."""
        package = Package("parcel", f"{len(self._versions) + 1}.0.0")
        registry = self._at(node)
        answer = registry.publish(package)
        registry.close()
        assert answer.status in (200, 201), answer.body
        self._versions.append(package.version)

    def assert_whole_at(self, node: int) -> None:
        """All versions are in the list of a node, and their files can be fetched."""
        registry = self._at(node)
        assert list(registry.packument("parcel")["versions"]) == self._versions
        for version in self._versions:
            assert registry.tarball("parcel", version).status == 200
        registry.close()

    def close(self) -> None:
        """Give connections back."""
        self._repository.close()


@pytest.mark.timeout(300)
def test_i12_nodes_run_and_start_on_the_schema_of_the_next_release(
    new_cluster: Callable[..., Cluster], postgres: Postgres, tmp_path: Path
) -> None:
    cluster = new_cluster(count=2)
    shelf = Shelf(cluster)
    shelf.publish(0)
    postgres.sql(NEXT_RELEASE)
    # Those that run go on.
    shelf.publish(0)
    shelf.assert_whole_at(1)
    # One that ends may be started again.
    first, second = cluster.nodes
    second.restart()
    second.wait_for_log("schema of the next release")
    shelf.publish(1)
    shelf.assert_whole_at(0)
    # There may be bytes that only rows of the next release name, and rows that a backup of this one would leave out.
    shown = first.run_sweep().stderr
    assert "a schema of a later release" in shown, shown
    shown = first.carry("backup", "--to", str(tmp_path / "backups"), check=False)
    assert "a later release has changed the schema" in shown, shown
    assert first.fsck().findings == []
    # The release after that needs the one in between.
    postgres.sql(RELEASE_AFTER_THAT)
    second.stop()
    with pytest.raises(RuntimeError, match="which this program does not know; start that release or a later one"):
        second.start()
    shelf.publish(0)
    shelf.assert_whole_at(0)
    shelf.close()


@pytest.mark.timeout(300)
def test_i12_a_node_of_the_release_before_goes_on_beside_this_one(
    new_cluster: Callable[..., Cluster], binary: Path, previous: Path
) -> None:
    cluster = new_cluster(count=2, binary=previous)
    first, second = cluster.nodes
    shelf = Shelf(cluster)
    shelf.publish(0)
    shelf.publish(1)
    # The second is replaced, and migrates; the first does not know.
    second.stop()
    second.binary = binary
    second.start()
    shelf.publish(1)
    shelf.assert_whole_at(0)
    for _ in range(3):
        shelf.publish(0)
        shelf.assert_whole_at(1)
        shelf.publish(1)
        shelf.assert_whole_at(0)
    first.stop()
    first.binary = binary
    first.start()
    shelf.publish(0)
    shelf.assert_whole_at(1)
    assert second.fsck().findings == []
    shelf.close()
