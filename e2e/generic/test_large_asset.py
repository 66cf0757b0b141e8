"""An asset of 5 GB, the largest there may be, goes in and comes out, and the server does not grow by it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from generic.curl import Curl
from harness import account
from harness.account import Repository
from harness.memory import MemoryWatch
from harness.server import Server

LIMIT_BYTES = 5 << 30
ALLOWED_GROWTH_BYTES = 40 << 20
PATH = "data/dump/1.0.0/disk.img"


@pytest.mark.timeout(900)
def test_5_gb_go_in_and_out_in_constant_memory(new_server: Callable[..., Server], tmp_path: Path) -> None:
    server = new_server().start()
    aws = account.profile_client(server)
    domain = account.create_domain(aws)
    aws.create_repository(domain=domain, repository="app")
    curl = Curl(tmp_path / "home", Repository(server, aws, domain, "app"))
    large = tmp_path / "disk.img"
    # Mostly a hole, so that the file itself takes no room; its ends are told apart.
    with large.open("wb") as file:
        file.write(b"the beginning")
        file.seek(LIMIT_BYTES - 7)
        file.write(b"the end")
    try:
        # One small file first, so that growth is growth by size and not the price of the first request.
        assert curl.put(Path(__file__), "data/dump/0.9.0/small")[0] == 201
        with MemoryWatch(server.pid) as publishing:
            status, body = curl.put(large, PATH, timeout_s=600)
        assert status == 201, body
        with MemoryWatch(server.pid) as downloading:
            size, digest = _download(curl, PATH)
        assert size == LIMIT_BYTES
        assert curl.head(PATH)["x-checksum-sha256"] == digest
        tail = tmp_path / "tail"
        assert curl.get(PATH, tail, "--range", "-7") == 206
        assert tail.read_bytes() == b"the end"
        for what, watch in (("publishing", publishing), ("downloading", downloading)):
            assert watch.anon_growth_bytes < ALLOWED_GROWTH_BYTES, f"{what} grew by {watch.anon_growth_bytes >> 20} MB"

        # One byte more is refused before it is sent.
        with large.open("ab") as file:
            file.truncate(LIMIT_BYTES + 1)
        status, body = curl.put(large, "data/dump/2.0.0/", timeout_s=30)
        assert (status, str(LIMIT_BYTES) in body) == (402, True)
    finally:
        # Gigabytes that nobody looks at again.
        server.stop()
        shutil.rmtree(server.data_dir)
        large.unlink()


def _download(curl: Curl, path: str) -> tuple[int, str]:
    """Size and SHA-256 of what curl writes to a pipe."""
    command = [*curl.program(), "--fail", curl.base + path]
    size, digest = 0, hashlib.sha256()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while chunk := process.stdout.read(1 << 20):
            size += len(chunk)
            digest.update(chunk)
    assert process.returncode == 0
    return size, digest.hexdigest()
