"""A public npm registry made of nothing but what a story puts into it: no network, no surprise, every request counted.

The npm registry protocol as far as a server that pulls through needs it: GET {name} answers a packument, GET
{name}/-/{file}.tgz a tarball.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from harness.packages import Package, integrity

# When the first version of every package came out; each later one a minute after the one before.
FIRST_PUBLISHED = "2020-02-02T02:{minute:02d}:00.000Z"


@dataclass
class _Entry:
    versions: dict[str, Package] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


class FakeNpm:
    """The registry. `stop` makes it refuse connections, `start` brings it back on the same port."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._entries: dict[str, _Entry] = {}
        self._lock = threading.Lock()
        self._listener: ThreadingHTTPServer | None = None
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        """Its address, with a trailing slash."""
        return f"http://127.0.0.1:{self.port}/"

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

    def publish(self, *packages: Package, tag: str = "latest") -> None:
        """Put versions into the registry; the last one gets the tag."""
        with self._lock:
            for package in packages:
                entry = self._entries.setdefault(package.name, _Entry())
                entry.versions[package.version] = package
                entry.tags[tag] = package.version

    def tarballs_asked(self, name: str) -> int:
        """How often a tarball of a package was asked for."""
        with self._lock:
            return sum(1 for path in self.asked if path.startswith(f"/{name}/-/"))

    def times_asked(self, name: str) -> int:
        """How often anything of a package was asked for."""
        with self._lock:
            return sum(1 for path in self.asked if path == f"/{name}" or path.startswith(f"/{name}/-/"))

    def _packument(self, name: str) -> bytes | None:
        with self._lock:
            entry = self._entries.get(name)
            if entry is None:
                return None
            versions: dict[str, Any] = {}
            time: dict[str, str] = {"created": FIRST_PUBLISHED.format(minute=0)}
            for minute, (version, package) in enumerate(entry.versions.items()):
                content = package.tarball()
                versions[version] = package.package_json | {
                    "_id": f"{name}@{version}",
                    "dist": {
                        "integrity": integrity(content),
                        "shasum": hashlib.sha1(content).hexdigest(),
                        "tarball": f"{self.url}{name}/-/{package.tarball_name}",
                    },
                }
                time[version] = FIRST_PUBLISHED.format(minute=minute)
            time["modified"] = FIRST_PUBLISHED.format(minute=len(entry.versions))
            document = {"_id": name, "name": name, "dist-tags": dict(entry.tags), "versions": versions, "time": time}
            return json.dumps(document).encode()

    def _tarball(self, name: str, file: str) -> bytes | None:
        with self._lock:
            entry = self._entries.get(name, _Entry())
            found = [package for package in entry.versions.values() if package.tarball_name == file]
        return found[0].tarball() if found else None

    def _answer(self, path: str) -> tuple[int, str, bytes]:
        path = unquote(urlsplit(path).path)
        with self._lock:
            self.asked.append(path)
        name, separator, file = path.removeprefix("/").partition("/-/")
        body = self._tarball(name, file) if separator else self._packument(name)
        if body is None:
            return 404, "application/json", b'{"error":"Not found"}'
        return 200, "application/octet-stream" if separator else "application/json", body


class _Listener(ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Broken connections are no news."""


def _handler_of(registry: FakeNpm) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 64 * 1024
        disable_nagle_algorithm = True
        # A connection that is kept would outlive the listener: a registry that is gone must be gone.
        timeout = 5

        def log_message(self, format: str, *args: object) -> None:
            """Counted, not printed."""

        def do_GET(self) -> None:
            status, content_type, body = registry._answer(self.path)
            etag = '"' + hashlib.sha256(body).hexdigest()[:32] + '"'
            if status == 200 and self.headers.get("if-none-match") == etag:
                status, body = 304, b""
            with contextlib.suppress(OSError):
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("ETag", etag)
                self.send_header("Connection", "close")
                if status != 304:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                self.wfile.flush()

    return Handler
