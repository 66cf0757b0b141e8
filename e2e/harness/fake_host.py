"""A public host that stories make up: a listener on loopback that counts what it is asked and can be gone.

What it answers is a subclass's affair: `answer` gets the path and the headers, and says status, headers and body.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from abc import ABC, abstractmethod
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


class FakeHost(ABC):
    """`stop` makes it refuse connections, `start` brings it back on the same port."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._lock = threading.Lock()
        self._listener: ThreadingHTTPServer | None = None
        self.port = 0
        self.start()

    @abstractmethod
    def answer(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body for a path without its query; the names of the request's headers are lower-case."""

    def start(self) -> None:
        """Listen, on the same port as before."""
        if self._listener is None:
            self._listener = _Listener(("127.0.0.1", self.port), _handler_of(self))
            self.port = self._listener.server_address[1]
            threading.Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """Refuse connections."""
        if self._listener is not None:
            self._listener.shutdown()
            self._listener.server_close()
            self._listener = None

    def times_asked(self, *words: str) -> int:
        """How often a path was asked for that holds all these words."""
        with self._lock:
            return sum(1 for path in self.asked if all(word in path for word in words))

    def forget(self) -> None:
        """Start counting anew."""
        with self._lock:
            self.asked.clear()

    def count(self, path: str) -> None:
        """One more request."""
        with self._lock:
            self.asked.append(path)


def tagged(
    body: bytes, content_type: str, asked_with: dict[str, str], status: int = 200
) -> tuple[int, dict[str, str], bytes]:
    """An answer with an ETag of its bytes, or 304 for who has them."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    told = {"Content-Type": content_type, "ETag": etag}
    if status == 200 and asked_with.get("if-none-match") == etag:
        return 304, told, b""
    return status, told, body


class _Listener(ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Broken connections are no news."""


def _handler_of(host: FakeHost) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 64 * 1024
        disable_nagle_algorithm = True
        # A connection that is kept would outlive the listener: a host that is gone must be gone.
        timeout = 5

        def log_message(self, format: str, *args: object) -> None:
            """Counted, not printed."""

        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            host.count(path)
            status, headers, body = host.answer(path, {name.lower(): value for name, value in self.headers.items()})
            with contextlib.suppress(OSError):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Connection", "close")
                if status != 304:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)
                self.wfile.flush()

        do_HEAD = do_GET

    return Handler
