"""TLS between a node and PostgreSQL: the settings of `psql` mean what they mean there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness import account, knobs
from harness.certificates import Certificates
from harness.npm_wire import Registry
from harness.packages import Package
from harness.postgres import Postgres, find_programs
from harness.server import Server


@pytest.fixture
def postgres(certificates: Certificates) -> Iterator[Postgres]:
    """A PostgreSQL server that takes TLS and nothing else."""
    programs = find_programs()
    assert programs is not None, "PostgreSQL is not installed (Debian: apt-get install postgresql)"
    server = Postgres(programs, certificates)
    try:
        yield server.start()
    finally:
        server.close()


def with_query(postgres: Postgres, node: Server, query: str) -> Server:
    """The node, with such a URL of its database."""
    node.use_settings(knobs.shared_rows(f"{postgres.url}?{query}", node.url))
    return node


@pytest.mark.timeout(120)
def test_a_node_speaks_tls_and_checks_whom_it_speaks_to(
    postgres: Postgres, certificates: Certificates, new_server: Callable[..., Server], tmp_path: Path
) -> None:
    node = new_server()
    with_query(postgres, node, f"sslmode=verify-full&sslrootcert={certificates.authority}").start()
    aws = account.profile_client(node)
    domain = account.create_domain(aws)
    aws.create_repository(domain=domain, repository="app")
    app = account.Repository(node, aws, domain, "app")
    registry = Registry(app.npm_url, app.token)
    package = Package("parcel", "1.0.0")
    assert registry.publish(package).status in (200, 201)
    assert registry.tarball("parcel", "1.0.0").body == package.tarball()
    registry.close()
    encrypted = postgres.sql(
        "SELECT s.ssl FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE a.application_name LIKE 'reliquary%'"
    )
    assert encrypted and all(row == ["t"] for row in encrypted), encrypted
    node.stop()

    # Encrypted is not enough where the node was told whom to expect.
    stranger = Certificates.make(tmp_path / "stranger").authority
    for query, reason in (
        (f"sslmode=verify-full&sslrootcert={stranger}", "certificate"),
        (f"sslmode=verify-ca&sslrootcert={stranger}", "certificate"),
        ("sslmode=verify-full", "certificate"),
        ("sslmode=disable", "no encryption"),
    ):
        with pytest.raises(RuntimeError, match=rf"(?s)the database postgres://.*cannot be opened.*{reason}"):
            with_query(postgres, node, query).start()
    with_query(postgres, node, "sslmode=require").start()
    assert node.status_of("/readyz") == 200
