"""pip installs, twine uploads, `python -m build` makes what is uploaded: the tools of the packaging guide."""

from __future__ import annotations

import json
from pathlib import Path

from harness.client import Finished
from harness.python_client import PythonClient, PythonProgram, create_environment, tool


class Pip(PythonProgram):
    """pip, which installs into environments that it does not live in."""

    name = "pip"
    environment_name = "pip"

    def program(self) -> list[str]:
        return [tool(self.environment_name, "pip")]

    def configure(self, endpoint: str, token: str) -> None:
        super().configure(endpoint, token)
        self.write_settings(".config/pip/pip.conf", "pip.conf")

    def install(self, environment: Path, *arguments: str, check: bool = True, timeout_s: float = 150) -> Finished:
        """`pip install` into an environment, which is made if it is not there."""
        python = create_environment(environment)
        return self.run("--python", str(python), "install", "--no-color", *arguments, check=check, timeout_s=timeout_s)

    def freeze(self, environment: Path) -> str:
        """`pip freeze` of an environment."""
        return self.run("--python", str(create_environment(environment)), "freeze", "--all").stdout


class OldPip(Pip):
    """The pip that came with Python 3.11 and 3.12."""

    name = "pip 23.2"
    environment_name = "pip-23.2"


class Twine(PythonProgram):
    """twine, with its configuration file."""

    name = "twine"
    environment_name = "twine"

    def program(self) -> list[str]:
        return [tool(self.environment_name, "twine")]

    def configure(self, endpoint: str, token: str) -> None:
        super().configure(endpoint, token)
        self.write_settings(".pypirc", ".pypirc")

    def upload(self, *files: Path | str, check: bool = True, repository: str = "reliquary") -> Finished:
        """`twine upload` of files and options."""
        return self.run("upload", "--disable-progress-bar", "--repository", repository, *map(str, files), check=check)


class OldTwine(Twine):
    """The line before twine refused settings for hosts that it does not know."""

    name = "twine 5"
    environment_name = "twine-5"


class PipAndTwine(PythonClient):
    """The pair, each in its own home."""

    name = "pip and twine"
    pip_type: type[Pip] = Pip
    twine_type: type[Twine] = Twine

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.pip = self.pip_type(home / "pip-home")
        self.twine = self.twine_type(home / "twine-home")

    def program(self) -> list[str]:
        return [tool("build", "python"), "-m", "build", "--no-isolation"]

    def configure(self, endpoint: str, token: str) -> None:
        super().configure(endpoint, token)
        self.pip.configure(endpoint, token)
        self.twine.configure(endpoint, token)

    def build(self, project: Path) -> list[Path]:
        """A source archive and a wheel."""
        self.run("--outdir", str(project / "dist"), str(project))
        return sorted((project / "dist").iterdir())

    def publish(self, project: Path, *, check: bool = True) -> Finished:
        return self.twine.upload(*self.build(project), check=check)

    def project(self, name: str) -> Path:
        folder = self.home / name
        folder.mkdir()
        return folder

    def add(self, project: Path, *specs: str, check: bool = True) -> Finished:
        report = project / "report.json"
        done = self.pip.install(project / ".venv", "--report", str(report), *specs, check=check)
        if done.status == 0:
            self._lock(project, report)
        return done

    @staticmethod
    def _lock(project: Path, report: Path) -> None:
        """What was installed, with the digests that pip saw: the lock that pip has."""
        lines = []
        for one in json.loads(report.read_text())["install"]:
            digest = one["download_info"]["archive_info"]["hashes"]["sha256"]
            lines.append(f"{one['metadata']['name']}=={one['metadata']['version']} --hash=sha256:{digest}")
        (project / "requirements.lock").write_text("\n".join(lines) + "\n")

    def install_locked(self, project: Path, *, check: bool = True) -> Finished:
        lock = str(project / "requirements.lock")
        return self.pip.install(project / ".venv", "--require-hashes", "--requirement", lock, check=check)

    def upgrade(self, project: Path, *names: str) -> Finished:
        return self.pip.install(project / ".venv", "--upgrade", *names)

    def empty_cache(self) -> None:
        super().empty_cache()
        self.pip.empty_cache()


class OldPipAndOldTwine(PipAndTwine):
    """The pair of two years ago."""

    name = "pip 23.2 and twine 5"
    pip_type = OldPip
    twine_type = OldTwine
