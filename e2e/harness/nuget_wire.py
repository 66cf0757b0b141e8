"""The NuGet Server API spoken directly, for what no client shows: statuses, documents and bytes.

One instance keeps one connection and belongs to one thread.
"""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import uuid
from typing import Any
from urllib.parse import urlsplit

from harness.npm_wire import Answer
from harness.nuget_packages import Nupkg

TIMEOUT_S = 60


class Feed:
    """A repository's NuGet endpoint."""

    def __init__(self, url: str, token: str | None) -> None:
        assert url.endswith("/"), url
        self.url = url
        self._token = token
        parts = urlsplit(url)
        self._prefix = parts.path
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
        self._resources: dict[str, str] = {}

    def ask(
        self, method: str, path: str, *, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """One request; `path` is below the endpoint, or a whole address of this server."""
        sent = {}
        if self._token is not None:
            sent["Authorization"] = "Basic " + base64.b64encode(f"aws:{self._token}".encode()).decode()
        if "://" in path:
            parts = urlsplit(path)
            path = parts.path + (f"?{parts.query}" if parts.query else "")
        elif not path.startswith("/"):
            path = self._prefix + path
        self._connection.request(method, path, body=body, headers=sent | (headers or {}))
        answer = self._connection.getresponse()
        received = {name.lower(): value for name, value in answer.getheaders()}
        content = answer.read()
        if received.get("content-encoding") == "gzip":
            content = gzip.decompress(content)
        return Answer(answer.status, received, content)

    def get(self, path: str, **headers: str) -> Answer:
        """GET with headers."""
        return self.ask("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def document(self, path: str) -> Any:
        """A document that must be there."""
        answer = self.get(path)
        assert answer.status == 200, f"{path}: {answer.status} {answer.body[:300]!r}"
        return json.loads(answer.body)

    def resource(self, kind: str) -> str:
        """Where the service index says that a resource is."""
        if not self._resources:
            for one in self.document("v3/index.json")["resources"]:
                kinds = one["@type"] if isinstance(one["@type"], list) else [one["@type"]]
                self._resources |= dict.fromkeys(kinds, one["@id"])
        return self._resources[kind]

    def has_resource(self, kind: str) -> bool:
        """Whether the service index names it."""
        self.resource("PackageBaseAddress/3.0.0")
        return kind in self._resources

    def versions(self, name: str) -> list[str]:
        """The versions in the flat container, or none where the package is not."""
        answer = self.get(f"{self.resource('PackageBaseAddress/3.0.0')}{name.lower()}/index.json")
        assert answer.status in (200, 404), answer
        return json.loads(answer.body)["versions"] if answer.status == 200 else []

    def nupkg(self, name: str, version: str) -> Answer:
        """A package file."""
        flat = self.resource("PackageBaseAddress/3.0.0")
        name, version = name.lower(), version.lower()
        return self.get(f"{flat}{name}/{version}/{name}.{version}.nupkg")

    def entries(self, name: str, kind: str = "RegistrationsBaseUrl/3.6.0") -> dict[str, dict[str, Any]]:
        """The catalog entries of a registration by version, all pages."""
        index = self.document(f"{self.resource(kind)}{name.lower()}/index.json")
        found = {}
        for page in index["items"]:
            leaves = page["items"] if "items" in page else self.document(page["@id"])["items"]
            assert len(leaves) == page["count"]
            found |= {leaf["catalogEntry"]["version"]: leaf["catalogEntry"] for leaf in leaves}
        return found

    def push(self, package: Nupkg | bytes) -> Answer:
        """Push as clients do: a form of one part."""
        content = package.content() if isinstance(package, Nupkg) else package
        boundary = uuid.uuid4().hex
        body = (
            f"--{boundary}\r\nContent-Type: application/octet-stream\r\n"
            "Content-Disposition: form-data; name=package; filename=package.nupkg\r\n\r\n"
        ).encode()
        body += content + f"\r\n--{boundary}--\r\n".encode()
        headers = {"Content-Type": f'multipart/form-data; boundary="{boundary}"'}
        return self.ask("PUT", self.resource("PackagePublish/2.0.0"), body=body, headers=headers)

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()
