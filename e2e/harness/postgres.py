"""A PostgreSQL server of a story's own: started in a folder, stopped, killed, its connections cut.

It refuses to run as root, so there it runs as `nobody`, in a folder below the system's temporary one that this user
owns.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from harness.certificates import Certificates
from harness.server import free_port

START_TIMEOUT_S = 60.0
DATABASE = "reliquary"
USER = "reliquary"


def find_programs() -> Path | None:
    """The folder of initdb and postgres: in the path, or where Debian puts it, the newest first."""
    folders = [Path(folder) for folder in os.environ["PATH"].split(os.pathsep)]
    installed = Path("/usr/lib/postgresql")
    if installed.is_dir():
        versions = sorted((one for one in installed.iterdir() if one.name.isdigit()), key=lambda one: -int(one.name))
        folders += [version / "bin" for version in versions]
    return next((folder for folder in folders if all((folder / one).is_file() for one in ("initdb", "psql"))), None)


class Postgres:
    """One server with one database, on a port of the loopback that survives restarts."""

    def __init__(self, programs: Path, certificates: Certificates | None = None) -> None:
        self._programs = programs
        self._options: list[str] = []
        self._folder = Path(tempfile.mkdtemp(prefix="reliquary-pg-"))
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._user: int | None = None
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self._folder, nobody.pw_uid, nobody.pw_gid)
            self._user = nobody.pw_uid
        self._run("initdb", "-D", str(self._data), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        if certificates is not None:
            self._take_only_tls(certificates)

    def _take_only_tls(self, certificates: Certificates) -> None:
        """Whoever comes without TLS is refused."""
        (self._data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 trust\n")
        for source, name in ((certificates.certificate, "server.crt"), (certificates.key, "server.key")):
            own = self._data / name
            own.write_bytes(source.read_bytes())
            own.chmod(0o600)
            if self._user is not None:
                os.chown(own, self._user, -1)
        self._options = ["-c", "ssl=on"]

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def pid(self) -> int:
        """The process id of its first process, the parent of the others."""
        assert self._process is not None, "PostgreSQL is not running"
        return self._process.pid

    @property
    def url(self) -> str:
        """The database as the server's configuration names it."""
        return f"postgres://{USER}@127.0.0.1:{self.port}/{DATABASE}"

    def start(self) -> Postgres:
        """Start and wait until it answers; the first time the database is made."""
        is_first = not (self._folder / "log").exists()
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    str(self._programs / "postgres"),
                    *("-D", str(self._data), "-p", str(self.port), "-k", str(self._folder)),
                    *("-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200", *self._options),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",
                user=self._user,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                self.sql("SELECT 1", database="postgres")
                break
            except AssertionError:
                assert self._process.poll() is None, f"PostgreSQL ended:\n{self.log_tail()}"
                assert time.monotonic() < deadline, f"PostgreSQL does not answer:\n{self.log_tail()}"
                time.sleep(0.05)
        if is_first:
            self.sql(f"CREATE DATABASE {DATABASE}", database="postgres")
        return self

    def sql(self, text: str, *, database: str = DATABASE) -> list[list[str]]:
        """Run a statement past the server under test; the rows, all of text."""
        separator = "\x1f"
        arguments = ["-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-d", database, "-XAtq", "-F", separator]
        output = self._run("psql", *arguments, "-v", "ON_ERROR_STOP=1", "-c", text)
        return [line.split(separator) for line in output.splitlines()]

    def cut_connections(self) -> None:
        """End every connection to the database but this one, in the middle of whatever it does."""
        self.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE datname = '{DATABASE}' AND pid <> pg_backend_pid()",
            database="postgres",
        )

    def stop(self) -> None:
        """Stop at once and in order: open transactions are rolled back, connections closed."""
        self._end(signal.SIGINT)

    def crash(self) -> None:
        """End without a word, as a crash does; the next start recovers from its log."""
        self._end(signal.SIGQUIT)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    def close(self) -> None:
        """Stop and remove everything."""
        self.crash()
        shutil.rmtree(self._folder, ignore_errors=True)

    def log_tail(self) -> str:
        """The last lines of its log."""
        return "\n".join((self._folder / "log").read_text(errors="replace").splitlines()[-40:])

    def _run(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd="/",
            # Its own home: the one of the user who runs the tests cannot be read, and psql would stop at that.
            env={**os.environ, "HOME": str(self._folder)},
            user=self._user,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{program} failed:\n{done.stderr}"
        return done.stdout
