"""npm packages to publish: as a folder for a client, as a tarball, and as the document that `npm publish` sends.

Everything is made from a seed, so a package read back can be compared byte by byte with what it should be.
The document is the one described in the npm registry API: `PUT {name}` with `_attachments`.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import itertools
import json
import random
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# A date npm itself uses for reproducible tarballs; any fixed date would do.
MTIME_S = 499_162_500
_names = itertools.count(1)


def fresh_name(stem: str = "parcel", scope: str | None = None) -> str:
    """A package name no other test of this run uses."""
    name = f"{stem}-{next(_names)}"
    return f"@{scope}/{name}" if scope else name


@dataclass(frozen=True)
class Package:
    """One version of a package with its files."""

    name: str
    version: str
    size_bytes: int = 2048
    manifest: dict[str, Any] = field(default_factory=dict)

    @property
    def base_name(self) -> str:
        """The name without its scope: tarballs are named after it."""
        return self.name.rpartition("/")[2]

    @property
    def tarball_name(self) -> str:
        """The file name that the ecosystem uses in addresses."""
        return f"{self.base_name}-{self.version}.tgz"

    @property
    def package_json(self) -> dict[str, Any]:
        """The manifest, completed."""
        return {
            "name": self.name,
            "version": self.version,
            "description": f"A parcel named {self.name}",
            "main": "index.js",
            "license": "Apache-2.0",
            **self.manifest,
        }

    def files(self) -> dict[str, bytes]:
        """File names and bytes; the payload does not compress, so sizes are what they say."""
        payload = random.Random(f"{self.name}@{self.version}").randbytes(self.size_bytes)
        return {
            "package.json": (json.dumps(self.package_json, indent=2) + "\n").encode(),
            "index.js": f'module.exports = "{self.name}@{self.version}";\n'.encode(),
            "README.md": f"# {self.name}\n\nVersion {self.version}.\n".encode(),
            "payload.bin": payload,
        }

    def write_to(self, folder: Path) -> Path:
        """A folder that a client can publish."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.files().items():
            (folder / name).write_bytes(content)
        return folder

    def tarball(self) -> bytes:
        """The same bytes on every call."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for name, content in self.files().items():
                entry = tarfile.TarInfo(f"package/{name}")
                entry.size, entry.mtime, entry.mode = len(content), MTIME_S, 0o644
                tar.addfile(entry, io.BytesIO(content))
        return gzip.compress(archive.getvalue(), compresslevel=1, mtime=0)

    def publish_document(self, registry: str, *, tag: str = "latest", tarball: bytes | None = None) -> dict[str, Any]:
        """What `npm publish` sends; other bytes may be given to try a forged republish."""
        content = self.tarball() if tarball is None else tarball
        manifest = self.package_json | {
            "_id": f"{self.name}@{self.version}",
            "dist": {
                "integrity": integrity(content),
                "shasum": hashlib.sha1(content).hexdigest(),
                "tarball": f"{registry}{self.name}/-/{self.tarball_name}",
            },
        }
        return {
            "_id": self.name,
            "name": self.name,
            "description": manifest["description"],
            "dist-tags": {tag: self.version},
            "versions": {self.version: manifest},
            "access": None,
            "_attachments": {
                f"{self.name}-{self.version}.tgz": {
                    "content_type": "application/octet-stream",
                    "data": base64.b64encode(content).decode(),
                    "length": len(content),
                }
            },
        }


def integrity(content: bytes) -> str:
    """The subresource-integrity form that packuments carry."""
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
