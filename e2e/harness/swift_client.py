"""The Swift package manager. It runs in the system that it was unpacked with, where the home is HOME."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from harness.account import Repository
from harness.certificates import Certificates
from harness.client import Finished, Program
from harness.documented import documented

E2E = Path(__file__).resolve().parent.parent
PLACE = E2E / ".cache" / "swift"
# Where enter-swift.sh mounts the home.
HOME = "/stories"
# How often it is tried again when it fell over before it said how it went.
TRIES = 8
# The last words of commands whose work is done, and cannot be done twice or is not to be asked for again.
LAST_WORDS = {"publish": "was successfully published to", "login": "Registry configuration updated."}


@cache
def missing() -> str | None:
    """Why it cannot run here, or None."""
    if not (PLACE / "usr/bin/swift").is_symlink():
        return "Swift could not be unpacked: prepare.sh says why"
    tried = subprocess.run(
        [str(E2E / "enter-swift.sh"), str(PLACE), str(E2E / "swift"), "/usr/bin/swift", "--version"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if tried.returncode != 0:
        return f"Swift needs root or user namespaces to run: {tried.stderr.strip()}"
    return None


def tripped(finished: Finished) -> bool:
    """Whether it fell over its own HTTP library, which Swift 6.0 on Linux often does when it ends a connection.

    The abort mostly comes after the work: a registry's answer is read, and then the connection's handle is given back
    while something still holds it. So it says nothing about how the command went, and only the words before it do.
    """
    return finished.status in (-6, -11, 134, 139)


class Swift(Program):
    """SwiftPM with a home of its own."""

    name = "swift"

    def __init__(self, home: Path, certificates: Certificates | None = None) -> None:
        super().__init__(home)
        self.certificates = certificates
        self.endpoint = ""
        self.token = ""
        self.authentication: dict[str, object] = {}
        self.security: dict[str, object] = {}
        (home / "tmp").mkdir(exist_ok=True)
        if certificates is not None:
            # enter-swift.sh makes the system trust it.
            shutil.copy(certificates.authority, home / "authority.crt")

    def program(self) -> list[str]:
        return ["swift"]

    def environment(self) -> dict[str, str]:
        return {
            "PATH": "/usr/bin",
            "HOME": HOME,
            "TMPDIR": f"{HOME}/tmp",
            "LANG": "C.UTF-8",
            "SWIFT_BACKTRACE": "enable=no",
        }

    def inside(self, path: Path) -> str:
        """Where a path below the home is for the client."""
        return f"{HOME}/{path.relative_to(self.home)}".rstrip("/.")

    def run_command(
        self,
        command: list[str],
        *,
        cwd: Path | None = None,
        check: bool = True,
        timeout_s: float = 150,
        last_words: str | None = None,
    ) -> Finished:
        """Run a command inside, in a folder below the home.

        A command that aborts counts as done when it has said its last words before, as users see it; one without such
        words can be run again, and is, until it ends by itself. Anything else that aborts fails the test.
        """
        variables = [f"{name}={value}" for name, value in self.environment().items()]
        folder = self.inside(cwd or self.home)
        # Line by line, as to a terminal: what it said before an abort must not be lost with it.
        inside = ["/usr/bin/env", "-i", f"--chdir={folder}", *variables, "stdbuf", "-oL", *command]
        if last_words is None and command[1:2] == ["package-registry"]:
            last_words = LAST_WORDS.get(command[2])
        for _ in range(TRIES):
            finished = self._run_inside(command, inside, timeout_s)
            if not tripped(finished):
                break
            if last_words is not None and last_words in finished.stdout:
                return finished
        assert not tripped(finished), f"it said nothing that counts before it aborted, {TRIES} times: {finished}"
        assert not check or finished.status == 0, str(finished)
        return finished

    def _run_inside(self, command: list[str], inside: list[str], timeout_s: float) -> Finished:
        done = subprocess.run(
            [str(E2E / "enter-swift.sh"), str(PLACE), str(self.home), *inside],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        return Finished(command, done.returncode, done.stdout, done.stderr)

    def script(self, commands: str, cwd: Path, *, check: bool = True, last_words: str | None = None) -> Finished:
        """Lines of a shell, as a user types them."""
        command = ["/bin/bash", "-euo", "pipefail", "-c", commands]
        return self.run_command(command, cwd=cwd, check=check, last_words=last_words)

    def put_on_path(self, cwd: Path) -> str:
        """A PATH on which it is `swift`, as the AWS CLI calls it, for a package's folder below the home."""
        folder = self.home / "bin"
        folder.mkdir(exist_ok=True)
        wrapper = folder / "swift"
        wrapper.write_text(
            f"#!{sys.executable}\nimport sys\nfrom pathlib import Path\n\n"
            f"sys.path.insert(0, {str(E2E)!r})\nfrom harness.swift_client import Swift\n\n"
            f"client = Swift(Path({str(self.home)!r}))\n"
            f"done = client.run_command(['swift', *sys.argv[1:]], cwd=Path({str(cwd)!r}), check=False)\n"
            "sys.stdout.write(done.stdout)\nsys.stderr.write(done.stderr)\n"
            "# What aborts is handed back only when its work was done.\n"
            "sys.exit(max(done.status, 0))\n"
        )
        wrapper.chmod(0o755)
        return f"{folder}:{os.environ['PATH']}"

    # Settings.

    def documented(self, name: str) -> str:
        """A block of the documentation, for the repository that it is pointed at."""
        return documented("swift", name, endpoint=self.endpoint, token=self.token)

    def configure(self, repository: Repository, token: str | None = None) -> None:
        """Know which repository is meant; `folder`s are pointed at it one by one."""
        self.endpoint = repository.endpoint("swift")
        self.token = repository.token if token is None else token
        self.write_netrc()

    def write_netrc(self) -> None:
        """What a login leaves: the credentials of the host, and how they are sent."""
        netrc = self.home / ".netrc"
        netrc.write_text(self.documented(".netrc").replace("packages.example", "127.0.0.1"))
        netrc.chmod(0o600)
        parts = urlsplit(self.endpoint)
        self.authentication = {parts.netloc: {"type": "token", "loginAPIPath": f"{parts.path}login"}}
        self._write_registries()

    def folder(self, name: str, files: dict[str, str]) -> Path:
        """A package's folder that has the repository as its registry."""
        made = self.home / name
        for path, content in files.items():
            (made / path).parent.mkdir(parents=True, exist_ok=True)
            (made / path).write_text(content)
        self.run("package-registry", "set", self.endpoint, cwd=made)
        return made

    def trust(self, **signing: object) -> None:
        """How signatures are judged, for everything in this home."""
        self.security = {"default": {"signing": signing}}
        self._write_registries()

    def _write_registries(self) -> None:
        settings = self.home / ".swiftpm/configuration/registries.json"
        settings.parent.mkdir(parents=True, exist_ok=True)
        document = {"registries": {}, "authentication": self.authentication, "version": 1}
        if self.security:
            document["security"] = self.security
        settings.write_text(json.dumps(document))

    def log_out(self) -> None:
        """Forget the credentials."""
        (self.home / ".netrc").unlink()
        self.authentication = {}
        self._write_registries()

    def forget(self) -> None:
        """What a machine has that never saw these packages."""
        for folder in (".cache", ".swiftpm/security", ".swiftpm/cache"):
            shutil.rmtree(self.home / folder, ignore_errors=True)

    # What users do.

    def publish(self, folder: Path, identity: str, version: str, *options: str, check: bool = True) -> Finished:
        """`swift package-registry publish`."""
        scratch = self.home / "scratch" / identity / version
        scratch.mkdir(parents=True, exist_ok=True)
        where = ["--scratch-directory", self.inside(scratch)]
        return self.run("package-registry", "publish", identity, version, *where, *options, cwd=folder, check=check)

    def resolve(self, folder: Path, *options: str, check: bool = True) -> Finished:
        """`swift package resolve`."""
        return self.run("package", *options, "resolve", cwd=folder, check=check)

    def run_program(self, folder: Path, *options: str, check: bool = True) -> Finished:
        """`swift run`; the program's own words are standard output."""
        return self.run("run", *options, cwd=folder, check=check)

    def resolved(self, folder: Path) -> dict[str, str]:
        """Identity to version, from Package.resolved."""
        pins = json.loads((folder / "Package.resolved").read_text())["pins"]
        return {pin["identity"]: pin["state"]["version"] for pin in pins}
