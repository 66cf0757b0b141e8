"""curl as scripts use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.account import Repository
from harness.client import Finished, Program


class Curl(Program):
    """curl against the generic endpoint of a repository, with the token as its password."""

    name = "curl"

    def __init__(self, home: Path, repository: Repository, *, token: str | None = None) -> None:
        super().__init__(home)
        self.base = repository.endpoint("generic")
        self._user = f"aws:{repository.token if token is None else token}"

    def program(self) -> list[str]:
        """The command: quiet but for errors, and no settings of the user."""
        return ["curl", "--disable", "--silent", "--show-error", "--user", self._user]

    def put(self, file: Path, path: str, *options: str, timeout_s: float = 150) -> tuple[int, str]:
        """Send a file; status and body of the answer."""
        report = ("--write-out", "\n%{http_code}")
        answer = self.run(*report, "-T", str(file), *options, self.base + path, timeout_s=timeout_s)
        body, _, status = answer.stdout.rpartition("\n")
        return int(status), body

    def get(self, path: str, into: Path, *options: str, timeout_s: float = 150) -> int:
        """Fetch a file; the status."""
        report = ("--write-out", "%{http_code}", "--output", str(into))
        answer = self.run(*report, *options, self.base + path, timeout_s=timeout_s)
        return int(answer.stdout)

    def head(self, path: str) -> dict[str, str]:
        """The header fields of an answer without its body, the status among them as `status`."""
        lines = self.run("--head", self.base + path).stdout.splitlines()
        fields = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        return {name.lower(): value for name, value in fields.items()} | {"status": lines[0].split()[1]}

    def list(self, path: str = "", *options: str) -> Any:
        """A folder, as JSON."""
        return self.run("--fail", *options, self.base + path).json()

    def page(self, path: str = "") -> Finished:
        """A folder as a browser gets it, with its header fields."""
        return self.run("--fail", "--include", "--header", "Accept: text/html,*/*;q=0.8", self.base + path)
