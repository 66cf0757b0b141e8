"""A proxy of bytes in front of a server that misbehaves when it is told to: swallows, delays, or refuses."""

from __future__ import annotations

import contextlib
import enum
import select
import socket
import time
from collections.abc import Iterator

from harness.loopback_proxy import PIECE_BYTES, LoopbackProxy, connect

# How often a connection on which nothing happens looks whether the mode has changed.
LOOK_S = 0.05
SORRY = b"<Error><Code>ServiceUnavailable</Code><Message>Please try again later.</Message></Error>"
REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/xml\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(SORRY), SORRY)
)


class Mode(enum.Enum):
    """What becomes of what arrives."""

    FORWARD = "forward"
    # Nothing passes and nothing is said, as when a machine vanishes. Connections that saw it are cut afterwards.
    SWALLOW = "swallow"
    # Every piece waits for a while.
    DELAY = "delay"
    # Every request over HTTP is answered 503.
    REFUSE = "refuse"
    # Connections are cut, and new ones at once.
    CUT = "cut"


class MisbehavingProxy(LoopbackProxy):
    """Hands connections on to another port."""

    def __init__(self, target: int, *, delay_s: float = 0.0) -> None:
        self._target = target
        self._delay_s = delay_s
        self.mode = Mode.FORWARD
        # How often a fault was felt.
        self.struck = 0
        super().__init__()

    @contextlib.contextmanager
    def fault(self, mode: Mode) -> Iterator[None]:
        """Inside the block it misbehaves."""
        self.mode = mode
        try:
            yield
        finally:
            self.mode = Mode.FORWARD

    def serve(self, client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.mode is Mode.REFUSE:
            self._refuse(client)
        elif self.mode is Mode.SWALLOW:
            self._swallow()
        elif self.mode is not Mode.CUT:
            with connect(self._target) as server:
                server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._hand_on({client: server, server: client})
            return
        self.struck += 1

    def _hand_on(self, pairs: dict[socket.socket, socket.socket]) -> None:
        while True:
            ready, _, _ = select.select(list(pairs), [], [], LOOK_S)
            if self.mode in (Mode.CUT, Mode.REFUSE, Mode.SWALLOW):
                self.struck += 1
                if self.mode is Mode.SWALLOW:
                    self._swallow()
                return
            if self.mode is Mode.DELAY and ready:
                self.struck += 1
                time.sleep(self._delay_s)
            for one in ready:
                piece = one.recv(PIECE_BYTES)
                if not piece:
                    return
                pairs[one].sendall(piece)

    def _swallow(self) -> None:
        while self.mode is Mode.SWALLOW:
            time.sleep(LOOK_S)

    def _refuse(self, client: socket.socket) -> None:
        client.settimeout(5)
        head = b""
        while b"\r\n\r\n" not in head:
            piece = client.recv(PIECE_BYTES)
            if not piece:
                return
            head += piece
        client.sendall(REFUSAL)
        client.shutdown(socket.SHUT_WR)
        # What is still on its way is taken, so that the answer is not lost to a reset.
        while client.recv(PIECE_BYTES):
            pass
