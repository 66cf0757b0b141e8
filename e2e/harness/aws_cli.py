"""The AWS CLI as a user has it, pointed at a server by a profile alone."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from harness import account
from harness.client import Finished
from harness.server import Server


class AwsCli:
    """`aws codeartifact` with a home and a profile of its own."""

    def __init__(self, server: Server, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.environment = account.aws_environment(server, str(home))

    def run(self, *arguments: str, check: bool = True) -> Finished:
        """Run an operation."""
        finished = self._run(["aws", "codeartifact", *arguments])
        assert not check or finished.status == 0, str(finished)
        return finished

    def run_script(self, script: str) -> Finished:
        """Run lines of a shell, as a user types them."""
        return self._run(["bash", "-euo", "pipefail", "-c", script])

    def _run(self, command: list[str]) -> Finished:
        done = subprocess.run(
            command,
            env=self.environment,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        return Finished(command, done.returncode, done.stdout, done.stderr)

    def answer(self, *arguments: str) -> Any:
        """The answer as JSON."""
        return self.run(*arguments, "--output", "json").json()
