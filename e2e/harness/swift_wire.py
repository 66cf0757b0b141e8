"""The Swift package registry protocol spoken directly, over TLS: statuses, header fields and bytes."""

from __future__ import annotations

import http.client
import json
import ssl
import uuid
from typing import Any
from urllib.parse import urlsplit

from harness.account import Repository
from harness.npm_wire import Answer
from harness.swift_packages import SwiftPackage

JSON = "application/vnd.swift.registry.v1+json"
ZIP = "application/vnd.swift.registry.v1+zip"
MANIFEST = "application/vnd.swift.registry.v1+swift"
TIMEOUT_S = 60


class SwiftRegistry:
    """A repository's Swift endpoint. One instance belongs to one thread."""

    def __init__(self, repository: Repository, token: str | None = "") -> None:
        certificates = repository.server.certificates
        assert certificates is not None
        self._token = repository.token if token == "" else token
        parts = urlsplit(repository.endpoint("swift"))
        self._prefix = parts.path
        context = ssl.create_default_context(cafile=certificates.authority)
        self._connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=TIMEOUT_S, context=context
        )

    def ask(
        self, method: str, path: str, *, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """One request below the endpoint. Every answer says the version of the protocol."""
        sent = {} if self._token is None else {"Authorization": f"Bearer {self._token}"}
        self._connection.request(method, self._prefix + path, body=body, headers=sent | (headers or {}))
        answer = self._connection.getresponse()
        received = {name.lower(): value for name, value in answer.getheaders()}
        assert received.get("content-version") == "1", f"{method} {path}: {received}"
        return Answer(answer.status, received, answer.read())

    def get(self, path: str, accept: str = JSON) -> Answer:
        """GET with an Accept field."""
        return self.ask("GET", path, headers={"Accept": accept})

    def document(self, path: str) -> Any:
        """A document that must be there."""
        answer = self.get(path)
        assert answer.status == 200, f"{path}: {answer.status} {answer.body[:300]!r}"
        return json.loads(answer.body)

    def releases(self, package: SwiftPackage) -> list[str]:
        """The versions that are listed, in the order of the list."""
        return list(self.document(f"{package.scope}/{package.name}")["releases"])

    def publish(self, package: SwiftPackage, *, metadata: dict[str, Any] | None = None) -> Answer:
        """Publish a source archive of our own making."""
        boundary = uuid.uuid4().hex
        parts = [("source-archive", "application/zip", package.archive())]
        if metadata is not None:
            parts.append(("metadata", "application/json", json.dumps(metadata).encode()))
        body = b"".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\nContent-Type: {kind}\r\n\r\n'.encode()
            + content
            + b"\r\n"
            for name, kind, content in parts
        )
        headers = {"Accept": JSON, "Content-Type": f"multipart/form-data; boundary={boundary}"}
        return self.ask(
            "PUT",
            f"{package.scope}/{package.name}/{package.version}",
            body=body + f"--{boundary}--\r\n".encode(),
            headers=headers,
        )
