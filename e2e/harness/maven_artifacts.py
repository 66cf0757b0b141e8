"""Maven artifacts to publish: a POM and a jar made from a seed, so that what is read back can be compared byte by byte.

The POM is that of "POM Reference" in the documentation of Maven; the layout that of "Repository Layout - Default".
"""

from __future__ import annotations

import hashlib
import io
import itertools
import random
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

_names = itertools.count(1)
# A fixed time, so that a jar has the same bytes on every call.
ENTRY_TIME = (2026, 1, 1, 0, 0, 0)
ALGORITHMS = ("md5", "sha1", "sha256", "sha512")


def fresh_artifact(stem: str = "crate") -> str:
    """An artifact id that no other test of this run uses."""
    return f"{stem}-{next(_names)}"


def checksum(content: bytes, algorithm: str) -> str:
    """Lower-case hex, as checksum files have it."""
    return hashlib.new(algorithm, content).hexdigest()


def jar_of(seed: str, size_bytes: int = 2048) -> bytes:
    """A jar whose payload does not compress, so that sizes are what they say."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as jar:
        for name, content in (
            ("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\r\n\r\n"),
            ("payload.bin", random.Random(seed).randbytes(size_bytes)),
        ):
            jar.writestr(zipfile.ZipInfo(name, ENTRY_TIME), content)
    return archive.getvalue()


@dataclass(frozen=True)
class Artifact:
    """One version of an artifact."""

    name: str
    version: str
    group: str = "com.acme.parcels"
    size_bytes: int = 2048
    dependencies: list[str] = field(default_factory=list)
    """`group:artifact:version` each; a version may be a range."""
    classifiers: tuple[str, ...] = ()

    @property
    def coordinates(self) -> str:
        """`group:artifact:version`."""
        return f"{self.group}:{self.name}:{self.version}"

    @property
    def folder(self) -> str:
        """The path of the artifact, with a trailing slash."""
        return f"{self.group.replace('.', '/')}/{self.name}/"

    @property
    def version_folder(self) -> str:
        """The path of the version, with a trailing slash."""
        return f"{self.folder}{self.version}/"

    def file_name(self, extension: str = "jar", classifier: str = "") -> str:
        """The name of a file of it."""
        return f"{self.name}-{self.version}{'-' if classifier else ''}{classifier}.{extension}"

    def path(self, extension: str = "jar", classifier: str = "") -> str:
        """Where a file of it lies."""
        return self.version_folder + self.file_name(extension, classifier)

    def jar(self, classifier: str = "") -> bytes:
        """The bytes of the jar, or of the one with a classifier."""
        return jar_of(f"{self.coordinates}:{classifier}", self.size_bytes)

    def pom(self) -> bytes:
        """The POM."""
        dependencies = "".join(_dependency(one) for one in self.dependencies)
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<project xmlns="http://maven.apache.org/POM/4.0.0">\n'
            "  <modelVersion>4.0.0</modelVersion>\n"
            f"  <groupId>{self.group}</groupId>\n"
            f"  <artifactId>{self.name}</artifactId>\n"
            f"  <version>{self.version}</version>\n"
            f"  <name>Parcel {self.name}</name>\n"
            f"  <description>What is in {self.name}</description>\n"
            "  <url>https://parcels.example/</url>\n"
            "  <licenses><license><name>Apache-2.0</name><url>https://licences.example/apache</url></license></licenses>\n"
            f"  <dependencies>{dependencies}</dependencies>\n"
            "</project>\n"
        ).encode()

    def files(self) -> dict[str, bytes]:
        """Every file by its name: POM, jar, and a jar for each classifier."""
        named = {self.file_name("pom"): self.pom(), self.file_name(): self.jar()}
        return named | {self.file_name("jar", one): self.jar(one) for one in self.classifiers}

    def write_to(self, folder: Path) -> Path:
        """The files on disk, for a client to publish."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.files().items():
            (folder / name).write_bytes(content)
        return folder

    def metadata(self, *versions: str) -> bytes:
        """The `maven-metadata.xml` that a client uploads: it names what the client has published."""
        listed = "".join(f"<version>{version}</version>" for version in versions or (self.version,))
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<metadata><groupId>{self.group}</groupId><artifactId>{self.name}</artifactId>"
            f"<versioning><latest>{self.version}</latest><release>{self.version}</release>"
            f"<versions>{listed}</versions><lastUpdated>20260101120000</lastUpdated></versioning></metadata>\n"
        ).encode()


def _dependency(coordinates: str) -> str:
    group, artifact, version = coordinates.split(":")
    return (
        f"\n    <dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId>"
        f"<version>{version}</version></dependency>"
    )


def consumer_pom(dependencies: list[str]) -> str:
    """A project that only has dependencies: `group:artifact:version` each."""
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0">\n'
        "  <modelVersion>4.0.0</modelVersion>\n"
        "  <groupId>com.acme.consumer</groupId>\n  <artifactId>consumer</artifactId>\n  <version>1</version>\n"
        f"  <dependencies>{''.join(_dependency(one) for one in dependencies)}</dependencies>\n"
        "</project>\n"
    )
