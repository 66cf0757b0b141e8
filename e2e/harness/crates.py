"""Crates to publish: as a project for cargo, as a `.crate` file, as a line of an index, as what `cargo publish` sends.

Everything is made from a seed, so what is fetched can be compared byte by byte with what it should be. The forms are
those of "Registries" in the Cargo book.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import struct
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MTIME_S = 499_162_500


@dataclass(frozen=True)
class Crate:
    """One version of a crate."""

    name: str
    version: str
    size_bytes: int = 2048
    # Name and requirement of normal dependencies.
    requires: tuple[tuple[str, str], ...] = ()
    rust_version: str | None = None
    # Another build of the same version has other bytes.
    build: int = 0

    @property
    def module(self) -> str:
        """The name in Rust code."""
        return self.name.replace("-", "_")

    @property
    def folder(self) -> str:
        """The top folder in the archive, and where cargo unpacks it."""
        return f"{self.name}-{self.version}"

    @property
    def payload(self) -> bytes:
        """A file that does not compress, so sizes are what they say."""
        return random.Random(f"{self.name} {self.version} {self.build}").randbytes(self.size_bytes)

    def manifest(self, registry: str | None = None) -> str:
        """`Cargo.toml`; dependencies come from the named registry, else from the public one."""
        lines = [
            "[package]",
            f'name = "{self.name}"',
            f'version = "{self.version}"',
            'edition = "2021"',
            f'description = "A parcel named {self.name}"',
            'license = "Apache-2.0"',
        ]
        if self.rust_version:
            lines.append(f'rust-version = "{self.rust_version}"')
        lines += ["", "[dependencies]"]
        for name, requirement in self.requires:
            where = f', registry = "{registry}"' if registry else ""
            lines.append(f'{name} = {{ version = "{requirement}"{where} }}')
        # Never part of a workspace that it may lie below.
        return "\n".join([*lines, "", "[workspace]", ""])

    def files(self, registry: str | None = None) -> dict[str, bytes]:
        """The files of the project."""
        code = f'/// What was published.\npub const VERSION: &str = "{self.version}";\n'
        return {
            "Cargo.toml": self.manifest(registry).encode(),
            "src/lib.rs": code.encode(),
            "payload.bin": self.payload,
        }

    def write_project(self, folder: Path, registry: str | None = None) -> Path:
        """A folder that cargo can publish."""
        for name, content in self.files(registry).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return folder

    def archive(self) -> bytes:
        """The `.crate` file, the same bytes on every call."""
        written = io.BytesIO()
        with tarfile.open(fileobj=written, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for name, content in self.files().items():
                entry = tarfile.TarInfo(f"{self.folder}/{name}")
                entry.size, entry.mtime, entry.mode = len(content), MTIME_S, 0o644
                tar.addfile(entry, io.BytesIO(content))
        return gzip.compress(written.getvalue(), compresslevel=1, mtime=0)

    def index_line(self, *, yanked: bool = False) -> dict[str, Any]:
        """The line of an index."""
        return {
            "name": self.name,
            "vers": self.version,
            "deps": [
                {
                    "name": name,
                    "req": requirement if requirement[:1] in "<>=~^*" else f"^{requirement}",
                    "features": [],
                    "optional": False,
                    "default_features": True,
                    "target": None,
                    "kind": "normal",
                }
                for name, requirement in self.requires
            ],
            "cksum": hashlib.sha256(self.archive()).hexdigest(),
            "features": {},
            "yanked": yanked,
            **({"rust_version": self.rust_version} if self.rust_version else {}),
        }

    def publication(self, **changes: Any) -> bytes:
        """The body that `cargo publish` sends; `changes` are other values of its metadata."""
        archive = changes.pop("archive", None) or self.archive()
        dependencies = [
            {key: value for key, value in one.items() if key != "req"}
            | {"version_req": one["req"], "registry": None, "explicit_name_in_toml": None}
            for one in self.index_line()["deps"]
        ]
        metadata = {
            "name": self.name,
            "vers": self.version,
            "deps": dependencies,
            "features": {},
            "authors": [],
            "description": f"A parcel named {self.name}",
            "documentation": None,
            "homepage": None,
            "readme": None,
            "readme_file": None,
            "keywords": [],
            "categories": [],
            "license": "Apache-2.0",
            "license_file": None,
            "repository": None,
            "badges": {},
            "links": None,
            "rust_version": self.rust_version,
        } | changes
        text = json.dumps(metadata).encode()
        return struct.pack("<I", len(text)) + text + struct.pack("<I", len(archive)) + archive


def index_path(name: str) -> str:
    """Where an index has a crate ("Index Files" in the Cargo book)."""
    name = name.lower()
    if len(name) <= 2:
        return f"{len(name)}/{name}"
    return f"3/{name[0]}/{name}" if len(name) == 3 else f"{name[:2]}/{name[2:4]}/{name}"
