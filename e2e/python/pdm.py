"""PDM, whose lock lists the digest of every file."""

from __future__ import annotations

from pathlib import Path

from harness.client import Finished
from harness.python_client import PythonClient, create_environment, tool

PROJECT = '[project]\nname = "project"\nversion = "0.0.0"\nrequires-python = ">=3.11"\ndependencies = []\n'


class Pdm(PythonClient):
    """The client that follows the standards to the letter."""

    name = "pdm"

    def program(self) -> list[str]:
        return [tool("pdm", "pdm")]

    def environment(self) -> dict[str, str]:
        own = super().environment()
        return own | {
            "PATH": f"{Path(tool('pdm', 'pdm')).parent}:{own['PATH']}",
            "PDM_CACHE_DIR": str(self.cache / "pdm"),
            "PDM_CHECK_UPDATE": "0",
        }

    def configure(self, endpoint: str, token: str) -> None:
        super().configure(endpoint, token)
        self.export("pdm")

    def publish(self, project: Path, *, check: bool = True) -> Finished:
        create_environment(project / ".venv")
        return self.run("publish", cwd=project, check=check)

    def project(self, name: str) -> Path:
        folder = self.home / name
        folder.mkdir()
        (folder / "pyproject.toml").write_text(PROJECT)
        create_environment(folder / ".venv")
        return folder

    def add(self, project: Path, *specs: str, check: bool = True) -> Finished:
        return self.run("add", "--no-self", *specs, cwd=project, check=check)

    def install_locked(self, project: Path, *, check: bool = True) -> Finished:
        create_environment(project / ".venv")
        return self.run("sync", "--no-self", cwd=project, check=check)

    def upgrade(self, project: Path, *names: str) -> Finished:
        return self.run("update", "--no-self", *names, cwd=project)
