"""uv, which reads only the metadata of wheels where it can, and asks for many things at once."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from harness.client import Finished
from harness.python_client import PythonClient, create_environment, tool

PROJECT = '[project]\nname = "project"\nversion = "0.0.0"\nrequires-python = ">=3.11"\ndependencies = []\n'


class Uv(PythonClient):
    """The client from one program."""

    name = "uv"

    def program(self) -> list[str]:
        return [tool("uv", "uv")]

    def environment(self) -> dict[str, str]:
        return super().environment() | {
            "UV_CACHE_DIR": str(self.cache / "uv"),
            "UV_PYTHON": os.path.realpath(sys.executable),
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_NO_PROGRESS": "1",
            "UV_LINK_MODE": "copy",
            # uv otherwise hides what a server does wrong behind three more tries.
            "UV_HTTP_RETRIES": "0",
        }

    def configure(self, endpoint: str, token: str) -> None:
        super().configure(endpoint, token)
        self.write_settings(".config/uv/uv.toml", "uv.toml")
        self.export("uv")

    def build(self, project: Path) -> list[Path]:
        """A source archive and a wheel."""
        self.run("build", "--out-dir", str(project / "dist"), cwd=project)
        return sorted(path for path in (project / "dist").iterdir() if path.suffix in (".gz", ".whl"))

    def upload(self, *arguments: Path | str, check: bool = True) -> Finished:
        """`uv publish` of files and options."""
        return self.run("publish", "--trusted-publishing", "never", *map(str, arguments), check=check)

    def publish(self, project: Path, *, check: bool = True) -> Finished:
        return self.upload("--index", "reliquary", *self.build(project), check=check)

    def project(self, name: str) -> Path:
        folder = self.home / name
        folder.mkdir()
        (folder / "pyproject.toml").write_text(PROJECT)
        return folder

    def add(self, project: Path, *specs: str, check: bool = True) -> Finished:
        return self.run("add", *specs, cwd=project, check=check)

    def install_locked(self, project: Path, *, check: bool = True) -> Finished:
        return self.run("sync", "--locked", cwd=project, check=check)

    def upgrade(self, project: Path, *names: str) -> Finished:
        chosen = [word for name in names for word in ("--upgrade-package", name)]
        return self.run("sync", *chosen, cwd=project)

    def pip_install(self, environment: Path, *arguments: str, check: bool = True, timeout_s: float = 150) -> Finished:
        """`uv pip install` into an environment, which is made if it is not there."""
        python = create_environment(environment)
        return self.run("pip", "install", "--python", str(python), *arguments, check=check, timeout_s=timeout_s)
