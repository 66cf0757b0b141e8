"""Python packages to publish: as a project for a build tool, and as a wheel and a source archive.

Everything is made from a seed, so what is installed can be compared byte by byte with what it should be. Wheels are
those of PEP 427, source archives those of PEP 625, their metadata that of the core metadata specification.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import random
import re
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

# The first moment that a zip archive can name.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
MTIME_S = 499_162_500

# A build backend that a project brings along (PEP 517): building a source archive needs nothing from an index.
BACKEND = '''"""Builds the project that it lies in, with the standard library alone."""

import base64, hashlib, io, pathlib, tarfile, zipfile

HERE = pathlib.Path(__file__).resolve().parent.parent
PARTS = (HERE / "parts.txt").read_text().split()
MODULE, VERSION = PARTS
INFO = f"{MODULE}-{VERSION}.dist-info"
WHEEL = "Wheel-Version: 1.0\\nGenerator: stories\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"


def _files():
    files = {f"{MODULE}/{path.name}": path.read_bytes() for path in sorted((HERE / MODULE).iterdir()) if path.is_file()}
    return files | {f"{INFO}/METADATA": (HERE / "PKG-INFO").read_bytes(), f"{INFO}/WHEEL": WHEEL.encode()}


def _put(archive, name, content):
    archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)


def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = f"{MODULE}-{VERSION}-py3-none-any.whl"
    record = ""
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as archive:
        for path, content in _files().items():
            _put(archive, path, content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            record += f"{path},sha256={digest},{len(content)}\\n"
        _put(archive, f"{INFO}/RECORD", record + f"{INFO}/RECORD,,\\n")
    return name


def build_sdist(folder, config_settings=None):
    root = f"{MODULE}-{VERSION}"
    with tarfile.open(pathlib.Path(folder, f"{root}.tar.gz"), "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for name in ("PKG-INFO", "parts.txt", "pyproject.toml", "backend", MODULE):
            archive.add(HERE / name, f"{root}/{name}", filter=lambda one: None if "__pycache__" in one.name else one)
    return f"{root}.tar.gz"
'''
BUILD_SYSTEMS = {
    "own": '[build-system]\nrequires = []\nbuild-backend = "project_backend"\nbackend-path = ["backend"]\n',
    "setuptools": (
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n\n'
        '[tool.setuptools.package-data]\n"*" = ["*.bin"]\n'
    ),
    "poetry": '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n',
}


@dataclass(frozen=True)
class Distribution:
    """One version of a Python package."""

    name: str
    version: str
    size_bytes: int = 2048
    requires: tuple[str, ...] = ()
    requires_python: str = ">=3.8"
    # Another build of the same version has other bytes.
    build: int = 0

    @property
    def normalized(self) -> str:
        """The name as the index spells it (PEP 503)."""
        return re.sub(r"[-_.]+", "-", self.name).lower()

    @property
    def module(self) -> str:
        """The importable name, and how file names begin."""
        return self.normalized.replace("-", "_")

    @property
    def wheel_name(self) -> str:
        """The wheel's file name."""
        return f"{self.module}-{self.version}-py3-none-any.whl"

    @property
    def sdist_name(self) -> str:
        """The source archive's file name."""
        return f"{self.module}-{self.version}.tar.gz"

    def files(self) -> dict[str, bytes]:
        """The module's files; the payload does not compress, so sizes are what they say."""
        payload = random.Random(f"{self.name}=={self.version}+{self.build}").randbytes(self.size_bytes)
        return {"__init__.py": f'VERSION = "{self.version}"\n'.encode(), "payload.bin": payload}

    def metadata(self) -> bytes:
        """The core metadata: METADATA in the wheel, PKG-INFO in the source archive."""
        lines = [
            "Metadata-Version: 2.1",
            f"Name: {self.name}",
            f"Version: {self.version}",
            f"Summary: A parcel named {self.name}",
            "Home-page: https://parcels.example/",
            "License: Apache-2.0",
            f"Requires-Python: {self.requires_python}",
            *(f"Requires-Dist: {one}" for one in self.requires),
            "Description-Content-Type: text/markdown",
            "",
            f"# {self.name}",
            "",
        ]
        return "\n".join(lines).encode()

    def wheel(self) -> bytes:
        """The same bytes on every call."""
        info = f"{self.module}-{self.version}.dist-info"
        wheel = "Wheel-Version: 1.0\nGenerator: stories\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        files = {f"{self.module}/{name}": content for name, content in self.files().items()}
        files |= {f"{info}/METADATA": self.metadata(), f"{info}/WHEEL": wheel.encode()}
        record = "".join(f"{name},sha256={_record_digest(content)},{len(content)}\n" for name, content in files.items())
        files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as wheel_file:
            for name, content in files.items():
                wheel_file.writestr(zipfile.ZipInfo(name, ZIP_TIME), content)
        return archive.getvalue()

    def project_files(self, build_system: str = "own") -> dict[str, bytes]:
        """The project: a module, its metadata, and what says how it is built."""
        # A string of JSON is one of TOML.
        dependencies = ", ".join(json.dumps(one) for one in self.requires)
        project = [
            "[project]",
            f'name = "{self.name}"',
            f'version = "{self.version}"',
            f'description = "A parcel named {self.name}"',
            f'requires-python = "{self.requires_python}"',
            f"dependencies = [{dependencies}]",
            'authors = [{ name = "Stories", email = "stories@parcels.example" }]',
            "",
            BUILD_SYSTEMS[build_system],
        ]
        files = {"pyproject.toml": "\n".join(project).encode()}
        files |= {f"{self.module}/{name}": content for name, content in self.files().items()}
        if build_system == "own":
            files |= {
                "PKG-INFO": self.metadata(),
                "parts.txt": f"{self.module} {self.version}\n".encode(),
                "backend/project_backend.py": BACKEND.encode(),
            }
        return files

    def sdist(self) -> bytes:
        """The same bytes on every call; it builds without an index."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for name, content in self.project_files().items():
                entry = tarfile.TarInfo(f"{self.module}-{self.version}/{name}")
                entry.size, entry.mtime, entry.mode = len(content), MTIME_S, 0o644
                tar.addfile(entry, io.BytesIO(content))
        return gzip.compress(archive.getvalue(), compresslevel=1, mtime=0)

    def write_project(self, folder: Path, build_system: str = "own") -> Path:
        """A folder that a client can build and publish."""
        for name, content in self.project_files(build_system).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return folder

    def write_wheel(self, folder: Path) -> Path:
        """The wheel as a file."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / self.wheel_name).write_bytes(self.wheel())
        return folder / self.wheel_name

    def write_sdist(self, folder: Path) -> Path:
        """The source archive as a file."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / self.sdist_name).write_bytes(self.sdist())
        return folder / self.sdist_name


def _record_digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
