"""The sparse index and the web API of a registry spoken directly, for what cargo does not show: statuses and bytes.

"Registry Index" and "Web API" in the Cargo book. One instance belongs to one thread.
"""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import quote, urlsplit

from harness.crates import Crate, index_path
from harness.npm_wire import Answer

TIMEOUT_S = 60


class Registry:
    """A repository's Cargo endpoint, or any sparse index (without a token)."""

    def __init__(self, url: str, token: str | None) -> None:
        assert url.endswith("/"), url
        self.url = url
        self._token = token
        parts = urlsplit(url)
        self._prefix = parts.path
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_S)

    def ask(
        self, method: str, path: str, *, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """One request; `path` is below the endpoint, or a whole address of this server."""
        sent = {"Authorization": self._token} if self._token is not None else {}
        if "://" in path:
            path = urlsplit(path).path
        elif not path.startswith("/"):
            path = self._prefix + path
        self._connection.request(method, path, body=body, headers=sent | (headers or {}))
        answer = self._connection.getresponse()
        received = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, received, answer.read())

    def get(self, path: str, *, headers: dict[str, str] | None = None) -> Answer:
        """GET."""
        return self.ask("GET", path, headers=headers)

    def config(self) -> dict[str, Any]:
        """`config.json`, which must be there."""
        answer = self.get("config.json")
        assert answer.status == 200, answer
        return answer.json()

    def index(self, name: str, *, headers: dict[str, str] | None = None) -> Answer:
        """The index file of a crate."""
        return self.get(index_path(name), headers=headers)

    def lines(self, name: str) -> dict[str, dict[str, Any]]:
        """The lines of a crate by version; none where it is absent."""
        answer = self.index(name)
        if answer.status == 404:
            return {}
        assert answer.status == 200, f"{name}: {answer.status} {answer.body[:300]!r}"
        lines = [json.loads(line) for line in answer.body.splitlines() if line.strip()]
        return {line["vers"]: line for line in lines}

    def download(self, name: str, version: str, checksum: str = "", *, headers: dict[str, str] | None = None) -> Answer:
        """A crate from where `dl` says."""
        return self.get(download_address(self.config()["dl"], name, version, checksum), headers=headers)

    def publish(self, crate: Crate, **changes: Any) -> Answer:
        """Publish as cargo does; `changes` are other values of the metadata, `archive` the crate itself."""
        return self.ask("PUT", "api/v1/crates/new", body=crate.publication(**changes))

    def yank(self, name: str, version: str, *, undo: bool = False) -> Answer:
        """Yank, or take it back."""
        method, verb = ("PUT", "unyank") if undo else ("DELETE", "yank")
        return self.ask(method, f"api/v1/crates/{name}/{version}/{verb}")

    def search(self, text: str) -> dict[str, Any]:
        """What the web API finds."""
        answer = self.get(f"api/v1/crates?q={quote(text)}")
        assert answer.status == 200, answer
        return answer.json()

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()


def download_address(template: str, name: str, version: str, checksum: str) -> str:
    """The address of a crate from `dl`, markers and all ("Index Configuration" in the Cargo book)."""
    folders = index_path(name).rpartition("/")[0]
    markers = {
        "{crate}": name,
        "{version}": version,
        "{prefix}": _as_spelled(folders, name),
        "{lowerprefix}": folders,
        "{sha256-checksum}": checksum,
    }
    if not any(marker in template for marker in markers):
        return f"{template}/{name}/{version}/download"
    for marker, value in markers.items():
        template = template.replace(marker, value)
    return template


def _as_spelled(folders: str, name: str) -> str:
    """The folders of a crate in the case of its name."""
    if len(name) <= 3:
        return folders if len(name) < 3 else f"3/{name[0]}"
    return f"{name[:2]}/{name[2:4]}"
