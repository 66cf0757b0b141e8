"""A proxy of bytes in front of an object store that hears which signed addresses are asked for, and with which fields.

The addresses that a server signs for its clients name this proxy; what the server asks for itself is signed in a field.
"""

from __future__ import annotations

import re
import socket
import ssl
from dataclasses import dataclass

from harness.certificates import Certificates
from harness.loopback_proxy import LoopbackProxy, connect, hand_on

SIGNED = re.compile(rb"(?:GET|HEAD) (\S+[?&]X-Amz-Signature=\S+) HTTP/1\.1\r\n")
# No head is longer; of a body no more than this is kept.
HEAD_BYTES = 65536


@dataclass(frozen=True)
class Heard:
    """One request by a signed address."""

    path: str
    # By their names in lower case.
    fields: dict[str, str]


class Overheard(LoopbackProxy):
    """Stands in front of a port, with TLS if it is given certificates."""

    def __init__(self, target: int, certificates: Certificates | None = None) -> None:
        self._target = target
        self._tls: ssl.SSLContext | None = None
        if certificates is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificates.certificate, certificates.key)
        self.heard: list[Heard] = []
        super().__init__()

    @property
    def origin(self) -> str:
        """Where the store is, by a name that the servers of the stories do not have: clients must see two hosts."""
        return f"{'http' if self._tls is None else 'https'}://localhost:{self.port}"

    def asked_for(self, sha256: str) -> list[Heard]:
        """The requests for a blob."""
        return [one for one in self.heard if f"/blobs/{sha256[:2]}/{sha256[2:]}?" in one.path]

    def serve(self, client: socket.socket) -> None:
        said = bytearray()
        with connect(self._target) as store:
            if self._tls is None:
                hand_on(client, store, lambda piece: self._hear(said, piece))
                return
            with self._tls.wrap_socket(client, server_side=True) as opened:
                hand_on(opened, store, lambda piece: self._hear(said, piece))

    def _hear(self, said: bytearray, piece: bytes) -> None:
        said += piece
        while (end := said.find(b"\r\n\r\n")) >= 0:
            head = bytes(said[: end + 2])
            del said[: end + 4]
            if asked := SIGNED.match(head):
                lines = head.decode("latin-1").split("\r\n")[1:-1]
                fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                self.heard.append(Heard(asked[1].decode("latin-1"), fields))
        del said[:-HEAD_BYTES]
