"""One server with TLS for the stories of Swift: its package manager logs in to nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness import account, knobs
from harness.account import Repository
from harness.certificates import Certificates
from harness.server import Server
from harness.swift_client import Swift, missing
from harness.swift_packages import SwiftPackage


@pytest.fixture(scope="session")
def swift_server(server_factory: Callable[..., Server], certificates: Certificates) -> Server:
    """The server that the stories of this folder share."""
    return server_factory(certificates=certificates, quotas=knobs.ROOMY_QUOTAS, settings=knobs.COUNTED_SETTINGS).start()


@pytest.fixture(scope="session")
def swift_aws(swift_server: Server) -> Any:
    """boto3 as its root."""
    return account.profile_client(swift_server)


@pytest.fixture
def registry(swift_server: Server, swift_aws: Any) -> Repository:
    """A fresh repository."""
    return account.create_alone(swift_server, swift_aws, "private")


@pytest.fixture
def swift(registry: Repository, certificates: Certificates, tmp_path: Path) -> Swift:
    """SwiftPM that is pointed at the repository."""
    if reason := missing():
        pytest.skip(reason)
    client = Swift(tmp_path / "home", certificates)
    client.configure(registry)
    return client


@pytest.fixture
def publish(swift: Swift) -> Callable[..., SwiftPackage]:
    """Publishes packages as users do, in a folder of each."""

    def publish_one(package: SwiftPackage, *options: str) -> SwiftPackage:
        folder = swift.folder(f"source/{package.identity}-{package.version}-{package.build}", package.files())
        swift.publish(folder, package.identity, package.version, *options)
        return package

    return publish_one
