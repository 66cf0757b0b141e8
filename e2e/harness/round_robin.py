"""A small load balancer for bytes: each new connection goes to the next node, and to another where that one is gone."""

from __future__ import annotations

import itertools
import socket

from harness.loopback_proxy import LoopbackProxy, connect, hand_on


class RoundRobin(LoopbackProxy):
    """It reads nothing of what goes through it."""

    def __init__(self, ports: list[int]) -> None:
        self._ports = ports
        self._next = itertools.count()
        # How many connections each node got.
        self.counts = dict.fromkeys(ports, 0)
        super().__init__()

    @property
    def url(self) -> str:
        """The address that clients use."""
        return f"http://127.0.0.1:{self.port}"

    def serve(self, client: socket.socket) -> None:
        node = self._connect()
        if node is not None:
            with node:
                hand_on(client, node)

    def _connect(self) -> socket.socket | None:
        for _ in self._ports:
            port = self._ports[next(self._next) % len(self._ports)]
            try:
                node = connect(port)
            except OSError:
                continue
            self.counts[port] += 1
            return node
        return None
