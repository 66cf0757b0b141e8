"""The programs that every format is measured against: nginx with the same bytes as files, and Verdaccio for npm. Those
for Python are in `python_peers`.

nginx is the floor that a server of files can reach on this machine: no database, no credentials, no log, compressed
answers prepared beforehand. Verdaccio is the registry that people run today.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.server import free_port

START_TIMEOUT_S = 60
VERDACCIO = Path(__file__).resolve().parent / ".cache" / "verdaccio" / "node_modules" / "verdaccio"

NGINX_CONFIGURATION = """
worker_processes 2;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
{user}
events {{ worker_connections 4096; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    tcp_nodelay on;
    keepalive_timeout 300s;
    keepalive_requests 100000000;
    open_file_cache max=20000 inactive=600s;
    open_file_cache_valid 600s;
    open_file_cache_min_uses 1;
    gzip_static on;
    gzip_vary on;
    etag on;
    types {{ {types} }}
    default_type application/octet-stream;
    {maps}
    client_body_temp_path {folder}/tmp-body;
    proxy_temp_path {folder}/tmp-proxy;
    fastcgi_temp_path {folder}/tmp-fastcgi;
    uwsgi_temp_path {folder}/tmp-uwsgi;
    scgi_temp_path {folder}/tmp-scgi;
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        root {root};
        location / {{ try_files {tries} =404; }}
    }}
}}
"""


@dataclass(frozen=True)
class Files:
    """How a format's documents lie in a folder: types by extension, what is looked for, and what that depends on."""

    types: str
    tries: str
    maps: str = ""


NPM_FILES = Files("application/json json; application/octet-stream tgz;", "$uri $uri/packument.json")
# A page of the index is a folder with both of its forms.
PYTHON_FILES = Files(
    "text/html html; application/vnd.pypi.simple.v1+json json;",
    "$uri $uri/index.$form $uri/index.json $uri/index.html",
    'map $http_accept $form { default html; "~vnd.pypi.simple.v1\\+json" json; }',
)
MAVEN_FILES = Files("text/xml pom xml; application/java-archive jar;", "$uri")

VERDACCIO_CONFIGURATION = """
storage: {folder}/storage
auth:
  htpasswd:
    file: {folder}/htpasswd
uplinks: {{}}
packages:
  '@*/*': {{access: $all, publish: $all, unpublish: $all}}
  '**': {{access: $all, publish: $all, unpublish: $all}}
max_body_size: 500mb
web: {{enable: false}}
log: {{type: stdout, format: json, level: fatal}}
"""


class Process:
    """A peer's process, ready when it answers anything on its port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        """Where it listens, with a trailing slash."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def pid(self) -> int:
        """The process id while it runs."""
        assert self.process is not None, "not running"
        return self.process.pid

    def launch(self, command: list[str], environment: dict[str, str]) -> None:
        """Start and wait."""
        with (self.folder / "output.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection.request("GET", "/-/ping")
                connection.getresponse().read()
                return
            connection.close()
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError(f"{command[0]} did not start:\n{(self.folder / 'output.log').read_text()}")

    def stop(self) -> None:
        """End it, by its own id."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            self.process = None


class Nginx(Process):
    """A folder of files behind nginx."""

    def __init__(self, folder: Path, files: Files = NPM_FILES) -> None:
        super().__init__(folder)
        self.files = files
        self.root = folder / "root"
        self.root.mkdir(exist_ok=True)

    def start(self) -> None:
        """Start with two workers that may read what this user may read."""
        user = "user root;" if os.geteuid() == 0 else ""
        configuration = NGINX_CONFIGURATION.format(
            folder=self.folder, port=self.port, root=self.root, user=user, **asdict(self.files)
        )
        path = self.folder / "nginx.conf"
        path.write_text(configuration)
        error_log = str(self.folder / "start.log")
        self.launch(["nginx", "-p", str(self.folder), "-c", str(path), "-e", error_log], dict(os.environ))


class Verdaccio(Process):
    """Verdaccio without uplinks and without credentials, filled by files."""

    @staticmethod
    def version() -> str:
        """The installed version."""
        return json.loads((VERDACCIO / "package.json").read_text())["version"]

    def start(self) -> None:
        """Start as its documentation says for production."""
        path = self.folder / "config.yaml"
        path.write_text(VERDACCIO_CONFIGURATION.format(folder=self.folder))
        program = ["node", str(VERDACCIO / "bin" / "verdaccio"), "--config", str(path)]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "NODE_ENV": "production"}
        self.launch([*program, "--listen", f"127.0.0.1:{self.port}"], environment)

    def fill(self, packument: dict[str, object], tarballs: dict[str, bytes]) -> None:
        """Put a package into its storage, in the form it keeps itself; publishing thousands would take it hours."""
        name = str(packument["name"])
        folder = self.folder / "storage" / name
        folder.mkdir(parents=True, exist_ok=True)
        document = packument | {
            "_attachments": {file: {"shasum": "", "version": ""} for file in tarballs},
            "_distfiles": {},
            "_uplinks": {},
            "_rev": "1-0",
            "_id": name,
        }
        (folder / "package.json").write_text(json.dumps(document))
        for file, content in tarballs.items():
            (folder / file).write_bytes(content)
