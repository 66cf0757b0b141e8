"""The simple repository API and the legacy upload API spoken directly, for what no client shows: statuses and bytes.

PEP 503 and PEP 691 for reading; the upload form is the one that twine sends. One instance belongs to one thread.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import uuid
from typing import Any
from urllib.parse import urlsplit

from harness.npm_wire import Answer
from harness.python_packages import Distribution

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
TIMEOUT_S = 60


class Index:
    """A repository's Python endpoint, or any simple index (`prefix` is then empty and there is no token)."""

    def __init__(self, url: str, token: str | None, *, simple: str = "simple/") -> None:
        assert url.endswith("/"), url
        self.url = url
        self.simple = simple
        self._token = token
        parts = urlsplit(url)
        self._prefix = parts.path
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_S)

    def ask(
        self, method: str, path: str, *, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """One request; `path` is below the endpoint, or absolute, or a whole address of this server."""
        sent = {}
        if self._token is not None:
            sent["Authorization"] = "Basic " + base64.b64encode(f"aws:{self._token}".encode()).decode()
        path = path.partition("#")[0]
        if "://" in path:
            path = urlsplit(path).path
        elif not path.startswith("/"):
            path = self._prefix + path
        self._connection.request(method, path, body=body, headers=sent | (headers or {}))
        answer = self._connection.getresponse()
        received = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, received, answer.read())

    def get(self, path: str, *, accept: str = "*/*", headers: dict[str, str] | None = None) -> Answer:
        """GET with an Accept header."""
        return self.ask("GET", path, headers={"Accept": accept} | (headers or {}))

    def page(self, name: str) -> dict[str, Any]:
        """The JSON page of a project that must be there."""
        answer = self.get(f"{self.simple}{name}/", accept=JSON)
        assert answer.status == 200, f"{name}: {answer.status} {answer.body[:300]!r}"
        assert answer.headers["content-type"] == JSON
        return answer.json()

    def files(self, name: str) -> dict[str, dict[str, Any]]:
        """The files of a project's page by file name."""
        return {file["filename"]: file for file in self.page(name)["files"]}

    def upload(self, distribution: Distribution, *, sdist: bool = False, **changes: str | bytes) -> Answer:
        """Upload as twine does; `changes` are other values of fields, `content` and `filename` among them."""
        content = changes.pop("content", None) or (distribution.sdist() if sdist else distribution.wheel())
        name = changes.pop("filename", None) or (distribution.sdist_name if sdist else distribution.wheel_name)
        assert isinstance(content, bytes) and isinstance(name, str)
        fields: dict[str, Any] = {
            ":action": "file_upload",
            "protocol_version": "1",
            "metadata_version": "2.1",
            "name": distribution.name,
            "version": distribution.version,
            "filetype": "sdist" if sdist else "bdist_wheel",
            "pyversion": "source" if sdist else "py3",
            "summary": f"A parcel named {distribution.name}",
            "requires_python": distribution.requires_python,
            "requires_dist": list(distribution.requires),
            "md5_digest": hashlib.md5(content).hexdigest(),
            "sha256_digest": hashlib.sha256(content).hexdigest(),
            "blake2_256_digest": hashlib.blake2b(content, digest_size=32).hexdigest(),
        } | changes
        body, content_type = form(fields, name, content)
        return self.ask("POST", "", body=body, headers={"Content-Type": content_type})

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()


def form(fields: dict[str, Any], file_name: str, content: bytes) -> tuple[bytes, str]:
    """A multipart form with one file, and its content type (RFC 7578)."""
    boundary = uuid.uuid4().hex
    parts = []
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{one}\r\n'.encode())
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="content"; filename="{file_name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n".encode()
        + content
        + b"\r\n"
    )
    parts.append(f"--{boundary}--\r\n".encode())
    return b"".join(parts), f"multipart/form-data; boundary={boundary}"
