"""The npm registry protocol spoken directly, for what no client shows: statuses, headers and bytes.

One instance keeps one connection and belongs to one thread.
"""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from harness.packages import Package

ABBREVIATED = "application/vnd.npm.install-v1+json"
FULL = "application/json"
TIMEOUT_S = 60


@dataclass(frozen=True)
class Answer:
    """Status, lower-case headers and body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Registry:
    """A repository's npm endpoint."""

    def __init__(self, url: str, token: str | None) -> None:
        assert url.endswith("/"), url
        self.url = url
        self.token = token
        parts = urlsplit(url)
        self._prefix = parts.path
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_S)

    def ask(
        self, method: str, path: str, *, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """One request below the endpoint; `path` is already encoded."""
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if body is not None:
            sent["Content-Type"] = "application/json"
        self._connection.request(method, self._prefix + path, body=body, headers=sent | (headers or {}))
        answer = self._connection.getresponse()
        received = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, received, answer.read())

    def get(self, path: str, *, accept: str = FULL, headers: dict[str, str] | None = None) -> Answer:
        """GET with an Accept header."""
        return self.ask("GET", path, headers={"Accept": accept} | (headers or {}))

    def packument(self, name: str, *, accept: str = FULL) -> dict[str, Any]:
        """A packument that must be there."""
        answer = self.get(encoded(name), accept=accept)
        assert answer.status == 200, f"{name}: {answer.status} {answer.body[:300]!r}"
        return answer.json()

    def tarball(self, name: str, version: str) -> Answer:
        """A tarball by the address the ecosystem uses."""
        return self.get(f"{name}/-/{name.rpartition('/')[2]}-{version}.tgz", accept="*/*")

    def publish(self, package: Package, *, tag: str = "latest", tarball: bytes | None = None) -> Answer:
        """Publish as npm does."""
        document = package.publish_document(self.url, tag=tag, tarball=tarball)
        return self.ask("PUT", encoded(package.name), body=json.dumps(document).encode())

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()


def encoded(name: str) -> str:
    """`@scope/name` as npm sends it: one path segment, lower-case hex."""
    return quote(name, safe="@").replace("%2F", "%2f")
