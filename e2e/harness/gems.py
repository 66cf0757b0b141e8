"""Gems to publish: as a project for `gem build`, as a `.gem` file, and as a line of an index.

Everything is made from a seed, so what is installed can be compared byte by byte with what it should be. A gem is a tar
archive with `metadata.gz` (the specification as YAML), `data.tar.gz` and `checksums.yaml.gz`; the index is the compact
one ("Compact Index API" in the guides of RubyGems).
"""

from __future__ import annotations

import gzip
import hashlib
import io
import random
import tarfile
from dataclasses import dataclass
from pathlib import Path

MTIME_S = 499_162_500
RUBY = "ruby"


@dataclass(frozen=True)
class Gem:
    """One version of a gem for one platform."""

    name: str
    version: str
    platform: str = RUBY
    size_bytes: int = 2048
    # Name and requirement, e.g. ("rake", ">= 12, < 14").
    requires: tuple[tuple[str, str], ...] = ()
    development: tuple[tuple[str, str], ...] = ()
    required_ruby: str = ">= 2.7"
    # Another build of the same version has other bytes.
    build: int = 0

    @property
    def full_name(self) -> str:
        """Name, version, and the platform where it is not plain Ruby."""
        return f"{self.name}-{self.numbered}"

    @property
    def numbered(self) -> str:
        """The version as an index has it."""
        return self.version if self.platform == RUBY else f"{self.version}-{self.platform}"

    @property
    def file_name(self) -> str:
        """The name of the file."""
        return f"{self.full_name}.gem"

    @property
    def module(self) -> str:
        """The name of the module in Ruby."""
        return "".join(part.capitalize() for part in self.name.replace("_", "-").split("-"))

    def files(self) -> dict[str, bytes]:
        """The files of the gem; the payload does not compress, so sizes are what they say."""
        code = f'module {self.module}\n  VERSION = "{self.version}"\n  PLATFORM = "{self.platform}"\nend\n'
        payload = random.Random(f"{self.full_name}+{self.build}").randbytes(self.size_bytes)
        return {f"lib/{self.name}.rb": code.encode(), f"lib/{self.name}/payload.bin": payload}

    def gemspec(self) -> str:
        """The specification in Ruby, from which `gem build` makes the file."""
        dependencies = [
            f"  s.add_{kind}dependency {name!r}, {', '.join(repr(one.strip()) for one in requirement.split(','))}"
            for kind, wanted in (("", self.requires), ("development_", self.development))
            for name, requirement in wanted
        ]
        lines = [
            "Gem::Specification.new do |s|",
            f"  s.name = {self.name!r}",
            f"  s.version = {self.version!r}",
            f"  s.platform = {self.platform!r}",
            f"  s.summary = 'A parcel named {self.name}'",
            "  s.authors = ['Stories']",
            "  s.homepage = 'https://parcels.example/'",
            "  s.license = 'Apache-2.0'",
            f"  s.files = {sorted(self.files())!r}",
            f"  s.required_ruby_version = {[one.strip() for one in self.required_ruby.split(',')]!r}",
            *dependencies,
            "end",
            "",
        ]
        return "\n".join(lines)

    def write_project(self, folder: Path) -> Path:
        """A folder that `gem build` makes the file in."""
        for name, content in (self.files() | {f"{self.name}.gemspec": self.gemspec().encode()}).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return folder

    def metadata(self) -> str:
        """The specification as Ruby writes it into the file."""
        dependencies = [
            line
            for kind, wanted in (("runtime", self.requires), ("development", self.development))
            for name, requirement in wanted
            for line in _dependency(name, requirement, kind)
        ]
        lines = [
            "--- !ruby/object:Gem::Specification",
            f"name: {self.name}",
            "version: !ruby/object:Gem::Version",
            f"  version: {self.version!r}",
            f"platform: {self.platform}",
            "authors:",
            "- Stories",
            "autorequire:",
            "bindir: bin",
            "cert_chain: []",
            "date: 2020-02-02 00:00:00.000000000 Z",
            *(["dependencies:", *dependencies] if dependencies else ["dependencies: []"]),
            "description:",
            "email:",
            "executables: []",
            "extensions: []",
            "extra_rdoc_files: []",
            "files:",
            *(f"- {name}" for name in sorted(self.files())),
            "homepage: https://parcels.example/",
            "licenses:",
            "- Apache-2.0",
            "metadata: {}",
            "post_install_message:",
            "rdoc_options: []",
            "require_paths:",
            "- lib",
            "required_ruby_version: !ruby/object:Gem::Requirement",
            *_requirements(self.required_ruby, ""),
            "required_rubygems_version: !ruby/object:Gem::Requirement",
            *_requirements(">= 0", ""),
            "requirements: []",
            "rubygems_version: 3.3.15",
            "signing_key:",
            "specification_version: 4",
            f"summary: A parcel named {self.name}",
            "test_files: []",
            "",
        ]
        return "\n".join(lines)

    def archive(self) -> bytes:
        """The `.gem` file, the same bytes on every call."""
        data = gzip.compress(_tar(self.files()), compresslevel=1, mtime=0)
        metadata = gzip.compress(self.metadata().encode(), mtime=0)
        parts = {"metadata.gz": metadata, "data.tar.gz": data}
        checksums = "---\n"
        for kind in ("SHA256", "SHA512"):
            digests = [f"  {name}: {hashlib.new(kind, part).hexdigest()}\n" for name, part in parts.items()]
            checksums += f"{kind}:\n{''.join(digests)}"
        return _tar(parts | {"checksums.yaml.gz": gzip.compress(checksums.encode(), mtime=0)})

    def write_file(self, folder: Path) -> Path:
        """The `.gem` as a file."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / self.file_name).write_bytes(self.archive())
        return folder / self.file_name

    def info_line(self) -> str:
        """The line of the compact index."""
        wanted = ",".join(f"{name}:{_joined(requirement)}" for name, requirement in sorted(self.requires))
        digest = hashlib.sha256(self.archive()).hexdigest()
        return f"{self.numbered} {wanted}|checksum:{digest},ruby:{_joined(self.required_ruby)}"


def _joined(requirement: str) -> str:
    return "&".join(one.strip() for one in requirement.split(","))


def _requirements(requirement: str, indent: str) -> list[str]:
    lines = [f"{indent}  requirements:"]
    for one in requirement.split(","):
        comparison, _, version = one.strip().rpartition(" ")
        lines += [
            f'{indent}  - - "{comparison or "="}"',
            f"{indent}    - !ruby/object:Gem::Version",
            f"{indent}      version: {version!r}",
        ]
    return lines


def _dependency(name: str, requirement: str, kind: str) -> list[str]:
    return [
        "- !ruby/object:Gem::Dependency",
        f"  name: {name}",
        "  requirement: !ruby/object:Gem::Requirement",
        *_requirements(requirement, "  "),
        f"  type: :{kind}",
        "  prerelease: false",
        "  version_requirements: !ruby/object:Gem::Requirement",
        *_requirements(requirement, "  "),
    ]


def _tar(files: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.mode = len(content), MTIME_S, 0o644
            tar.addfile(entry, io.BytesIO(content))
    return written.getvalue()
