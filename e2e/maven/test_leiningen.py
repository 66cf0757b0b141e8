"""The shared stories with Leiningen, over https: the server has a certificate, and the client trusts its authority."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness import account, knobs
from harness.account import Repository
from harness.certificates import Certificates
from harness.jvm import JvmClient
from harness.server import Server
from harness.source import Source
from maven.leiningen import Leiningen
from scenarios.maven_family import MavenFamilyScenarios


@pytest.fixture(scope="module")
def maven_server(server_factory: Callable[..., Server], central_proxy: Source, certificates: Certificates) -> Server:
    """The server of this module, which speaks https."""
    sources = {knobs.MAVEN_CONNECTION: central_proxy.url}
    return server_factory(sources=sources, quotas=knobs.ROOMY_QUOTAS, certificates=certificates).start()


@pytest.fixture(scope="module")
def maven_aws(maven_server: Server) -> object:
    """boto3 for it."""
    return account.profile_client(maven_server)


@pytest.fixture
def maven_secluded(
    new_maven_server: Callable[..., Server], central: Source, certificates: Certificates
) -> Iterator[Repository]:
    """A server of a story's own."""
    yield account.create_connected(new_maven_server(certificates=certificates).start(), knobs.MAVEN_CONNECTION)
    central.restore()


class TestLeiningen(MavenFamilyScenarios):
    """Debian's Leiningen."""

    client_type = Leiningen

    @pytest.fixture
    def client(self, tmp_path: Path, certificates: Certificates) -> JvmClient:
        """The client, which trusts the authority of these stories and no other."""
        if reason := Leiningen.missing():
            pytest.skip(reason)
        client = Leiningen(tmp_path / "home")
        client.more_java_options = certificates.java_options()
        return client
