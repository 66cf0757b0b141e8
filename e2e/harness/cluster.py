"""Several nodes of one installation: one PostgreSQL, one place of bytes, a round-robin proxy in front."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import account, knobs
from harness.postgres import Postgres
from harness.round_robin import RoundRobin
from harness.server import Server


class Cluster:
    """Nodes with folders of their own for what is theirs alone. The first to start makes the account's key."""

    def __init__(
        self,
        postgres: Postgres,
        bytes_settings: str,
        new_server: Callable[..., Server],
        count: int,
        *,
        settings: str = "",
        binary: Path | None = None,
    ) -> None:
        self.nodes = [new_server(quotas=knobs.ROOMY_QUOTAS) for _ in range(count)]
        for node in self.nodes:
            node.binary = binary or node.binary
        # The address that clients are told is the proxy's, so the nodes get their settings after it.
        self.proxy = RoundRobin([node.port for node in self.nodes])
        for node in self.nodes:
            node.use_settings(knobs.shared_rows(postgres.url, self.proxy.url) + bytes_settings + settings)

    def start(self) -> Cluster:
        """Start the first node, which makes the key, and then the others at once."""
        self.nodes[0].start()
        for node in self.nodes[1:]:
            node.launch()
        for node in self.nodes[1:]:
            node.wait_until_ready()
        return self

    def client(self, node: Server | None = None) -> Any:
        """boto3 with the account's key: through the proxy, or to one node."""
        key = knobs.read_profile_key(self.nodes[0].data_dir)
        return account.url_client(self.proxy.url if node is None else node.url, key)

    def close(self) -> None:
        """Close the proxy; nodes and database belong to fixtures."""
        self.proxy.close()
