"""Swift packages to publish: folders with a manifest and sources, and source archives as clients make them."""

from __future__ import annotations

import io
import random
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

ZIP_TIME = (2020, 2, 2, 2, 2, 2)


@dataclass(frozen=True)
class SwiftPackage:
    """One release. Its library has one function, `tell`, that names it and what it is made of."""

    scope: str
    name: str
    version: str
    # Other packages with what is said of their versions: `from: "1.0.0"`.
    needs: dict[str, str] = field(default_factory=dict)
    tools: str = "5.9"
    # Another build of the same version has other bytes.
    build: int = 0
    # Manifests for single versions of Swift, by the version.
    others: tuple[str, ...] = ()
    # Bytes that do not compress, beside the sources.
    padding_bytes: int = 0

    @property
    def identity(self) -> str:
        """`scope.name`."""
        return f"{self.scope}.{self.name}"

    def told(self) -> str:
        """What `tell` says of this package alone."""
        return f"{self.name} {self.version}" + (f" build {self.build}" if self.build else "")

    def manifest(self, tools: str | None = None) -> str:
        """Package.swift."""
        return manifest(self.name, self.needs, tools=tools or self.tools)

    def files(self) -> dict[str, str]:
        """The files of the package's folder."""
        modules = [identity.partition(".")[2] for identity in self.needs]
        imports = "".join(f"import {module}\n" for module in modules)
        others = "".join(f' + ", " + {module}.tell()' for module in modules)
        source = f'{imports}public func tell() -> String {{ return "{self.told()}"{others} }}\n'
        named = {f"Package@swift-{version}.swift": self.manifest(version) for version in self.others}
        return {
            "Package.swift": self.manifest(),
            f"Sources/{self.name}/{self.name}.swift": source,
            "README.md": f"# {self.name}\n",
        } | named

    def write_to(self, folder: Path) -> Path:
        """A folder that a client can publish."""
        for name, content in self.files().items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        if self.padding_bytes:
            (folder / "padding.bin").write_bytes(self.padding())
        return folder

    def padding(self) -> bytes:
        """The bytes beside the sources; the same on every call."""
        return random.Random(f"{self.identity}@{self.version}+{self.build}").randbytes(self.padding_bytes)

    def archive(self) -> bytes:
        """A source archive: one folder with the package in it; the same bytes on every call."""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            for name, text in self.files().items():
                archive.writestr(zipfile.ZipInfo(f"{self.name}/{name}", ZIP_TIME), text)
            if self.padding_bytes:
                archive.writestr(zipfile.ZipInfo(f"{self.name}/padding.bin", ZIP_TIME), self.padding())
        return content.getvalue()


def manifest(name: str, needs: dict[str, str], *, tools: str = "5.9", executable: bool = False) -> str:
    """A manifest with one target that uses all that the package needs."""
    packages = "".join(f'        .package(id: "{identity}", {span}),\n' for identity, span in needs.items())
    products = "".join(
        f'            .product(name: "{identity.partition(".")[2]}", package: "{identity}"),\n' for identity in needs
    )
    kind = "executableTarget" if executable else "target"
    library = "" if executable else f'    products: [.library(name: "{name}", targets: ["{name}"])],\n'
    return (
        f"// swift-tools-version: {tools}\nimport PackageDescription\n\nlet package = Package(\n"
        f'    name: "{name}",\n{library}    dependencies: [\n{packages}    ],\n'
        f'    targets: [\n        .{kind}(name: "{name}", dependencies: [\n{products}        ]),\n    ]\n)\n'
    )


def application(needs: dict[str, str]) -> dict[str, str]:
    """A program that prints what the libraries it needs have to tell."""
    modules = [identity.partition(".")[2] for identity in needs]
    imports = "".join(f"import {module}\n" for module in modules)
    prints = "".join(f"print({module}.tell())\n" for module in modules)
    return {
        "Package.swift": manifest("app", needs, executable=True),
        "Sources/app/main.swift": imports + prints,
    }
