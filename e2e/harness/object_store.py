"""A real S3-compatible server (SeaweedFS) of a story's own, which checks signatures and checksums as S3 does.

Its program `weed` is looked for where RELIQUARY_TEST_WEED says, in the path, and where `cargo xtask weed` installs it.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from harness.server import free_port

START_TIMEOUT_S = 90.0
ROOT = Path(__file__).resolve().parent.parent.parent
BUCKET = "packages"
KEY_ID = "stories"
SECRET = "only-for-stories"
PARTS = ("s3", "filer", "master", "volume")


def find_weed() -> Path | None:
    """The server's program."""
    named = os.environ.get("RELIQUARY_TEST_WEED")
    in_path = shutil.which("weed")
    places = [named, in_path, ROOT / "target/tools/weed/bin/weed"]
    return next((Path(place) for place in places if place and Path(place).is_file()), None)


class ObjectStore:
    """One server with one bucket, on ports of the loopback."""

    def __init__(self, weed: Path) -> None:
        self._weed = weed
        self._folder = Path(tempfile.mkdtemp(prefix="reliquary-s3-"))
        self._ports = {part: (free_port(), free_port()) for part in PARTS}
        self._process: subprocess.Popen[bytes] | None = None
        identity = {
            "name": "stories",
            "credentials": [{"accessKey": KEY_ID, "secretKey": SECRET}],
            "actions": ["Read", "Write", "List"],
        }
        (self._folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
        (self._folder / "data").mkdir()

    @property
    def port(self) -> int:
        """Where S3 is spoken."""
        return self._ports["s3"][0]

    def start(self) -> ObjectStore:
        """Start, wait until a byte can be written, and make the bucket."""
        flags = [f"-{part}.port={port}" for part, (port, _) in self._ports.items()]
        flags += [f"-{part}.port.grpc={port}" for part, (_, port) in self._ports.items()]
        command = [str(self._weed), "-logtostderr=true", "server", f"-dir={self._folder / 'data'}", "-ip=127.0.0.1"]
        command += ["-ip.bind=127.0.0.1", "-volume.max=20", "-master.volumeSizeLimitMB=256", "-s3", *flags]
        # Without the zeros it takes two ports more.
        command += [f"-s3.config={self._folder / 's3.json'}", "-s3.port.iceberg=0", "-s3.port.lance=0"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                env={"PATH": os.environ["PATH"], "HOME": str(self._folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                start_new_session=True,
            )
        filer = self._ports["filer"][0]
        deadline = time.monotonic() + START_TIMEOUT_S
        # The gateway answers before the volumes below it can take a byte.
        while not (self._ask(filer, "PUT", "/ready/probe", b"x") == 201 and self._ask(self.port, "GET", "/")):
            assert self._process.poll() is None, f"SeaweedFS ended:\n{self.log_tail()}"
            assert time.monotonic() < deadline, f"SeaweedFS did not get ready:\n{self.log_tail()}"
            time.sleep(0.1)
        assert self._ask(filer, "POST", f"/buckets/{BUCKET}/") == 201, self.log_tail()
        return self

    @staticmethod
    def _ask(port: int, method: str, path: str, body: bytes = b"") -> int | None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request(method, path, body)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def send_signal(self, number: signal.Signals) -> None:
        """Send the process a signal, e.g. to pause it."""
        assert self._process is not None, "the server is not running"
        self._process.send_signal(number)

    def close(self) -> None:
        """Stop and remove everything."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)
            self._process = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def log_tail(self) -> str:
        """The last lines of its log."""
        return "\n".join((self._folder / "log").read_text(errors="replace").splitlines()[-40:])
