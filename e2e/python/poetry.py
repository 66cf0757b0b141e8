"""Poetry, which names each index and writes its own lock."""

from __future__ import annotations

from pathlib import Path

from harness.client import Finished
from harness.python_client import PythonClient, tool

PROJECT = """[project]
name = "project"
version = "0.0.0"
requires-python = ">=3.11,<4"
dependencies = []

[tool.poetry]
package-mode = false

"""


class Poetry(PythonClient):
    """The client that installs by its lock."""

    name = "poetry"
    build_system = "poetry"

    def program(self) -> list[str]:
        return [tool("poetry", "poetry"), "--no-interaction", "--no-ansi"]

    def environment(self) -> dict[str, str]:
        own = super().environment()
        return own | {
            "PATH": f"{Path(tool('poetry', 'poetry')).parent}:{own['PATH']}",
            "POETRY_CACHE_DIR": str(self.cache / "poetry"),
            "POETRY_CONFIG_DIR": str(self.home / "config"),
            "POETRY_VIRTUALENVS_IN_PROJECT": "true",
            "POETRY_KEYRING_ENABLED": "false",
        }

    def configure(self, endpoint: str, token: str) -> None:
        super().configure(endpoint, token)
        self.export("poetry")

    def publish(self, project: Path, *, check: bool = True) -> Finished:
        return self.run("publish", "--build", "--repository", "reliquary", cwd=project, check=check)

    def project(self, name: str) -> Path:
        folder = self.home / name
        folder.mkdir()
        (folder / "pyproject.toml").write_text(PROJECT + self.documented("pyproject.toml"))
        return folder

    def add(self, project: Path, *specs: str, check: bool = True) -> Finished:
        return self.run("add", *specs, cwd=project, check=check)

    def install_locked(self, project: Path, *, check: bool = True) -> Finished:
        return self.run("install", cwd=project, check=check)

    def upgrade(self, project: Path, *names: str) -> Finished:
        return self.run("update", *names, cwd=project)
