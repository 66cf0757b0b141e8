"""NuGet packages to publish: the zip with its manifest, made from a seed so that it can be compared byte by byte."""

from __future__ import annotations

import io
import random
import zipfile
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

# The packages that stories in C# use are built by the SDK; these only carry files.
FRAMEWORK = "netcoreapp3.1"
ZIP_TIME = (2020, 2, 2, 2, 2, 2)
CONTENT_TYPES = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="nuspec" ContentType="application/octet"/>'
    '<Default Extension="md" ContentType="application/octet"/>'
    '<Default Extension="bin" ContentType="application/octet"/>'
    '<Override PartName="/lib/netcoreapp3.1/_._" ContentType="application/octet"/></Types>\n'
)
RELATIONS = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Type="http://schemas.microsoft.com/packaging/2010/07/manifest" Target="/{name}.nuspec" Id="R1"/>'
    "</Relationships>\n"
)


@dataclass(frozen=True)
class Nupkg:
    """One version of a NuGet package; `version` as its author spells it."""

    id: str
    version: str
    size_bytes: int = 2048
    # Ids with ranges as manifests have them: `[1.0,2.0)`.
    needs: tuple[tuple[str, str], ...] = ()
    # Another build of the same version has other bytes.
    build: int = 0

    @property
    def file_name(self) -> str:
        """As pack tools call it."""
        return f"{self.id}.{self.version}.nupkg"

    def payload(self) -> bytes:
        """Bytes that do not compress, so sizes are what they say."""
        return random.Random(f"{self.id}@{self.version}+{self.build}").randbytes(self.size_bytes)

    def manifest(self) -> bytes:
        """The nuspec."""
        needed = "".join(f'<dependency id="{escape(name)}" version="{escape(span)}"/>' for name, span in self.needs)
        return (
            '<?xml version="1.0" encoding="utf-8"?>\n'
            '<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"><metadata>'
            f"<id>{escape(self.id)}</id><version>{escape(self.version)}</version>"
            f"<authors>stories</authors><description>A parcel named {escape(self.id)}</description>"
            "<projectUrl>https://parcels.example/</projectUrl>"
            '<license type="expression">Apache-2.0</license><tags>parcel story</tags>'
            f'<dependencies><group targetFramework=".NETCoreApp3.1">{needed}</group></dependencies>'
            "</metadata></package>\n"
        ).encode()

    def content(self) -> bytes:
        """The same bytes on every call."""
        archive = io.BytesIO()
        files = {
            "_rels/.rels": RELATIONS.format(name=escape(self.id)).encode(),
            f"{self.id}.nuspec": self.manifest(),
            f"lib/{FRAMEWORK}/_._": b"",
            "payload/payload.bin": self.payload(),
            "[Content_Types].xml": CONTENT_TYPES.encode(),
        }
        with zipfile.ZipFile(archive, "w") as nupkg:
            for name, content in files.items():
                nupkg.writestr(zipfile.ZipInfo(name, ZIP_TIME), content)
        return archive.getvalue()

    def write_to(self, folder: Path) -> Path:
        """The package as a file."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / self.file_name).write_bytes(self.content())
        return folder / self.file_name
