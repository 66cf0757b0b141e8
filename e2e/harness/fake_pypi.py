"""A public Python index made of nothing but what a story puts into it: no network, no surprise, every request counted.

The simple repository API as far as a server that pulls through needs it: GET simple/{project}/ in JSON or HTML
(PEP 691, PEP 503) with sizes and upload times (PEP 700), yanked files (PEP 592) and metadata beside wheels (PEP 658).
"""

from __future__ import annotations

import hashlib
import html
import json
import threading
from dataclasses import dataclass
from typing import Any

from harness.fake_host import FakeHost, tagged
from harness.python_packages import Distribution

JSON = "application/vnd.pypi.simple.v1+json"
# When the first file of the index came out; each later one a minute after the one before.
UPLOADED = "2020-02-02T{hour:02d}:{minute:02d}:00.000000Z"


@dataclass
class _File:
    distribution: Distribution
    name: str
    content: bytes
    uploaded: str
    has_metadata: bool
    yanked: str | bool = False


class FakePypi(FakeHost):
    """The index. `stop` makes it refuse connections, `start` brings it back on the same port."""

    def __init__(self) -> None:
        self._files: dict[str, list[_File]] = {}
        self._count = 0
        self._content = threading.Lock()
        super().__init__()

    @property
    def url(self) -> str:
        """The address of the index, with a trailing slash."""
        return f"http://127.0.0.1:{self.port}/simple/"

    def publish(
        self, *distributions: Distribution, wheel: bool = True, sdist: bool = False, metadata: bool = True
    ) -> None:
        """Put files into the index, with or without metadata beside the wheels."""
        for one in distributions:
            if sdist:
                self._add(one, one.sdist_name, one.sdist(), has_metadata=False)
            if wheel:
                self._add(one, one.wheel_name, one.wheel(), has_metadata=metadata)

    def _add(self, distribution: Distribution, name: str, content: bytes, *, has_metadata: bool) -> None:
        with self._content:
            uploaded = UPLOADED.format(hour=self._count // 60 % 24, minute=self._count % 60)
            self._count += 1
            files = self._files.setdefault(distribution.normalized, [])
            files.append(_File(distribution, name, content, uploaded, has_metadata))

    def yank(self, name: str, version: str, reason: str | bool = True) -> None:
        """Yank all files of a version, with a reason or without; `False` takes it back."""
        with self._content:
            found = [file for file in self._files[name] if file.distribution.version == version]
            assert found, f"no {version} of {name}"
            for file in found:
                file.yanked = reason

    def wheels_asked(self, name: str) -> list[str]:
        """The whole or partial wheels of a package that were asked for, without their metadata."""
        with self._lock:
            start = f"/files/{name.replace('-', '_')}-"
            return [path for path in self.asked if path.startswith(start) and path.endswith(".whl")]

    def _page(self, name: str) -> dict[str, Any] | None:
        with self._content:
            files = self._files.get(name)
            if files is None:
                return None
            shown = []
            for file in files:
                facts: dict[str, Any] = {
                    "filename": file.name,
                    "url": f"http://127.0.0.1:{self.port}/files/{file.name}",
                    "hashes": {"sha256": hashlib.sha256(file.content).hexdigest()},
                    "requires-python": file.distribution.requires_python,
                    "size": len(file.content),
                    "upload-time": file.uploaded,
                    "yanked": file.yanked,
                }
                if file.has_metadata:
                    digest = hashlib.sha256(file.distribution.metadata()).hexdigest()
                    facts["core-metadata"] = facts["data-dist-info-metadata"] = {"sha256": digest}
                shown.append(facts)
            versions = list(dict.fromkeys(file.distribution.version for file in files))
            return {"meta": {"api-version": "1.1"}, "name": name, "versions": versions, "files": shown}

    def _file(self, name: str) -> bytes | None:
        wanted = name.removesuffix(".metadata")
        with self._content:
            for files in self._files.values():
                for file in files:
                    if file.name == wanted:
                        if name == wanted:
                            return file.content
                        return file.distribution.metadata() if file.has_metadata else None
        return None

    def answer(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        if path.startswith("/files/"):
            content = self._file(path.removeprefix("/files/"))
            if content is None:
                return 404, {"Content-Type": "text/plain"}, b""
            return tagged(content, "application/octet-stream", headers)
        page = self._page(path.removeprefix("/simple/").rstrip("/"))
        if page is None:
            return 404, {"Content-Type": "text/html"}, b"<h1>404 Not Found</h1>"
        if JSON in headers.get("accept", ""):
            return tagged(json.dumps(page).encode(), JSON, headers)
        return tagged(_as_html(page).encode(), "text/html", headers)


def _as_html(page: dict[str, Any]) -> str:
    anchors = []
    for file in page["files"]:
        attributes = f'data-requires-python="{html.escape(file["requires-python"])}"'
        if file["yanked"] is not False:
            reason = "" if file["yanked"] is True else html.escape(file["yanked"])
            attributes += f' data-yanked="{reason}"'
        if "core-metadata" in file:
            attributes += f' data-core-metadata="sha256={file["core-metadata"]["sha256"]}"'
        href = f"{file['url']}#sha256={file['hashes']['sha256']}"
        anchors.append(f'<a href="{href}" {attributes}>{file["filename"]}</a><br>')
    return "<!DOCTYPE html><html><body>\n" + "\n".join(anchors) + "\n</body></html>\n"
