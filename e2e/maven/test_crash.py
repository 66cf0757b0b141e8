"""kill -9 in the middle of a deployment. Afterwards what was acknowledged is there, nothing half is shown, and a second
try goes through.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path

import pytest

from harness import account
from harness.maven_artifacts import Artifact, checksum
from harness.maven_wire import METADATA, PUT_STATUSES, Layout
from harness.server import Server
from harness.waiting import wait_until
from maven.mvn import Maven38

CLASSIFIERS = tuple(f"part-{number}" for number in range(6))
CRATES = [Artifact(f"crate-{n % 10}", f"1.{n // 10}", size_bytes=30_000 + 997 * n) for n in range(60)]


def shown(layout: Layout, artifacts: list[Artifact]) -> set[str]:
    """What package managers are told of; each of these versions is whole."""
    found = set()
    for folder in {one.folder for one in artifacts}:
        answer = layout.get(folder + METADATA)
        assert answer.status in (200, 404)
        if answer.status == 200:
            for one in artifacts:
                if one.folder == folder and one.version in layout.metadata(folder).versions:
                    found.add(one.coordinates)
                    for name, content in one.files().items():
                        assert layout.get(one.version_folder + name).body == content, name
    return found


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kill_after", [7, 60, 200])
def test_i01_killed_while_many_deploy(new_maven_server: Callable[..., Server], kill_after: int) -> None:
    server = new_maven_server().start()
    app = account.create_alone(server)
    url, token = app.endpoint("maven"), app.token
    queue, lock = list(CRATES), threading.Lock()
    stored: list[tuple[str, bytes]] = []
    finished: list[Artifact] = []
    enough = threading.Event()

    def run() -> None:
        layout = Layout(url, token)
        try:
            while True:
                with lock:
                    if not queue:
                        return
                    one = queue.pop(0)
                for name, content in one.files().items():
                    for suffix, body in (("", content), (".sha1", checksum(content, "sha1").encode())):
                        layout.store(one.version_folder + name + suffix, body)
                        with lock:
                            stored.append((one.version_folder + name + suffix, body))
                            if len(stored) >= kill_after:
                                enough.set()
                layout.store(one.folder + METADATA, one.metadata())
                with lock:
                    finished.append(one)
        except (OSError, HTTPException):
            return
        finally:
            layout.close()

    with ThreadPoolExecutor(8) as pool:
        clients = [pool.submit(run) for _ in range(8)]
        assert enough.wait(60), "the deployments did not get far enough"
        server.kill()
        for client in clients:
            client.result()
    acknowledged, published = list(stored), {one.coordinates for one in finished}

    server.start()
    layout = Layout(url, token)
    assert published <= shown(layout, CRATES)
    # What was acknowledged is held: the same bytes again change nothing, other bytes are refused.
    for path, content in acknowledged:
        assert layout.put(path, content).status in PUT_STATUSES, path
        if not path.endswith(".sha1"):
            assert layout.put(path, content + b"x").status == 409, path
    for one in CRATES:
        layout.publish(one)
    assert shown(layout, CRATES) == {one.coordinates for one in CRATES}
    layout.close()


@pytest.mark.timeout(300)
def test_i01_mvn_deploys_again_after_the_server_was_killed(
    new_maven_server: Callable[..., Server], mvn: Maven38, tmp_path: Path
) -> None:
    server = new_maven_server().start()
    app = account.create_alone(server)
    mvn.configure(app)
    # A first run, so that Maven has its plugins and the second goes straight to uploading.
    mvn.publish(Artifact("small", "1.0"))
    artifact = Artifact("large", "1.0", size_bytes=15_000_000, classifiers=CLASSIFIERS)
    with ThreadPoolExecutor(1) as pool:
        deploying = pool.submit(mvn.publish, artifact, check=False)
        wait_until(lambda: "large" in app.packages("maven") or deploying.done(), timeout_s=60, interval_s=0.02)
        server.kill()
        killed = deploying.result()
    assert killed.status != 0, str(killed)

    server.start()
    layout = Layout(mvn.endpoint, mvn.token)
    assert shown(layout, [artifact]) == set()
    assert app.versions("maven", "large", namespace=artifact.group)["1.0"]["status"] == "Unfinished"
    mvn.publish(artifact)
    assert shown(layout, [artifact]) == {artifact.coordinates}
    mvn.empty_cache()
    mvn.resolve("app", artifact.coordinates)
    assert mvn.fetched("app") == {artifact.file_name(): artifact.jar()}
    layout.close()
