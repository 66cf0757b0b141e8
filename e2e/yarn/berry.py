"""Yarn 4 from the npm registry. It asks for tarballs at `/@scope%2fname/-/name-V.tgz`, then at `dist.tarball`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from harness.client import CLIENTS, Client, Finished


class YarnBerry(Client):
    """The client of the second generation."""

    name = "yarn berry"

    def program(self) -> list[str]:
        return ["node", str(CLIENTS / "@yarnpkg" / "cli-dist" / "bin" / "yarn.js")]

    def environment(self) -> dict[str, str]:
        # In CI mode Yarn refuses to write its lock file, which `add` must do.
        own = super().environment()
        del own["CI"]
        return own | {"YARN_ENABLE_IMMUTABLE_INSTALLS": "false"}

    def configure(self, registry: str, token: str | None) -> None:
        settings: dict[str, object] = {
            "npmRegistryServer": registry.rstrip("/"),
            "unsafeHttpWhitelist": ["127.0.0.1"],
            "npmAlwaysAuth": token is not None,
            "enableGlobalCache": False,
            "cacheFolder": str(self.cache),
            "enableTelemetry": False,
            "enableScripts": False,
            "nodeLinker": "node-modules",
            "httpRetry": 0,
            # Fresh versions are quarantined for days otherwise, and every version of a test is fresh.
            "npmMinimalAgeGate": 0,
        }
        if token is not None:
            settings["npmAuthToken"] = token
        # The file is YAML, and JSON is YAML.
        (self.home / ".yarnrc.yml").write_text(json.dumps(settings, indent=2) + "\n")

    def empty_cache(self) -> None:
        super().empty_cache()
        # Its mirror, from which the cache is filled without asking anybody.
        shutil.rmtree(self.home / ".yarn/berry", ignore_errors=True)

    def project(self, name: str) -> Path:
        folder = super().project(name)
        # Its own lock file makes the folder a project of its own, whatever lies above.
        (folder / "yarn.lock").touch()
        return folder

    def publish(self, package: Path, *, tag: str | None = None, check: bool = True) -> Finished:
        (package / "yarn.lock").touch()
        self.run("install", cwd=package)
        return self.run("npm", "publish", *(["--tag", tag] if tag else []), cwd=package, check=check)

    def add(self, project: Path, *specs: str, check: bool = True) -> Finished:
        return self.run("add", *specs, cwd=project, check=check)

    def install_locked(self, project: Path, *, check: bool = True) -> Finished:
        return self.run("install", "--immutable", cwd=project, check=check)

    def upgrade(self, project: Path, *names: str) -> Finished:
        return self.run("up", "-R", *names, cwd=project)
