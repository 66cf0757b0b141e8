"""What proxies of bytes have in common: a port on loopback, and a thread for each connection that comes there.

What becomes of a connection is a subclass's affair; most hand it on to somebody else.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable

PIECE_BYTES = 65536


class LoopbackProxy(ABC):
    """Listens from the moment that it is made: a subclass has its own fields before it calls this."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @abstractmethod
    def serve(self, client: socket.socket) -> None:
        """What becomes of one connection. It is closed afterwards; one that breaks is no news."""

    def close(self) -> None:
        """Take no more connections."""
        with contextlib.suppress(OSError):
            # Closing alone would not wake who waits for the next one.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            self.serve(client)


def connect(port: int) -> socket.socket:
    """A connection to a port on loopback, which waits for answers as long as it takes."""
    opened = socket.create_connection(("127.0.0.1", port), timeout=5)
    opened.settimeout(None)
    return opened


def hand_on(client: socket.socket, server: socket.socket, hear: Callable[[bytes], None] | None = None) -> None:
    """Pass bytes both ways until one side ends. What the client says is heard before it is passed on."""
    with selectors.DefaultSelector() as ready:
        ready.register(client, selectors.EVENT_READ, server)
        ready.register(server, selectors.EVENT_READ, client)
        while True:
            for key, _ in ready.select():
                piece = key.fileobj.recv(PIECE_BYTES)  # type: ignore[union-attr]
                if not piece:
                    return
                if hear is not None and key.fileobj is client:
                    hear(piece)
                key.data.sendall(piece)
