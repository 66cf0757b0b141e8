"""Rows about whole runs of uv and Maven: an application installed or built with everything warm on the server and
nothing on the client, against nginx with the same answers. What is left is the time that the server takes.
"""

from __future__ import annotations

import gzip
import hashlib
import shutil
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

from harness.account import Repository
from harness.python_client import create_environment, record_hashes
from harness.source import Source
from harness.tree import differences
from maven.mvn import Maven39
from maven.test_application import checkout, fetched_files
from python.uv import Uv

from peers import MAVEN_FILES, PYTHON_FILES, Nginx
from reading import Pace, progress
from table import NGINX, RELIQUARY, Row

WEB = Path(__file__).resolve().parent.parent / "e2e" / "python" / "application" / "web.txt"


class PageReplay:
    """Lays out what one client of the index was told, as files for nginx."""

    def __init__(self, nginx: Nginx) -> None:
        self._nginx = nginx
        self.files = 0

    def __call__(self, path: str, accept: str, content_type: str, body: bytes) -> None:
        """Keep one answer; a page is a folder with its form."""
        place = self._nginx.root / unquote(path).lstrip("/")
        if path.endswith("/"):
            place.mkdir(parents=True, exist_ok=True)
            place = place / f"index.{'json' if 'json' in content_type else 'html'}"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(body)
        self.files += 1

    def finish(self, recorded_at: str) -> None:
        """Addresses of the recorder become addresses of nginx; then the pages are compressed beforehand."""
        for place in [*self._nginx.root.rglob("index.json"), *self._nginx.root.rglob("index.html")]:
            body = place.read_bytes().replace(recorded_at.encode(), self._nginx.url.encode())
            place.write_bytes(body)
            place.with_name(place.name + ".gz").write_bytes(gzip.compress(body, 6, mtime=0))


def uv_row(app: Repository, folder: Path, pace: Pace) -> Row:
    """`uv pip install` of an application of the web stack by its lock, nothing cached by uv."""
    nginx = Nginx(folder / "replay", PYTHON_FILES)
    nginx.start()
    parts = urlsplit(app.pypi_url)
    warm = f"{parts.scheme}://aws:{app.token}@{parts.netloc}{parts.path}simple/"
    replay = PageReplay(nginx)
    recorder = Source(app.pypi_url, recorder=replay)
    row = Row("Installs", "uv pip install of 70 packages, warm", "s")
    try:
        _install(folder / "warm", warm)
        own = urlsplit(recorder.url)
        _install(folder / "recorded", f"{own.scheme}://aws:{app.token}@{own.netloc}/simple/")
        replay.finish(recorder.url)
        print(f"  {replay.files} answers recorded", flush=True)
        installed = {}
        for round_number in range(pace.rounds):
            for who, index in ((RELIQUARY, warm), (NGINX, f"{nginx.url}simple/")):
                seconds, environment = _install(folder / who, index)
                row.add(who, seconds)
                if round_number == 0:
                    installed[who] = record_hashes(environment)
        if not installed[NGINX] or installed[RELIQUARY] != installed[NGINX]:
            raise RuntimeError("the two installs differ")
    finally:
        recorder.close()
        nginx.stop()
    row.judge_ratio(RELIQUARY, NGINX, at_most=1.1)
    progress(row)
    return row


def _install(folder: Path, index: str) -> tuple[float, Path]:
    """One run with an empty cache into a new environment."""
    shutil.rmtree(folder, ignore_errors=True)
    uv = Uv(folder / "home")
    environment = folder / "environment"
    create_environment(environment)
    arguments = ["--default-index", index, "--require-hashes", "--no-build", "--requirement", str(WEB)]
    begin = time.perf_counter()
    uv.pip_install(environment, *arguments, timeout_s=600)
    return time.perf_counter() - begin, environment


def mvn_row(app: Repository, folder: Path, pace: Pace) -> Row:
    """`mvn package` of an application of five modules, nothing in the local repository."""
    if reason := Maven39.missing():
        raise RuntimeError(reason)
    nginx = Nginx(folder / "replay", MAVEN_FILES)
    client, _ = _build(folder / "warm", app.endpoint("maven"), app.token)
    for path in fetched_files(client):
        place = nginx.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        content = (client.local_repository / path).read_bytes()
        place.write_bytes(content)
        if place.suffix != ".sha1":
            place.with_name(place.name + ".sha1").write_text(hashlib.sha1(content).hexdigest())
    nginx.start()
    row = Row("Installs", "mvn package with an empty local repository, warm", "s")
    try:
        fetched = {}
        for round_number in range(pace.rounds):
            for who, endpoint, token in ((RELIQUARY, app.endpoint("maven"), app.token), (NGINX, nginx.url, "")):
                built, seconds = _build(folder / who, endpoint, token)
                row.add(who, seconds)
                if round_number == 0:
                    fetched[who] = {
                        path: what for path, what in fetched_files(built).items() if not path.endswith(".sha1")
                    }
        if different := differences(fetched[RELIQUARY], fetched[NGINX]):
            raise RuntimeError("the two builds differ:\n" + "\n".join(different[:20]))
    finally:
        nginx.stop()
    row.judge_ratio(RELIQUARY, NGINX, at_most=1.1)
    progress(row)
    return row


def _build(folder: Path, endpoint: str, token: str) -> tuple[Maven39, float]:
    """One run with an empty local repository on a fresh checkout."""
    shutil.rmtree(folder, ignore_errors=True)
    client = Maven39(folder / "home")
    client.uses_plugins_of_debian = False
    client.endpoint, client.token = endpoint, token
    client.write_settings()
    project = checkout(folder / "project")
    begin = time.perf_counter()
    client.run("--batch-mode", "package", "-DskipTests", cwd=project, timeout_s=900)
    return client, time.perf_counter() - begin
