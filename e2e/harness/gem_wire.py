"""A gem host spoken directly, for what no client shows: statuses, headers and bytes.

The compact index, the older indexes and the push API of the guides of RubyGems. One instance belongs to one thread.
"""

from __future__ import annotations

import base64
import http.client
from urllib.parse import urlencode, urlsplit

from harness.gems import Gem
from harness.npm_wire import Answer

TIMEOUT_S = 60


class GemHost:
    """A repository's Ruby endpoint, or any gem source (without a token)."""

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
        """One request below the endpoint, with Basic as bundler and `gem install` send it."""
        sent = {}
        if self._token is not None:
            sent["Authorization"] = "Basic " + base64.b64encode(f"aws:{self._token}".encode()).decode()
        self._connection.request(method, self._prefix + path, body=body, headers=sent | (headers or {}))
        answer = self._connection.getresponse()
        received = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, received, answer.read())

    def get(self, path: str, *, headers: dict[str, str] | None = None) -> Answer:
        """GET."""
        return self.ask("GET", path, headers=headers)

    def info(self, name: str) -> dict[str, str]:
        """The lines about a gem by version and platform; none where it is absent."""
        answer = self.get(f"info/{name}")
        if answer.status == 404:
            return {}
        assert answer.status == 200, f"{name}: {answer.status} {answer.body[:300]!r}"
        head, _, lines = answer.body.decode().partition("---\n")
        assert head == "" or "---" not in head
        return dict(line.split(" ", 1) for line in lines.splitlines())

    def versions(self) -> dict[str, tuple[list[str], str]]:
        """What the list of all gems says when its lines are put together: versions, and the digest of each `info`."""
        answer = self.get("versions")
        assert answer.status == 200, answer
        return read_versions(answer.body.decode())

    def download(self, gem: Gem, *, headers: dict[str, str] | None = None) -> Answer:
        """The file of a gem."""
        return self.get(f"gems/{gem.file_name}", headers=headers)

    def push(self, gem: Gem, content: bytes | None = None) -> Answer:
        """Push as `gem push` does, which sends the key as the whole header."""
        sent = {"Content-Type": "application/octet-stream", "Authorization": f"Bearer {self._token}"}
        return self.ask("POST", "api/v1/gems", body=content or gem.archive(), headers=sent)

    def yank(self, gem: Gem) -> Answer:
        """Yank as `gem yank` does."""
        fields = {"gem_name": gem.name, "version": gem.version} | (
            {} if gem.platform == "ruby" else {"platform": gem.platform}
        )
        sent = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("DELETE", "api/v1/gems/yank", body=urlencode(fields).encode(), headers=sent)

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()


def read_versions(text: str) -> dict[str, tuple[list[str], str]]:
    """Later lines add versions, and take those away that have a hyphen before them; the last digest counts."""
    head, _, lines = text.partition("---\n")
    assert head.startswith("created_at: "), head
    found: dict[str, tuple[list[str], str]] = {}
    for line in lines.splitlines():
        name, told, digest = line.split(" ")
        held = found.get(name, ([], ""))[0]
        for one in told.split(","):
            if one.startswith("-"):
                held = [version for version in held if version != one[1:]]
            elif one not in held:
                held = [*held, one]
        found[name] = (held, digest)
    return found
