"""A small load balancer for bytes: each new connection goes to the next node, and to another where that one is gone."""

from __future__ import annotations

import itertools
import selectors
import socket
import threading


class RoundRobin:
    """Listens on a loopback port and hands connections on. It reads nothing of what goes through it."""

    def __init__(self, ports: list[int]) -> None:
        self._ports = ports
        self._next = itertools.count()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        # How many connections each node got.
        self.counts = dict.fromkeys(ports, 0)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The address that clients use."""
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            node = self._connect()
            if node is None:
                return
            with node, selectors.DefaultSelector() as ready:
                ready.register(client, selectors.EVENT_READ, node)
                ready.register(node, selectors.EVENT_READ, client)
                try:
                    while True:
                        for key, _ in ready.select():
                            piece = key.fileobj.recv(65536)  # type: ignore[union-attr]
                            if not piece:
                                return
                            key.data.sendall(piece)
                except OSError:
                    return

    def _connect(self) -> socket.socket | None:
        for _ in self._ports:
            port = self._ports[next(self._next) % len(self._ports)]
            try:
                node = socket.create_connection(("127.0.0.1", port), timeout=5)
            except OSError:
                continue
            node.settimeout(None)
            self.counts[port] += 1
            return node
        return None
