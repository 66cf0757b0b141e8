"""A public npm registry made of nothing but what a story puts into it: no network, no surprise, every request counted.

The npm registry protocol as far as a server that pulls through needs it: GET {name} answers a packument, GET
{name}/-/{file}.tgz a tarball.
"""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass, field
from typing import Any

from harness.fake_host import FakeHost, tagged
from harness.packages import Package, integrity

# When the first version of every package came out; each later one a minute after the one before.
FIRST_PUBLISHED = "2020-02-02T02:{minute:02d}:00.000Z"


@dataclass
class _Entry:
    versions: dict[str, Package] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


class FakeNpm(FakeHost):
    """The registry. `stop` makes it refuse connections, `start` brings it back on the same port."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._content = threading.Lock()
        super().__init__()

    @property
    def url(self) -> str:
        """Its address, with a trailing slash."""
        return f"http://127.0.0.1:{self.port}/"

    def publish(self, *packages: Package, tag: str = "latest") -> None:
        """Put versions into the registry; the last one gets the tag."""
        with self._content:
            for package in packages:
                entry = self._entries.setdefault(package.name, _Entry())
                entry.versions[package.version] = package
                entry.tags[tag] = package.version

    def tarballs_asked(self, name: str) -> int:
        """How often a tarball of a package was asked for."""
        return self.times_asked(f"/{name}/-/")

    def _packument(self, name: str) -> bytes | None:
        with self._content:
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
        with self._content:
            entry = self._entries.get(name, _Entry())
            found = [package for package in entry.versions.values() if package.tarball_name == file]
        return found[0].tarball() if found else None

    def answer(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        name, separator, file = path.removeprefix("/").partition("/-/")
        body = self._tarball(name, file) if separator else self._packument(name)
        if body is None:
            return 404, {"Content-Type": "application/json"}, b'{"error":"Not found"}'
        return tagged(body, "application/octet-stream" if separator else "application/json", headers)
