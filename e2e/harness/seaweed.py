"""A SeaweedFS of a story's own: an S3-compatible store that checks signatures, with one bucket."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from harness.server import free_port

KEY_ID = "stories"
# Opens nothing but a store of the stories.
SECRET = "only-for-stories"
BUCKET = "blobs"
START_TIMEOUT_S = 90.0
PARTS = ("s3", "filer", "master", "volume")


def find_program() -> Path | None:
    """The program `weed`: where RELIQUARY_TEST_WEED says, in PATH, or where `cargo xtask weed` puts it."""
    installed = Path(__file__).resolve().parents[2] / "target/tools/weed/bin/weed"
    named = [os.environ.get("RELIQUARY_TEST_WEED"), shutil.which("weed"), str(installed)]
    return next((Path(one) for one in named if one and Path(one).is_file()), None)


class Seaweed:
    """One store, made empty."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._ports = {part: (free_port(), free_port()) for part in PARTS}
        self._log = folder / "log"
        (folder / "data").mkdir(parents=True)
        identity = {"name": "stories", "credentials": [{"accessKey": KEY_ID, "secretKey": SECRET}]}
        identity["actions"] = ["Read", "Write", "List"]
        config = folder / "s3.json"
        config.write_text(json.dumps({"identities": [identity]}))
        flags = ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-volume.max=20", "-master.volumeSizeLimitMB=256", "-s3"]
        # Without the last two it takes two ports more.
        flags += [f"-dir={folder / 'data'}", f"-s3.config={config}", "-s3.port.iceberg=0", "-s3.port.lance=0"]
        for part, (port, grpc) in self._ports.items():
            flags += [f"-{part}.port={port}", f"-{part}.port.grpc={grpc}"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(program), "-logtostderr=true", "server", *flags],
                env={"PATH": os.environ["PATH"], "HOME": str(folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
            )
        try:
            self._wait_until_ready()
            assert self._ask("filer", "POST", f"/buckets/{BUCKET}/") == 201
        except BaseException:
            self.close()
            raise

    @property
    def port(self) -> int:
        """Where S3 is spoken."""
        return self._ports["s3"][0]

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        # The gateway answers before the volumes below it can take a byte, so a byte is written.
        while self._ask("filer", "PUT", "/ready/probe", b"x") != 201 or self._ask("s3", "GET", "/") is None:
            assert self._process.poll() is None, f"SeaweedFS ended:\n{self._log_tail()}"
            assert time.monotonic() < deadline, f"SeaweedFS is not ready:\n{self._log_tail()}"
            time.sleep(0.1)

    def _ask(self, part: str, method: str, path: str, body: bytes = b"") -> int | None:
        connection = http.client.HTTPConnection("127.0.0.1", self._ports[part][0], timeout=5)
        try:
            connection.request(method, path, body=body)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def _log_tail(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-30:])

    def send_signal(self, number: signal.Signals) -> None:
        """Send the process a signal, e.g. to pause it."""
        self._process.send_signal(number)

    def close(self) -> None:
        """End it; its folder belongs to who gave it."""
        self._process.kill()
        self._process.wait(30)
