"""A public registry that can be cut off: a small proxy on loopback in front of the one that this machine uses.

Reliquary is told that the public connection is here. Absolute addresses in the metadata are rewritten to the proxy, so
that cutting it really cuts every byte: also those of files on another host, as the Python index has them. It counts
what it is asked, because "the second install asked for nothing" is a number, not a feeling.

Where the registries are is found in `harness.public_registries`.
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

CHUNK_BYTES = 256 * 1024
# Answers of a busy registry, and how long it is left alone before the next try. A story is about Reliquary: it must
# not fail because the registry behind the proxy had a bad second.
BUSY = (429, 502, 503, 504)
PAUSES_S = (0.5, 2.0)
# Passed on to the registry; everything else of the caller's request stays here.
FORWARDED = ("accept", "if-none-match", "if-modified-since", "range", "authorization", "user-agent")
# Passed back; lengths and encodings are set anew, because bodies are rewritten.
RETURNED = ("content-type", "etag", "last-modified", "cache-control", "content-range", "accept-ranges")


# Files of other hosts are asked for below this path, followed by the number of the host.
ELSEWHERE = "/.elsewhere/"
ARCHIVES = (".tgz", ".whl", ".tar.gz", ".zip", ".crate", "/download", ".gem")


@dataclass(frozen=True)
class Asked:
    """One request that reached the source."""

    method: str
    path: str
    status: int

    @property
    def is_tarball(self) -> bool:
        """Tarballs are told from metadata by their path."""
        return "/-/" in self.path and self.path.endswith(".tgz")

    @property
    def is_archive(self) -> bool:
        """Whether the bytes of a package were asked for."""
        return self.method == "GET" and self.path.endswith(ARCHIVES)


class Recorder(Protocol):
    """Told about every successful answer: path, request headers, content type, body as sent on."""

    def __call__(self, path: str, accept: str, content_type: str, body: bytes) -> None: ...


class Source:
    """The proxy. `cut` makes it vanish as a dead host does (connections are refused), `restore` brings it back."""

    def __init__(
        self,
        registry: str,
        *,
        probe: str = "-/ping",
        links: re.Pattern[bytes] | None = None,
        authorities: str | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """`probe` is a cheap path that a living registry answers; the first group of `links` finds the origin of a file
        that may lie on another host; `authorities` is a file with further certificate authorities.
        """
        self.registry = registry
        self.recorder = recorder
        self.asked: list[Asked] = []
        self._parts = urlsplit(registry)
        self._probe = probe
        self._links = links
        self._elsewhere: list[str] = []
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._local = threading.local()
        self._tls = _tls_context(authorities)
        self._listener: ThreadingHTTPServer | None = None
        self.port = 0
        self.restore()

    @property
    def url(self) -> str:
        """Where the proxy listens, with a trailing slash."""
        return f"http://127.0.0.1:{self.port}/"

    def is_reachable(self) -> bool:
        """Whether the registry behind the proxy answers."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = self._connect(self._parts, timeout_s=15)
            connection.request("GET", self._parts.path + self._probe, headers={"Accept": "application/json"})
            return connection.getresponse().status < 500
        return False

    # Being there, and not.

    def restore(self) -> None:
        """Listen again, on the same port."""
        if self._listener is not None:
            return
        handler = _handler_of(self)
        self._listener = _Listener(("127.0.0.1", self.port), handler)
        self.port = self._listener.server_address[1]
        threading.Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def cut(self) -> None:
        """Stop listening and break every open connection, also those in the middle of a body."""
        if self._listener is None:
            return
        self._listener.shutdown()
        self._listener.server_close()
        self._listener = None
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    close = cut

    # What it was asked.

    def forget(self) -> None:
        """Start counting anew."""
        with self._lock:
            self.asked.clear()

    def tarballs(self) -> int:
        """How many tarballs were asked for."""
        with self._lock:
            return sum(1 for asked in self.asked if asked.is_tarball)

    def archives(self) -> int:
        """How many archives of packages were asked for, of any format."""
        with self._lock:
            return sum(1 for asked in self.asked if asked.is_archive)

    def wait_for(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until something has been asked, e.g. the hundredth tarball."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if condition():
                return True
            time.sleep(0.01)
        return condition()

    # Inside.

    def _connect(self, host: SplitResult, timeout_s: float = 60) -> http.client.HTTPConnection:
        if host.scheme == "http":
            return http.client.HTTPConnection(host.hostname or "", host.port, timeout=timeout_s)
        return http.client.HTTPSConnection(host.hostname or "", host.port, timeout=timeout_s, context=self._tls)

    def _target(self, path: str) -> tuple[SplitResult, str]:
        """The host that a path of the proxy is about, and the path there."""
        if path.startswith(ELSEWHERE):
            number, _, rest = path.removeprefix(ELSEWHERE).partition("/")
            return urlsplit(self._elsewhere[int(number)]), "/" + rest
        return self._parts, self._parts.path.rstrip("/") + path

    def _ask(self, method: str, path: str, headers: dict[str, str]) -> http.client.HTTPResponse:
        """Ask the registry on this thread's connection; once more on a fresh one if it had gone stale."""
        host, target = self._target(path)
        kept: dict[str, http.client.HTTPConnection] = self._local.__dict__.setdefault("connections", {})
        for last in (False, True):
            connection = kept.get(host.netloc)
            if connection is None:
                connection = kept[host.netloc] = self._connect(host)
            try:
                connection.request(method, target, headers=headers)
                return connection.getresponse()
            except (OSError, http.client.HTTPException):
                connection.close()
                del kept[host.netloc]
                if last:
                    raise
        raise AssertionError("unreachable")

    def _ask_patiently(self, method: str, path: str, headers: dict[str, str]) -> http.client.HTTPResponse:
        """Ask again while the registry is busy; the last answer counts whatever it is."""
        for pause_s in PAUSES_S:
            answer = self._ask(method, path, headers)
            if answer.status not in BUSY:
                return answer
            answer.read()
            time.sleep(pause_s)
        return self._ask(method, path, headers)

    def _rewrite(self, body: bytes) -> bytes:
        """Addresses of the registry, and of the hosts that it keeps files on, become addresses of the proxy."""
        # Not where the same host goes on with a port of its own.
        registry = re.escape(self.registry.rstrip("/").encode()) + rb"(?![\w.:-])"
        body = re.sub(registry, self.url.rstrip("/").encode(), body)
        if self._links is None:
            return body
        own = self.url.rstrip("/")
        for origin in sorted({found.decode() for found in self._links.findall(body)} - {own}):
            with self._lock:
                if origin not in self._elsewhere:
                    self._elsewhere.append(origin)
                number = self._elsewhere.index(origin)
            body = body.replace(origin.encode() + b"/", f"{own}{ELSEWHERE}{number}/".encode())
        return body


def _tls_context(authorities: str | None) -> ssl.SSLContext:
    """Also the certificate authorities that the registry's own client trusts: a mirror may have a private one."""
    context = ssl.create_default_context()
    if authorities is not None:
        context.load_verify_locations(authorities)
    return context


class _Listener(ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: object, client_address: object) -> None:
        """Broken connections are what this proxy is for; they are no news."""


def _handler_of(source: Source) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Header and body leave together: without it every answer waits for a delayed acknowledgement.
        wbufsize = 64 * 1024
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            with source._lock:
                source._connections.add(self.connection)

        def finish(self) -> None:
            with source._lock:
                source._connections.discard(self.connection)
            super().finish()

        def log_message(self, format: str, *args: object) -> None:
            """Counted, not printed."""

        def do_GET(self) -> None:
            self._forward()

        def do_HEAD(self) -> None:
            self._forward()

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            self.rfile.read(length)
            self._reply(404, [], b"{}")

        def _forward(self) -> None:
            headers = {name: self.headers[name] for name in FORWARDED if name in self.headers}
            headers["Accept-Encoding"] = "gzip"
            try:
                answer = source._ask_patiently(self.command, self.path, headers)
            except (OSError, http.client.HTTPException) as error:
                self._count(502)
                self._reply(502, [("Content-Type", "text/plain")], str(error).encode())
                return
            self._count(answer.status)
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() in RETURNED]
            content_type = answer.getheader("content-type") or ""
            has_links = "json" in content_type or (source._links is not None and "html" in content_type)
            if not has_links and source.recorder is None and self.command == "GET":
                self._stream(answer, kept)
                return
            body = answer.read()
            if answer.getheader("content-encoding") == "gzip":
                body = gzip.decompress(body)
            if has_links:
                body = source._rewrite(body)
            if source.recorder is not None and answer.status == 200:
                source.recorder(self.path, self.headers.get("accept", ""), content_type, body)
            length = answer.getheader("content-length") if self.command == "HEAD" else None
            self._reply(answer.status, kept, body, length)

        def _count(self, status: int) -> None:
            with source._lock:
                source.asked.append(Asked(self.command, self.path, status))

        def _reply(self, status: int, headers: list[tuple[str, str]], body: bytes, length: str | None = None) -> None:
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            if status != 304:
                self.send_header("Content-Length", length or str(len(body)))
            self.end_headers()
            if self.command != "HEAD" and status != 304:
                self.wfile.write(body)
            self.wfile.flush()

        def _stream(self, answer: http.client.HTTPResponse, headers: list[tuple[str, str]]) -> None:
            """Tarballs pass through as they arrive; a gzip content coding is passed on as it is."""
            length = answer.getheader("content-length")
            if length is None or answer.getheader("content-encoding"):
                body = answer.read()
                if answer.getheader("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                self._reply(answer.status, headers, body)
                return
            self.send_response(answer.status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", length)
            self.end_headers()
            while chunk := answer.read(CHUNK_BYTES):
                self.wfile.write(chunk)
            self.wfile.flush()

    return Handler
