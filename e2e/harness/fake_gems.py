"""A public gem host made of nothing but what a story puts into it: no network, every request counted.

The compact index, the files and their specifications ("Compact Index API" in the guides of RubyGems), without
credentials.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable

from harness.fake_host import FakeHost
from harness.gems import Gem

TEXT = "text/plain; charset=utf-8"


class FakeGems(FakeHost):
    """The host. `stop` makes it refuse connections, `start` brings it back on the same port."""

    def __init__(self, specification: Callable[[Gem], bytes] | None = None) -> None:
        """`specification` makes what Ruby itself would write about a gem below `quick/`."""
        self._specification = specification
        self._gems: dict[str, list[Gem]] = {}
        # Files that are sent with other bytes than the index says.
        self._broken: set[str] = set()
        self._content = threading.Lock()
        super().__init__()

    @property
    def url(self) -> str:
        """The address of the host, with a trailing slash."""
        return f"http://127.0.0.1:{self.port}/"

    def publish(self, *gems: Gem) -> None:
        """Put gems onto the host."""
        with self._content:
            for gem in gems:
                self._gems.setdefault(gem.name, []).append(gem)

    def yank(self, gem: Gem) -> None:
        """Take a gem away, as public hosts do."""
        with self._content:
            self._gems[gem.name].remove(gem)

    def garble(self, gem: Gem) -> None:
        """From now on the file has other bytes than the index says."""
        with self._content:
            self._broken.add(gem.file_name)

    def files_asked(self, name: str) -> int:
        """How often a file of this gem was fetched."""
        return self.times_asked(f"/gems/{name}-")

    def answer(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        with self._content:
            if path.startswith("/gems/"):
                return self._file(path.removeprefix("/gems/"))
            if path.startswith("/quick/Marshal.4.8/"):
                return self._quick(path.removeprefix("/quick/Marshal.4.8/").removesuffix(".gemspec.rz"))
            text = self._index(path)
        if text is None:
            return 404, {"Content-Type": "text/plain"}, b"This gem could not be found"
        body = text.encode()
        etag = f'"{hashlib.md5(body).hexdigest()}"'
        told = {"Content-Type": TEXT, "ETag": etag}
        return (304, told, b"") if headers.get("if-none-match") == etag else (200, told, body)

    def _file(self, name: str) -> tuple[int, dict[str, str], bytes]:
        for gem in (gem for gems in self._gems.values() for gem in gems):
            if gem.file_name == name:
                content = gem.archive()
                if name in self._broken:
                    content = content[:600] + bytes([content[600] ^ 1]) + content[601:]
                return 200, {"Content-Type": "application/octet-stream"}, content
        return 404, {"Content-Type": "text/plain"}, b"This gem could not be found"

    def _quick(self, full_name: str) -> tuple[int, dict[str, str], bytes]:
        found = [gem for gems in self._gems.values() for gem in gems if gem.full_name == full_name]
        if not found or self._specification is None:
            return 404, {"Content-Type": "text/plain"}, b"This gem could not be found"
        return 200, {"Content-Type": "application/octet-stream"}, self._specification(found[0])

    def _index(self, path: str) -> str | None:
        if path == "/names":
            return "---\n" + "".join(f"{name}\n" for name in sorted(self._gems))
        if path == "/versions":
            lines = []
            for name, gems in sorted(self._gems.items()):
                digest = hashlib.md5(self._info(name).encode()).hexdigest()
                lines.append(f"{name} {','.join(gem.numbered for gem in gems)} {digest}\n")
            return "created_at: 2020-02-02T02:02:02Z\n---\n" + "".join(lines)
        name = path.removeprefix("/info/")
        return self._info(name) if path.startswith("/info/") and self._gems.get(name) else None

    def _info(self, name: str) -> str:
        return "---\n" + "".join(f"{gem.info_line()}\n" for gem in self._gems[name])
