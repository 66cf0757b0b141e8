"""kill -9 in the middle of uploads. Afterwards what was acknowledged is there, and the rest goes through."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.account import Repository
from harness.crash import killed_in_the_middle, killed_while_one_arrives
from harness.packages import fresh_name
from harness.pypi_wire import Index
from harness.python_packages import Distribution
from python.pip_and_twine import Twine
from python.uv import Uv

# Six projects of five versions, a wheel and a source archive each: the same rows are fought over.
PARCELS = [
    (Distribution(f"parcel-{n % 6}", f"1.{n // 6}", size_bytes=20_000 + 997 * n), sdist)
    for n in range(30)
    for sdist in (False, True)
]
LARGE_BYTES = 80 * 1024 * 1024


def assert_all_listed_is_whole(repository: Repository) -> set[str]:
    """Every file that the server lists, to people or to programs, has exactly the bytes that it claims."""
    index = Index(repository.pypi_url, repository.token)
    listed = set()
    for name in repository.packages("pypi"):
        files = index.files(name)
        for file in files.values():
            content = index.get(file["url"]).body
            assert hashlib.sha256(content).hexdigest() == file["hashes"]["sha256"]
            assert len(content) == file["size"]
        listed |= set(files)
        assert {one["status"] for one in repository.versions("pypi", name).values()} <= {"Published"}
    return listed


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kill_after", [2, 20, 45])
def test_i01_killed_in_the_middle_of_many_uploads(mortal: Repository, kill_after: int) -> None:
    token, url = mortal.token, mortal.pypi_url

    def connect() -> Callable[[tuple[Distribution, bool]], None]:
        wire = Index(url, token)

        def publish(parcel: tuple[Distribution, bool]) -> None:
            answer = wire.upload(parcel[0], sdist=parcel[1])
            assert answer.status == 200, answer

        return publish

    acknowledged = killed_in_the_middle(mortal.server, PARCELS, connect, kill_after=kill_after)
    listed = assert_all_listed_is_whole(mortal)
    assert {one.sdist_name if sdist else one.wheel_name for one, sdist in acknowledged} <= listed
    index = Index(url, token)
    for package, sdist in PARCELS:
        assert index.upload(package, sdist=sdist).status == 200, package
    everything = {one.sdist_name if sdist else one.wheel_name for one, sdist in PARCELS}
    assert assert_all_listed_is_whole(mortal) == everything


@pytest.mark.timeout(300)
@pytest.mark.parametrize("client_type", [Twine, Uv])
def test_i01_killed_while_one_large_file_arrives(
    mortal: Repository, tmp_path: Path, client_type: type[Twine] | type[Uv]
) -> None:
    client = client_type(tmp_path / "home")
    client.configure(mortal.pypi_url, mortal.token)
    package = Distribution(fresh_name(), "1.0", size_bytes=LARGE_BYTES)
    wheel = package.write_wheel(tmp_path / "dist")
    where = ["--publish-url", mortal.pypi_url] if isinstance(client, Uv) else []
    finished = killed_while_one_arrives(mortal.server, LARGE_BYTES, lambda: client.upload(*where, wheel, check=False))
    assert finished.status != 0
    assert assert_all_listed_is_whole(mortal) == set()
    client.upload(*where, wheel)
    assert assert_all_listed_is_whole(mortal) == {package.wheel_name}
