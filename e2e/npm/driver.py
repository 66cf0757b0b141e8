"""npm, as installed on the machine."""

from __future__ import annotations

from pathlib import Path

from harness.account import npmrc_key
from harness.client import Client, Finished


class Npm(Client):
    """The reference client."""

    name = "npm"

    def program(self) -> list[str]:
        return ["npm", "--cache", str(self.cache)]

    def configure(self, registry: str, token: str | None) -> None:
        lines = [f"registry={registry}", "audit=false", "fund=false", "update-notifier=false", "ignore-scripts=true"]
        # A failure must be seen at once, not after npm's own patience of several minutes.
        lines += ["fetch-retries=1", "fetch-retry-mintimeout=200", "fetch-retry-maxtimeout=500"]
        if token is not None:
            lines.append(f"{npmrc_key(registry)}:_authToken={token}")
        (self.home / ".npmrc").write_text("\n".join(lines) + "\n")

    def publish(self, package: Path, *, tag: str | None = None, check: bool = True) -> Finished:
        return self.run("publish", *(["--tag", tag] if tag else []), cwd=package, check=check)

    def add(self, project: Path, *specs: str, check: bool = True) -> Finished:
        return self.run("install", *specs, cwd=project, check=check)

    def install_locked(self, project: Path, *, check: bool = True) -> Finished:
        return self.run("ci", cwd=project, check=check, timeout_s=400)

    def upgrade(self, project: Path, *names: str) -> Finished:
        return self.run("update", *names, cwd=project)
