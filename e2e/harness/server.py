"""The server under test as a process: started on a random loopback port, stopped politely or killed, measured.

It never reaches into the program: what it knows of it is in `knobs`.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import knobs
from harness.certificates import Certificates
from harness.memory import Memory, read_memory

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Checked:
    """What a check of the installation came to."""

    status: int
    findings: list[dict[str, Any]]


def free_port() -> int:
    """A loopback port that is free now. It is handed to a program that binds it a moment later."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One installation of Reliquary: a data folder, a port that survives restarts, and the process when it runs."""

    def __init__(
        self,
        binary: Path,
        folder: Path,
        *,
        npm_source: str = "http://127.0.0.1:9/",
        sources: dict[str, str] | None = None,
        dev: bool = False,
        account: str = knobs.DEFAULT_ACCOUNT,
        quotas: dict[str, int] | None = None,
        settings: str = "",
        certificates: Certificates | None = None,
    ) -> None:
        self.binary = binary
        self.data_dir = folder / "data"
        self.log_path = folder / "server.log"
        self.account = account
        self.port = free_port()
        self._config_path = folder / "reliquary.toml"
        self._home = folder / "home"
        self._sources = {knobs.NPM_CONNECTION: npm_source} | (sources or {})
        self._dev = dev
        self._quotas = dict(quotas or {})
        self._settings = settings
        self.certificates = certificates
        self._process: subprocess.Popen[bytes] | None = None
        self._home.mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        """The endpoint, without a trailing slash."""
        return f"{'http' if self.certificates is None else 'https'}://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        assert self._process is not None, "the server is not running"
        return self._process.pid

    def start(self, environment: dict[str, str] | None = None) -> Server:
        """Start and wait until it is ready. An early exit is reported with the end of its log."""
        self.launch(environment)
        try:
            self.wait_until_ready()
        except BaseException:
            self.kill()
            raise
        return self

    def launch(self, environment: dict[str, str] | None = None) -> None:
        """Start without waiting; for those who measure how long it takes to answer."""
        assert self._process is None, "the server is running already"
        self.write_settings()
        # A home of its own and no inherited variables: the settings of the machine must not decide a test.
        own = {"PATH": os.environ["PATH"], "HOME": str(self._home), **(environment or {})}
        command = knobs.serve_command(
            self.binary, self.data_dir, self.port, self._config_path, dev=self._dev, account=self.account
        )
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command, env=own, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=self._home
            )

    def write_settings(self) -> Path:
        """Write the TOML file of the server; where it is."""
        tables = knobs.configuration(self._sources, self._quotas)
        if self.certificates is not None:
            tables += knobs.tls(self.certificates.certificate, self.certificates.key)
        self._config_path.write_text(self._settings + tables)
        # It may hold secrets, and then nobody else may read it.
        self._config_path.chmod(0o600)
        return self._config_path

    def carry(self, *arguments: str, check: bool = True) -> str:
        """`reliquary backup`, `restore` or `migrate` with the settings of this server; what it prints. With `check` off
        it must fail.
        """
        config = self.write_settings()
        done = self._run_command(knobs.carriage_command(self.binary, self.data_dir, config, list(arguments)))
        assert (done.returncode == 0) == check, f"`{' '.join(arguments)}`:\n{done.stdout}\n{done.stderr}"
        return done.stdout if check else done.stderr

    def use_settings(self, settings: str) -> None:
        """Other settings from the next start on."""
        self._settings = settings

    def wait_until_ready(self) -> None:
        """Wait until a server that was launched is ready. An early exit is reported with the end of its log."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            assert self._process is not None
            if (status := self._process.poll()) is not None:
                raise RuntimeError(f"the server ended with {status} while starting:\n{self.log_tail()}")
            if self.status_of(knobs.READY_PATH) == 200:
                return
            time.sleep(0.02)
        raise TimeoutError(f"the server was not ready after {START_TIMEOUT_S} s:\n{self.log_tail()}")

    def status_of(self, path: str) -> int | None:
        """The status of a plain GET, or None while nobody listens."""
        connection = self._connection()
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self.certificates is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        context = ssl.create_default_context(cafile=self.certificates.authority)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=5, context=context)

    def stop(self) -> None:
        """SIGTERM, and wait for the end; a server that does not end by itself is a failure."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            status = self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server ignored SIGTERM for {STOP_TIMEOUT_S} s:\n{self.log_tail()}") from None
        self._process = None
        assert status in (0, -signal.SIGTERM), f"the server ended with {status}:\n{self.log_tail()}"

    def send_signal(self, number: signal.Signals) -> None:
        """Send the process a signal, e.g. to pause it."""
        assert self._process is not None, "the server is not running"
        self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL: no handler runs, nothing is flushed."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait(STOP_TIMEOUT_S)
        self._process = None

    def restart(self, environment: dict[str, str] | None = None, quotas: dict[str, int] | None = None) -> None:
        """Stop and start on the same port and data folder, with other limits if given."""
        self.stop()
        if quotas is not None:
            self._quotas = dict(quotas)
        self.start(environment)

    def memory(self) -> Memory:
        """The resident memory now."""
        return read_memory(self.pid)

    def create_key(self, account: str) -> knobs.AccessKey:
        """A root access key of another account, made by the command line as an operator would."""
        done = self._run_command(knobs.create_key_command(self.binary, self.data_dir, account))
        assert done.returncode == 0, f"`keys create` failed:\n{done.stdout}\n{done.stderr}"
        return knobs.parse_created_key(done.stdout)

    def iam(self, *arguments: str, account: str | None = None) -> dict[str, Any]:
        """A command of `reliquary iam`, as an operator types it; what it prints is JSON, as with the AWS CLI."""
        done = self._run_command(
            knobs.iam_command(self.binary, self.data_dir, account or self.account, list(arguments))
        )
        assert done.returncode == 0, f"`iam {' '.join(arguments)}` failed:\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def events(self, *arguments: str) -> list[dict[str, Any]]:
        """The events so far, oldest first."""
        done = self._run_command(knobs.events_command(self.binary, self.data_dir, list(arguments)))
        assert done.returncode == 0, f"`events` failed:\n{done.stdout}\n{done.stderr}"
        return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]

    def fsck(self, *arguments: str) -> Checked:
        """`reliquary fsck`, which must at least be able to look."""
        done = self.run_fsck(*arguments)
        assert done.returncode in (0, 1), f"`fsck` could not look:\n{done.stdout}\n{done.stderr}"
        return Checked(done.returncode, json.loads(done.stdout)["findings"])

    def run_fsck(self, *arguments: str, data_dir: Path | None = None) -> subprocess.CompletedProcess[str]:
        """The same, whatever comes of it; of another data folder if one is named."""
        return self._run_command(
            knobs.fsck_command(self.binary, data_dir or self.data_dir, self._config_path, list(arguments))
        )

    def run_sweep(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`reliquary sweep`, whatever comes of it."""
        return self._run_command(knobs.sweep_command(self.binary, self.data_dir, self._config_path, list(arguments)))

    def sweep(self, *arguments: str) -> dict[str, Any]:
        """The same: what it found and did."""
        done = self.run_sweep(*arguments)
        assert done.returncode == 0, f"`sweep` failed:\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout)

    def _run_command(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env={"PATH": os.environ["PATH"], "HOME": str(self._home)},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def wait_for_log(self, text: str, timeout_s: float = 5) -> None:
        """Wait until the log holds a text: its lines are written a moment after the reply they are about."""
        deadline = time.monotonic() + timeout_s
        while text not in self.log_path.read_text(errors="replace"):
            assert time.monotonic() < deadline, f"{text} did not come into the log:\n{self.log_tail()}"
            time.sleep(0.02)

    def requests(self) -> list[dict[str, Any]]:
        """The finished requests so far as the log tells them; for servers whose log is JSON."""
        # A request of our own is the end mark: lines are written a moment after the replies they are about.
        mark = f"/{uuid.uuid4()}"
        self.status_of(mark)
        self.wait_for_log(mark)
        lines = [json.loads(line) for line in self.log_path.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("target") == "access" and line["path"] != mark]

    def log_tail(self, lines: int = 60) -> str:
        """The last lines of the log, for failure messages."""
        if not self.log_path.exists():
            return "(no log)"
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])

    def assert_no_panic(self) -> None:
        """A panic that was caught and answered with 500 is still a fault of ours."""
        text = self.log_path.read_text(errors="replace") if self.log_path.exists() else ""
        assert "panicked at" not in text, f"the server panicked:\n{self.log_tail(200)}"
