"""A client of the Python family, as the shared scenarios see it: a project with an environment and a lock."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from abc import abstractmethod
from pathlib import Path

from harness.client import Finished, Program
from harness.documented import documented

TOOLS = Path(__file__).resolve().parent.parent / ".cache" / "python"


def tool(environment: str, program: str) -> str:
    """A program of one of the pinned environments."""
    return str(TOOLS / environment / "bin" / program)


class PythonProgram(Program):
    """A program of Python's, pointed at a repository as docs/formats/pypi.md says."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.endpoint = ""
        self.token = ""
        self.variables: dict[str, str] = {}

    def environment(self) -> dict[str, str]:
        return super().environment() | {
            "PIP_CACHE_DIR": str(self.cache / "pip"),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INPUT": "1",
            # A failure must be seen at once, not after several tries.
            "PIP_RETRIES": "0",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "TWINE_NON_INTERACTIVE": "1",
            "COLUMNS": "200",
            **self.variables,
        }

    def configure(self, endpoint: str, token: str) -> None:
        """Point the program at a repository, as a user does in its settings."""
        self.endpoint, self.token = endpoint, token

    def documented(self, name: str) -> str:
        """A block of settings from the documentation, for this repository."""
        return documented("pypi", name, endpoint=self.endpoint, token=self.token)

    def write_settings(self, path: str, name: str) -> None:
        """A documented block as a file below the home."""
        file = self.home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.documented(name))
        file.chmod(0o600)

    def export(self, name: str) -> None:
        """A documented block of variables, for everything that is run from now on."""
        self.variables = dict(re.findall(r"^export (\w+)=(.*)$", self.documented(name), re.MULTILINE))
        assert self.variables


class PythonClient(PythonProgram):
    """A client, or a pair of them, that publishes and installs."""

    # What the project is built with for publishing.
    build_system = "own"

    @abstractmethod
    def publish(self, project: Path, *, check: bool = True) -> Finished:
        """Build the project in a folder and publish what was built."""

    @abstractmethod
    def project(self, name: str) -> Path:
        """An empty project."""

    @abstractmethod
    def add(self, project: Path, *specs: str, check: bool = True) -> Finished:
        """Add dependencies to a project, lock and install them."""

    @abstractmethod
    def install_locked(self, project: Path, *, check: bool = True) -> Finished:
        """Install exactly what the project's lock says."""

    @abstractmethod
    def upgrade(self, project: Path, *names: str) -> Finished:
        """Take the newest versions that the project's ranges allow."""

    def install_afresh(self, project: Path) -> Finished:
        """Remove what was installed and install by the lock, as a build machine does."""
        shutil.rmtree(project / ".venv")
        return self.install_locked(project)


def create_environment(folder: Path) -> Path:
    """An environment with nothing in it, not even pip; the path of its interpreter."""
    if not folder.exists():
        subprocess.run(
            [os.path.realpath(sys.executable), "-m", "venv", "--without-pip", str(folder)], check=True, timeout=60
        )
    return folder / "bin" / "python"


def site_packages(environment: Path) -> Path:
    """Where packages are installed."""
    (found,) = environment.glob("lib/python*/site-packages")
    return found


def installed_versions(environment: Path) -> dict[str, str]:
    """Normalised name to version, from the metadata that installers leave."""
    found = {}
    for folder in site_packages(environment).glob("*.dist-info"):
        name, _, version = folder.name.removesuffix(".dist-info").partition("-")
        found[name.lower().replace("_", "-").replace(".", "-")] = version
    return found


def record_hashes(environment: Path) -> dict[str, str]:
    """Every installed file with the digest that its RECORD claims, without what installers generate."""
    root = site_packages(environment)
    found = {}
    for record in root.glob("*.dist-info/RECORD"):
        for line in record.read_text().splitlines():
            path, digest, _ = line.rsplit(",", 2)
            if digest and "dist-info" not in path and not path.startswith(("..", "/")):
                found[path] = digest
    return found
