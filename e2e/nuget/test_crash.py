"""kill -9 in the middle of pushes. Afterwards what was acknowledged is there, and the rest goes through."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path

import pytest

from harness import account, knobs
from harness.account import Repository
from harness.nuget_client import Dotnet, NugetClient, NugetExe, missing
from harness.nuget_packages import Nupkg
from harness.nuget_wire import Feed
from harness.server import Server
from harness.waiting import wait_until
from scenarios.nuget_family import fresh_id

PUSHERS = 6
# Five packages of six versions: the same rows are fought over.
PARCELS = [Nupkg(f"Acme.Parcel{n % 5}", f"1.{n // 5}.0", size_bytes=20_000 + 997 * n) for n in range(30)]
LARGE_BYTES = 60 * 1024 * 1024


@pytest.fixture
def mortal(new_server: Callable[..., Server]) -> Repository:
    """A repository on a server of its own."""
    server = new_server(settings=knobs.COUNTED_SETTINGS).start()
    aws = account.profile_client(server)
    domain = account.create_domain(aws)
    aws.create_repository(domain=domain, repository="app")
    return Repository(server, aws, domain, "app")


def listed(repository: Repository) -> dict[tuple[str, str], bytes]:
    """Every version that clients find, with its bytes; the API lists the same."""
    feed = Feed(repository.endpoint("nuget"), repository.token)
    found = {}
    for name in repository.packages("nuget"):
        versions = feed.versions(name)
        assert set(versions) == set(repository.versions("nuget", name)) == set(feed.entries(name))
        for version in versions:
            answer = feed.nupkg(name, version)
            assert answer.status == 200, answer
            found[name, version] = answer.body
    return found


def expected(*packages: Nupkg) -> dict[tuple[str, str], bytes]:
    """The same of packages."""
    return {(package.id.lower(), package.version): package.content() for package in packages}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kill_after", [1, 17])
def test_i01_killed_in_the_middle_of_many_pushes(mortal: Repository, kill_after: int) -> None:
    acknowledged: list[Nupkg] = []
    queue = list(PARCELS)
    lock = threading.Lock()
    token, url = mortal.token, mortal.endpoint("nuget")

    def push_until_the_end() -> None:
        feed = Feed(url, token)
        try:
            while True:
                with lock:
                    if not queue:
                        return
                    package = queue.pop(0)
                answer = feed.push(package)
                assert answer.status == 201, answer
                with lock:
                    acknowledged.append(package)
        except (OSError, HTTPException):
            return

    with ThreadPoolExecutor(PUSHERS) as pool:
        clients = [pool.submit(push_until_the_end) for _ in range(PUSHERS)]
        wait_until(lambda: len(acknowledged) >= kill_after, timeout_s=60, interval_s=0.002)
        mortal.server.kill()
        for client in clients:
            client.result()

    mortal.server.start()
    everything = expected(*PARCELS)
    found = listed(mortal)
    assert expected(*acknowledged).items() <= found.items() <= everything.items()
    feed = Feed(url, token)
    for package in PARCELS:
        # The same bytes again are no conflict.
        assert feed.push(package).status in (201, 409), package
    assert listed(mortal) == everything


@pytest.mark.timeout(300)
@pytest.mark.parametrize("client_type", [Dotnet, NugetExe])
def test_i01_killed_while_a_client_pushes_a_large_package(
    mortal: Repository, tmp_path: Path, client_type: type[NugetClient]
) -> None:
    if reason := missing():
        pytest.skip(reason)
    client = client_type(tmp_path / "home")
    client.configure(mortal.endpoint("nuget"), mortal.token)
    package = Nupkg(fresh_id(), "1.0.0", size_bytes=LARGE_BYTES)
    file = package.write_to(tmp_path / "packed")
    before = _bytes_below(mortal.server.data_dir)
    with ThreadPoolExecutor(1) as pool:
        pushing = pool.submit(client.push, file, check=False)
        # A part of it is on disk somewhere, and the rest is on its way.
        wait_until(
            lambda: _bytes_below(mortal.server.data_dir) - before > LARGE_BYTES // 8, timeout_s=60, interval_s=0.001
        )
        mortal.server.kill()
        assert pushing.result().status != 0
    mortal.server.start()
    assert listed(mortal) == {}
    client.push(file)
    is_same = listed(mortal) == expected(package)
    assert is_same, "the package that was pushed after the crash differs"


def _bytes_below(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total
