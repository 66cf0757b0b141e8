"""pnpm from the npm registry; it sends `@scope%2Fname` with an upper-case F and keeps packages in a store of links."""

from __future__ import annotations

import shutil
from pathlib import Path

from harness.account import npmrc_key
from harness.client import CLIENTS, Client, Finished


class Pnpm(Client):
    """The client with the content-addressed store."""

    name = "pnpm"

    def program(self) -> list[str]:
        # Clients are installed without running any script of theirs; this entry point finds the native binary.
        return ["node", str(CLIENTS / "pnpm" / "bin" / "pnpm.mjs")]

    def environment(self) -> dict[str, str]:
        return super().environment() | {
            "XDG_CACHE_HOME": str(self.cache / "xdg"),
            "XDG_DATA_HOME": str(self.cache / "data"),
            "XDG_STATE_HOME": str(self.cache / "state"),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            # Versions younger than a day are passed over otherwise, and every version of a test is younger.
            "pnpm_config_minimum_release_age": "0",
        }

    def configure(self, registry: str, token: str | None) -> None:
        lines = [f"registry={registry}", "fetch-retries=0", "ignore-scripts=true"]
        if token is not None:
            lines.append(f"{npmrc_key(registry)}:_authToken={token}")
        (self.home / ".npmrc").write_text("\n".join(lines) + "\n")

    def publish(self, package: Path, *, tag: str | None = None, check: bool = True) -> Finished:
        return self.run("publish", "--no-git-checks", *(["--tag", tag] if tag else []), cwd=package, check=check)

    def add(self, project: Path, *specs: str, check: bool = True) -> Finished:
        return self.run("add", *self._store(), *specs, cwd=project, check=check)

    def install_locked(self, project: Path, *, check: bool = True) -> Finished:
        return self.run("install", "--frozen-lockfile", *self._store(), cwd=project, check=check)

    def upgrade(self, project: Path, *names: str) -> Finished:
        return self.run("update", *self._store(), *names, cwd=project)

    def empty_cache(self) -> None:
        super().empty_cache()
        shutil.rmtree(self.home / "store", ignore_errors=True)

    def _store(self) -> list[str]:
        return ["--store-dir", str(self.home / "store")]
