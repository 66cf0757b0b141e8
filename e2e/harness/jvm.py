"""A client of the Maven family, as the shared scenarios see it: how it is configured, publishes and resolves.

Java takes its home folder from the system's list of users and not from the environment, so every client is told.
"""

from __future__ import annotations

import shutil
from abc import abstractmethod
from pathlib import Path

from harness.account import Repository
from harness.client import Finished, Program
from harness.documented import documented
from harness.maven_artifacts import Artifact
from harness.maven_central import CACHE

DEBIAN = CACHE / "debian/usr/share"
# Short runs: no second compiler, one thread for garbage.
JAVA_OPTIONS = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx768m"]
TOKEN_VARIABLE = "CODEARTIFACT_AUTH_TOKEN"


class JvmClient(Program):
    """One client with a home of its own."""

    finishes = True
    """Whether a publication ends with `maven-metadata.xml`; after the others the status is set by a call."""

    repeats_itself = True
    """Whether publishing the same again sends the same bytes: some send a document with the time in it."""
    explains_refusals = True
    """Whether it says of a file that it may not read something else than of one that is missing."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.token = ""
        self.endpoint = ""
        self.more_java_options: list[str] = []

    @classmethod
    @abstractmethod
    def missing(cls) -> str | None:
        """Why this client cannot run here, or None."""

    @abstractmethod
    def write_settings(self) -> None:
        """Write what the documentation says, for the endpoint."""

    @abstractmethod
    def publish(self, artifact: Artifact, *, check: bool = True) -> Finished:
        """Publish POM and jars."""

    @abstractmethod
    def resolve(self, name: str, *coordinates: str, check: bool = True) -> Finished:
        """Resolve `group:artifact:version`, ranges too, in a project of a name; the jars come into its `lib`."""

    def configure(self, repository: Repository, token: str | None = None) -> None:
        """Point the client at a repository, as a user does; with another token if one is given."""
        self.endpoint = repository.endpoint("maven")
        self.token = repository.token if token is None else token
        self.write_settings()

    def documented(self, name: str) -> str:
        """Settings from the documentation, for the endpoint."""
        return documented("maven", name, endpoint=self.endpoint)

    def java_options(self) -> list[str]:
        """Options of the virtual machine."""
        return [*JAVA_OPTIONS, f"-Duser.home={self.home}", *self.more_java_options]

    def environment(self) -> dict[str, str]:
        return super().environment() | {TOKEN_VARIABLE: self.token}

    def folder(self, name: str) -> Path:
        """The folder of a project."""
        made = self.home / name
        made.mkdir(exist_ok=True)
        return made

    def fetched(self, name: str) -> dict[str, bytes]:
        """The jars that a project got."""
        return {path.name: path.read_bytes() for path in sorted((self.home / name / "lib").rglob("*.jar"))}

    def forget(self, name: str) -> None:
        """Remove what a project got."""
        shutil.rmtree(self.home / name / "lib", ignore_errors=True)


def shell_block(name: str, repository: Repository) -> str:
    """Commands from the documentation, for a repository of a test."""
    commands = documented("maven", name, endpoint=repository.endpoint("maven"))
    commands = commands.replace("--domain acme ", f"--domain {repository.domain} ")
    return commands.replace("--repository team-a ", f"--repository {repository.name} ")


def java_is_missing() -> str | None:
    """Why nothing that needs Java can run, or None."""
    return None if shutil.which("javac") else "no Java development kit: install one, e.g. default-jdk-headless"
