"""kill -9 in the middle of pushes. Afterwards what was acknowledged is there, and the rest goes through."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.account import Repository
from harness.crash import killed_in_the_middle, killed_while_one_arrives
from harness.nuget_client import Dotnet, NugetClient, NugetExe, missing
from harness.nuget_packages import Nupkg
from harness.nuget_wire import Feed
from scenarios.nuget_family import fresh_id

# Five packages of six versions: the same rows are fought over.
PARCELS = [Nupkg(f"Acme.Parcel{n % 5}", f"1.{n // 5}.0", size_bytes=20_000 + 997 * n) for n in range(30)]
LARGE_BYTES = 60 * 1024 * 1024


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
    token, url = mortal.token, mortal.endpoint("nuget")

    def connect() -> Callable[[Nupkg], None]:
        wire = Feed(url, token)

        def publish(package: Nupkg) -> None:
            answer = wire.push(package)
            assert answer.status == 201, answer

        return publish

    acknowledged = killed_in_the_middle(mortal.server, PARCELS, connect, kill_after=kill_after)
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
    finished = killed_while_one_arrives(mortal.server, LARGE_BYTES, lambda: client.push(file, check=False))
    assert finished.status != 0
    assert listed(mortal) == {}
    client.push(file)
    is_same = listed(mortal) == expected(package)
    assert is_same, "the package that was pushed after the crash differs"
