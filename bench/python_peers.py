"""The servers of Python packages that people run today: devpi-server, pypiserver and proxpi.

devpi and proxpi are mirrors of the pages that nginx serves beside them; pypiserver has the same files in a folder.
Uploads go to an index of devpi's own, and to pypiserver; proxpi takes none.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from peers import Process

ENVIRONMENT = Path(__file__).resolve().parent / ".cache" / "python-peers"
PROGRAMS = ENVIRONMENT / "bin"
DEVPI, PYPISERVER, PROXPI = "devpi", "pypiserver", "proxpi"
PASSWORD = "measured"


def versions() -> str:
    """The installed versions, for the report."""
    listed = subprocess.run([PROGRAMS / "pip", "list", "--format=json"], capture_output=True, text=True, check=True)
    installed = {one["name"].lower(): one["version"] for one in json.loads(listed.stdout)}
    return ", ".join(f"{name} {installed[name]}" for name in ("devpi-server", PYPISERVER, PROXPI))


def _variables(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder)}


def _workers(application: str, port: int) -> list[str]:
    """Two processes of eight threads, as both projects' documentation has it in principle."""
    command = [str(PROGRAMS / "gunicorn"), "--workers", "2", "--threads", "8", "--keep-alive", "60"]
    return [*command, "--bind", f"127.0.0.1:{port}", "--log-level", "error", application]


class Pypiserver(Process):
    """A folder of files."""

    @property
    def packages(self) -> Path:
        """Where the files lie."""
        return self.folder / "packages"

    def start(self) -> None:
        """Start without credentials, behind gunicorn."""
        self.packages.mkdir(exist_ok=True)
        roots = f'roots=["{self.packages}"]'
        application = f'pypiserver:app({roots}, password_file=".", authenticate=[], disable_fallback=True)'
        self.launch(_workers(application, self.port), _variables(self.folder))


class Proxpi(Process):
    """A cache before another index."""

    def start(self, index: str) -> None:
        """Start in front of an index."""
        variables = _variables(self.folder) | {
            "PROXPI_INDEX_URL": index,
            "PROXPI_CACHE_DIR": str(self.folder / "cache"),
        }
        self.launch(_workers("proxpi.server:app", self.port), variables)


class Devpi(Process):
    """An index of its own, and a mirror."""

    def start(self, index: str) -> None:
        """Start, and make a mirror of an index and an index that takes uploads."""
        data = str(self.folder / "data")
        prepare = [str(PROGRAMS / "devpi-init"), "--serverdir", data, "--root-passwd", PASSWORD, "--no-root-pypi"]
        subprocess.run(prepare, env=_variables(self.folder), capture_output=True, check=True)
        command = [str(PROGRAMS / "devpi-server"), "--serverdir", data, "--host", "127.0.0.1", "--port", str(self.port)]
        self.launch([*command, "--threads", "50"], _variables(self.folder))
        login = self._ask("POST", "/+login", {"user": "root", "password": PASSWORD}, None)
        ticket = base64.b64encode(f"root:{login['result']['password']}".encode()).decode()
        mirror = {"type": "mirror", "mirror_url": index, "mirror_no_project_list": True, "volatile": True}
        self._ask("PUT", "/root/mirror", mirror, ticket)
        self._ask("PUT", "/root/dev", {"type": "stage", "bases": [], "volatile": True}, ticket)

    def _ask(self, method: str, path: str, what: dict[str, Any], ticket: str | None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        headers |= {"X-Devpi-Auth": ticket} if ticket else {}
        connection.request(method, path, body=json.dumps(what), headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status not in (200, 201):
            raise RuntimeError(f"devpi: {method} {path}: {answer.status} {body[:300]!r}")
        return json.loads(body)

    @property
    def authorization(self) -> dict[str, str]:
        """What an upload needs."""
        return {"Authorization": "Basic " + base64.b64encode(f"root:{PASSWORD}".encode()).decode()}
