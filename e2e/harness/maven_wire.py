"""The repository layout spoken directly, for what no client shows: statuses, headers, bytes.

One instance keeps one connection and belongs to one thread.
"""

from __future__ import annotations

import base64
import http.client
from urllib.parse import urlsplit
from xml.etree import ElementTree

from harness.maven_artifacts import Artifact, checksum
from harness.npm_wire import Answer

TIMEOUT_S = 60
METADATA = "maven-metadata.xml"
PUT_STATUSES = (200, 201)


def basic(token: str) -> str:
    """The credentials as Maven sends them."""
    return "Basic " + base64.b64encode(f"aws:{token}".encode()).decode()


class Layout:
    """A repository's Maven endpoint."""

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
        """One request below the endpoint."""
        sent = {"Authorization": basic(self.token)} if self.token else {}
        self._connection.request(method, self._prefix + path, body=body, headers=sent | (headers or {}))
        answer = self._connection.getresponse()
        received = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, received, answer.read())

    def get(self, path: str, **headers: str) -> Answer:
        """GET."""
        return self.ask("GET", path, headers=headers)

    def head(self, path: str) -> Answer:
        """HEAD."""
        return self.ask("HEAD", path)

    def put(self, path: str, content: bytes | str, **headers: str) -> Answer:
        """PUT, whatever comes of it."""
        body = content.encode() if isinstance(content, str) else content
        return self.ask("PUT", path, body=body, headers=headers)

    def store(self, path: str, content: bytes | str) -> None:
        """PUT, which must succeed."""
        answer = self.put(path, content)
        assert answer.status in PUT_STATUSES, f"PUT {path}: {answer.status} {answer.body[:300]!r}"

    def publish_files(self, artifact: Artifact, *algorithms: str) -> None:
        """Every file, each followed by its checksums, as Maven orders them; the metadata is not among them."""
        for name, content in artifact.files().items():
            self.store(artifact.version_folder + name, content)
            for algorithm in algorithms:
                self.store(f"{artifact.version_folder}{name}.{algorithm}", checksum(content, algorithm))

    def publish(self, artifact: Artifact) -> Artifact:
        """A whole publication with checksums, ended by the metadata."""
        self.publish_files(artifact, "md5", "sha1")
        document = artifact.metadata()
        self.store(artifact.folder + METADATA, document)
        self.store(f"{artifact.folder}{METADATA}.sha1", checksum(document, "sha1"))
        return artifact

    def metadata(self, path: str) -> Metadata:
        """The metadata of a folder, which must be there."""
        answer = self.get(path + METADATA)
        assert answer.status == 200, f"{path}{METADATA}: {answer.status} {answer.body[:300]!r}"
        return Metadata(answer.body)

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()


class Metadata:
    """A `maven-metadata.xml` that was read ("Maven Metadata" in the documentation of Maven)."""

    def __init__(self, document: bytes) -> None:
        self.document = document
        self._root = ElementTree.fromstring(document)
        for element in self._root.iter():
            element.tag = element.tag.rpartition("}")[2]

    def text(self, path: str) -> str | None:
        """The text at a path below the root."""
        return self._root.findtext(path)

    @property
    def versions(self) -> list[str]:
        """The versions, in the order given."""
        return [element.text or "" for element in self._root.findall("versioning/versions/version")]

    @property
    def latest(self) -> str | None:
        """The newest version."""
        return self.text("versioning/latest")

    @property
    def release(self) -> str | None:
        """The newest version that is no snapshot."""
        return self.text("versioning/release")

    @property
    def build_number(self) -> int:
        """The number of the newest build of a snapshot."""
        return int(self.text("versioning/snapshot/buildNumber") or 0)

    @property
    def builds(self) -> dict[tuple[str, str], str]:
        """The newest build of a snapshot: extension and classifier to the value that file names carry."""
        return {
            (one.findtext("extension") or "", one.findtext("classifier") or ""): one.findtext("value") or ""
            for one in self._root.findall("versioning/snapshotVersions/snapshotVersion")
        }

    @property
    def plugins(self) -> dict[str, str]:
        """The plugins of a group: prefix to artifact."""
        return {
            one.findtext("prefix") or "": one.findtext("artifactId") or ""
            for one in self._root.findall("plugins/plugin")
        }
