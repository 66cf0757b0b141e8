"""A tarball of 200 MB goes in and comes out, and the server does not grow by it."""

from __future__ import annotations

import hashlib
import http.client
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from harness import account
from harness.account import Repository
from harness.memory import MemoryWatch
from harness.packages import Package
from harness.server import Server
from npm.driver import Npm

PAYLOAD_BYTES = 200 * 1024 * 1024
ALLOWED_GROWTH_BYTES = 40 * 1024 * 1024


@pytest.mark.timeout(600)
def test_200_mb_publish_and_download_in_bounded_memory(new_server: Callable[..., Server], tmp_path: Path) -> None:
    server = new_server().start()
    app = account.create_alone(server)
    npm = Npm(tmp_path / "home")
    npm.configure(app.npm_url, app.token)
    # One small publish first, so that growth is growth by size and not the price of the first request.
    npm.publish(Package("small", "1.0.0").write_to(npm.home / "small"))
    folder = Package("large", "1.0.0", size_bytes=PAYLOAD_BYTES).write_to(npm.home / "large")

    with MemoryWatch(server.pid) as publishing:
        npm.run("publish", cwd=folder, timeout_s=400)
    dist = app.registry().packument("large")["versions"]["1.0.0"]["dist"]
    with MemoryWatch(server.pid) as downloading:
        size, shasum = _download(app, dist["tarball"])

    assert size > PAYLOAD_BYTES
    assert shasum == dist["shasum"]
    for what, watch in (("publishing", publishing), ("downloading", downloading)):
        assert watch.anon_growth_bytes < ALLOWED_GROWTH_BYTES, f"{what} grew by {watch.anon_growth_bytes >> 20} MB"
    assert publishing.rss_growth_bytes < ALLOWED_GROWTH_BYTES


def _download(app: Repository, address: str) -> tuple[int, str]:
    """Size and SHA-1 of a tarball, read in pieces."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
    connection.request("GET", parts.path, headers={"Authorization": f"Bearer {app.token}"})
    answer = connection.getresponse()
    assert answer.status == 200
    size, digest = 0, hashlib.sha1()
    while chunk := answer.read(1 << 20):
        size += len(chunk)
        digest.update(chunk)
    connection.close()
    return size, digest.hexdigest()
