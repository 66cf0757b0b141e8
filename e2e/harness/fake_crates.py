"""A public Cargo registry made of nothing but what a story puts into it: no network, every request counted.

A sparse index without credentials as a server that pulls through needs it: `config.json`, index files with an ETag, and
crates ("Registry Index" in the Cargo book).
"""

from __future__ import annotations

import json
import re
import threading

from harness.crates import Crate, index_path
from harness.fake_host import FakeHost, tagged


class FakeCrates(FakeHost):
    """The registry. `stop` makes it refuse connections, `start` brings it back on the same port."""

    def __init__(self) -> None:
        self._crates: dict[str, list[Crate]] = {}
        self._yanked: set[tuple[str, str]] = set()
        # Crates that are sent with other bytes than the index says.
        self._broken: set[tuple[str, str]] = set()
        self._content = threading.Lock()
        super().__init__()

    @property
    def url(self) -> str:
        """The address of the index, with a trailing slash."""
        return f"http://127.0.0.1:{self.port}/index/"

    def publish(self, *crates: Crate) -> None:
        """Put crates into the registry."""
        with self._content:
            for crate in crates:
                self._crates.setdefault(crate.name, []).append(crate)

    def yank(self, name: str, version: str, *, undo: bool = False) -> None:
        """Yank a version, or take it back."""
        with self._content:
            (self._yanked.discard if undo else self._yanked.add)((name, version))

    def garble(self, name: str, version: str) -> None:
        """From now on the crate has other bytes than the index says."""
        with self._content:
            self._broken.add((name, version))

    def crates_asked(self, name: str) -> int:
        """How often a crate of this name was fetched."""
        return self.times_asked(f"/crates/{name}/")

    def answer(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        with self._content:
            if path == "/index/config.json":
                body = json.dumps({"dl": f"http://127.0.0.1:{self.port}/crates"}).encode()
                return 200, {"Content-Type": "application/json"}, body
            if found := re.fullmatch(r"/crates/([^/]+)/([^/]+)/download", path):
                return self._crate(found[1], found[2])
            return self._index(path.removeprefix("/index/"), headers)

    def _crate(self, name: str, version: str) -> tuple[int, dict[str, str], bytes]:
        for crate in self._crates.get(name, []):
            if crate.version == version:
                content = crate.archive()
                if (name, version) in self._broken:
                    content = content[:-1] + bytes([content[-1] ^ 1])
                return 200, {"Content-Type": "application/gzip"}, content
        return 403, {"Content-Type": "application/xml"}, b"<Error>AccessDenied</Error>"

    def _index(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        crates = next((crates for name, crates in self._crates.items() if index_path(name) == path), None)
        if crates is None:
            return 404, {"Content-Type": "text/plain"}, b"no such crate"
        lines = [one.index_line(yanked=(one.name, one.version) in self._yanked) for one in crates]
        body = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines).encode()
        return tagged(body, "text/plain", headers)
