"""Yarn 1 from the npm registry. It never retries a failed request and sends credentials only with `always-auth`."""

from __future__ import annotations

import json
from pathlib import Path

from harness.account import npmrc_key
from harness.client import CLIENTS, Client, Finished


class YarnClassic(Client):
    """The oldest client still in wide use."""

    name = "yarn"

    def program(self) -> list[str]:
        program = ["node", str(CLIENTS / "yarn" / "bin" / "yarn.js")]
        return [*program, "--cache-folder", str(self.cache), "--non-interactive"]

    def configure(self, registry: str, token: str | None) -> None:
        key = npmrc_key(registry)
        lines = [f"registry={registry}", "ignore-scripts=true"]
        if token is not None:
            lines += [f"{key}:_authToken={token}", f"{key}:always-auth=true", "always-auth=true"]
        (self.home / ".npmrc").write_text("\n".join(lines) + "\n")
        (self.home / ".yarnrc").write_text(f'registry "{registry}"\ndisable-self-update-check true\n')

    def publish(self, package: Path, *, tag: str | None = None, check: bool = True) -> Finished:
        version = json.loads((package / "package.json").read_text())["version"]
        arguments = ["publish", "--new-version", version, "--no-git-tag-version"]
        return self.run(*arguments, *(["--tag", tag] if tag else []), cwd=package, check=check)

    def add(self, project: Path, *specs: str, check: bool = True) -> Finished:
        return self.run("add", *specs, cwd=project, check=check)

    def install_locked(self, project: Path, *, check: bool = True) -> Finished:
        return self.run("install", "--frozen-lockfile", cwd=project, check=check)

    def upgrade(self, project: Path, *names: str) -> Finished:
        return self.run("upgrade", *names, cwd=project)
