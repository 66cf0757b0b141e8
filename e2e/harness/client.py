"""A package manager as the shared scenarios see it: a program with a home of its own, and what the npm family can do.

Each client's folder holds a driver: how it is configured, and how it spells publish, add and install.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

CLIENTS = Path(__file__).resolve().parent.parent / ".cache" / "clients" / "node_modules"


@dataclass(frozen=True)
class Finished:
    """What a command left behind."""

    command: list[str]
    status: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """Both streams: clients do not agree where errors go."""
        return self.stdout + self.stderr

    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.stdout)

    def __str__(self) -> str:
        return f"{' '.join(self.command)} ended with {self.status}\n{self.stdout[-4000:]}\n{self.stderr[-4000:]}"


class Program(ABC):
    """One program with a home of its own: no setting, cache or credential of the machine takes part."""

    name: ClassVar[str]

    def __init__(self, home: Path) -> None:
        self.home = home
        self.cache = home / "cache"
        home.mkdir(parents=True, exist_ok=True)

    @abstractmethod
    def program(self) -> list[str]:
        """The command without arguments."""

    def environment(self) -> dict[str, str]:
        """Only what a client needs; the variables of the machine stay outside."""
        return {"PATH": os.environ["PATH"], "HOME": str(self.home), "CI": "true", "NO_COLOR": "1"}

    def run(self, *arguments: str, cwd: Path | None = None, check: bool = True, timeout_s: float = 150) -> Finished:
        """Run a command of the client; with `check` a failure fails the test and shows the whole output."""
        return self.run_command([*self.program(), *arguments], cwd=cwd, check=check, timeout_s=timeout_s)

    def run_command(
        self, command: list[str], *, cwd: Path | None = None, check: bool = True, timeout_s: float = 150
    ) -> Finished:
        """Run any command in the client's environment."""
        done = subprocess.run(
            command,
            cwd=cwd or self.home,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        finished = Finished([self.name, *command[1:]], done.returncode, done.stdout, done.stderr)
        assert not check or done.returncode == 0, str(finished)
        return finished

    def empty_cache(self) -> None:
        """Forget every document and package."""
        shutil.rmtree(self.cache, ignore_errors=True)


class Client(Program):
    """A package manager of the npm family."""

    @abstractmethod
    def configure(self, registry: str, token: str | None) -> None:
        """Point the client at a registry, as a user does in its configuration file."""

    @abstractmethod
    def publish(self, package: Path, *, tag: str | None = None, check: bool = True) -> Finished:
        """Publish the package in a folder."""

    @abstractmethod
    def add(self, project: Path, *specs: str, check: bool = True) -> Finished:
        """Add dependencies to a project and install them."""

    @abstractmethod
    def install_locked(self, project: Path, *, check: bool = True) -> Finished:
        """Install exactly what the project's lock file says."""

    @abstractmethod
    def upgrade(self, project: Path, *names: str) -> Finished:
        """Take the newest versions that the project's ranges allow."""

    def install_afresh(self, project: Path) -> Finished:
        """Remove what was installed and install by the lock file, as a build machine does."""
        shutil.rmtree(project / "node_modules")
        return self.install_locked(project)

    def project(self, name: str) -> Path:
        """An empty project."""
        folder = self.home / name
        folder.mkdir()
        (folder / "package.json").write_text('{"name": "project", "version": "0.0.0", "private": true}\n')
        return folder


def installed(project: Path, name: str) -> Path:
    """Where an installed package lies; pnpm links to it."""
    return (project / "node_modules" / name).resolve()


def installed_version(project: Path, name: str) -> str:
    """The version that was installed."""
    return json.loads((installed(project, name) / "package.json").read_text())["version"]
