"""Rows about whole installs: `npm ci` and `npm install` of the application, warm, against nginx replaying the bytes.

The replay is recorded from Reliquary's own answers, so both sides give npm the same documents and tarballs; what is
left is the time that the server takes.
"""

from __future__ import annotations

import gzip
import shutil
import time
from pathlib import Path
from urllib.parse import unquote

from harness.account import Repository
from harness.source import Source
from harness.tree import differences, tree_entries
from npm.driver import Npm

from peers import Nginx
from reading import Bench, progress
from table import NGINX, RELIQUARY, Row

APPLICATION = Path(__file__).resolve().parent.parent / "e2e" / "npm" / "application"
COMMANDS = {"npm ci": ["ci"], "npm install without a lock file": ["install", "--no-package-lock"]}


class Replay:
    """Collects what one client is told, and lays it out as files for nginx."""

    def __init__(self, nginx: Nginx) -> None:
        self._nginx = nginx
        self.files = 0

    def __call__(self, path: str, accept: str, content_type: str, body: bytes) -> None:
        """Keep one answer. Packuments lie beside the tarballs of their package, under a name of their own."""
        place = self._nginx.root / unquote(path).lstrip("/")
        if not path.endswith(".tgz"):
            place = place / "packument.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(body)
        self.files += 1

    def finish(self, recorded_at: str) -> None:
        """Addresses of the recorder become addresses of nginx; then everything is compressed beforehand."""
        for place in self._nginx.root.rglob("packument.json"):
            body = place.read_bytes().replace(recorded_at.encode(), self._nginx.url.encode())
            place.write_bytes(body)
            place.with_name("packument.json.gz").write_bytes(gzip.compress(body, 6, mtime=0))


def run_npm(folder: Path, registry: str, token: str | None, arguments: list[str]) -> tuple[float, Path]:
    """One run with an empty cache and a fresh checkout: the time it took, and the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    npm = Npm(folder / "home")
    npm.configure(registry, token)
    project = Path(shutil.copytree(APPLICATION, folder / "project"))
    if arguments[0] == "install":
        (project / "package-lock.json").unlink()
    begin = time.perf_counter()
    npm.run(*arguments, cwd=project, timeout_s=900)
    return time.perf_counter() - begin, project


def install_rows(bench: Bench, app: Repository, folder: Path) -> list[Row]:
    """Warm the server, record the replay, then measure both in turn."""
    nginx = Nginx(folder / "replay")
    nginx.start()
    replay = Replay(nginx)
    recorder = Source(app.npm_url, recorder=replay)
    try:
        for arguments in COMMANDS.values():
            run_npm(folder / "warm", recorder.url, app.token, arguments)
    finally:
        recorder.close()
    replay.finish(recorder.url)
    print(f"  {replay.files} answers recorded", flush=True)

    rows = []
    contenders = {RELIQUARY: (app.npm_url, app.token), NGINX: (nginx.url, None)}
    for what, arguments in COMMANDS.items():
        row = Row("Installs", f"{what}, warm", "s")
        trees = {}
        for round_number in range(bench.rounds):
            for who, (registry, token) in contenders.items():
                seconds, project = run_npm(folder / who, registry, token, arguments)
                row.add(who, seconds)
                if round_number == 0:
                    trees[who] = _packages_only(project)
        if different := differences(trees[RELIQUARY], trees[NGINX]):
            raise RuntimeError("the two installs differ:\n" + "\n".join(different))
        row.judge_ratio(RELIQUARY, NGINX, at_most=1.1)
        progress(row)
        rows.append(row)
    nginx.stop()
    return rows


def _packages_only(project: Path) -> dict[str, str]:
    """What was installed, without npm's own note of where it came from."""
    entries = tree_entries(project / "node_modules")
    entries.pop(".package-lock.json", None)
    return entries
