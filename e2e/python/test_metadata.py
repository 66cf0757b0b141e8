"""Resolving without whole wheels: metadata beside them (PEP 658, PEP 714), or the end of a wheel by a range."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.account import Repository
from harness.fake_pypi import FakePypi
from harness.packages import fresh_name
from harness.pypi_wire import Index
from harness.python_client import PythonProgram, installed_versions
from harness.python_packages import Distribution
from python.pip_and_twine import OldPip, Pip
from python.uv import Uv

WHEEL_BYTES = 400_000


class Requests:
    """What clients asked the server for since this was made."""

    def __init__(self, repository: Repository) -> None:
        self._server, self._path = repository.server, repository.pypi_url.partition("/pypi/")[2]
        self._before = len(self._server.requests())

    def below(self, ending: str) -> list[dict[str, Any]]:
        """The finished requests of this repository for paths with that ending."""
        since = self._server.requests()[self._before :]
        return [one for one in since if self._path in one["path"] and one["path"].endswith(ending)]


def install(client: PythonProgram, environment: Path, *arguments: str) -> None:
    """Install with either client."""
    if isinstance(client, Uv):
        client.pip_install(environment, *arguments)
    else:
        assert isinstance(client, Pip)
        client.install(environment, *arguments)


def a_hard_choice(offer: Callable[[Distribution], object]) -> tuple[Distribution, Distribution, list[Distribution]]:
    """A project whose newer versions all need what another one forbids: the one that fits, that other one, and all."""
    base, top = fresh_name("base"), fresh_name("top")
    offered = [Distribution(base, f"1.{n}", size_bytes=1000) for n in range(3)]
    old = Distribution(top, "1.0", size_bytes=WHEEL_BYTES, requires=(f"{base}<1.2",))
    newer = [Distribution(top, f"2.{n}", size_bytes=WHEEL_BYTES, requires=(f"{base}==1.{n % 2}",)) for n in range(8)]
    for one in [*offered, old, *newer]:
        offer(one)
    return old, offered[2], [old, *newer]


CLIENTS: list[type[PythonProgram]] = [Pip, OldPip, Uv]


@pytest.mark.parametrize("client_type", CLIENTS)
def test_resolving_reads_the_metadata_of_public_wheels_and_no_wheel(
    connected: Repository, index: FakePypi, tmp_path: Path, client_type: type[PythonProgram]
) -> None:
    chosen, base, tops = a_hard_choice(index.publish)
    client = client_type(tmp_path / "home")
    client.configure(connected.pypi_url, connected.token)
    seen = Requests(connected)
    # 1.2 of the base leaves nothing of the newer versions: every one of them has to be looked at.
    newest = f"{chosen.name}>=1"
    with pytest.raises(AssertionError):
        install(client, tmp_path / "env", newest, f"{base.name}=={base.version}")
    assert index.wheels_asked(chosen.name) == [], "whole wheels were fetched from the source"
    assert seen.below(".whl") == [], "the client read wheels"
    looked_at = {one["path"].rpartition("/")[2] for one in seen.below(".whl.metadata")}
    assert {f"{one.wheel_name}.metadata" for one in tops} <= looked_at
    assert connected.packages("pypi") == [], "looking at metadata must retain nothing"

    install(client, tmp_path / "env", f"{chosen.name}==1.0", f"{base.name}==1.1")
    assert installed_versions(tmp_path / "env")[chosen.normalized] == "1.0"
    assert index.wheels_asked(chosen.name) == [f"/files/{chosen.wheel_name}"]


@pytest.mark.parametrize("client_type", CLIENTS)
def test_resolving_reads_the_metadata_of_own_wheels_and_no_wheel(
    private: Repository, tmp_path: Path, client_type: type[PythonProgram]
) -> None:
    wire = Index(private.pypi_url, private.token)
    chosen, base, tops = a_hard_choice(wire.upload)
    client = client_type(tmp_path / "home")
    client.configure(private.pypi_url, private.token)
    seen = Requests(private)
    with pytest.raises(AssertionError):
        install(client, tmp_path / "env", chosen.name, f"{base.name}=={base.version}")
    assert seen.below(".whl") == []
    assert len(seen.below(".whl.metadata")) >= len(tops)


def test_own_files_have_their_metadata_beside_them(private: Repository) -> None:
    wire = Index(private.pypi_url, private.token)
    package = Distribution(fresh_name(), "1.0.0", requires=("thing>=1",))
    assert wire.upload(package).status == 200
    file = wire.files(package.name)[package.wheel_name]
    announced = {"sha256": hashlib.sha256(package.metadata()).hexdigest()}
    assert file["core-metadata"] == announced
    # The name that pip before 23.3 and older uv read (PEP 714).
    assert file.get("data-dist-info-metadata", announced) == announced
    answer = wire.get(file["url"] + ".metadata")
    assert (answer.status, answer.body) == (200, package.metadata())
    assert wire.get(file["url"].replace("1.0.0-py3", "9.9.9-py3") + ".metadata").status == 404


def test_metadata_seen_once_is_there_when_the_source_is_gone(secluded: Repository, index: FakePypi) -> None:
    package = Distribution(fresh_name("public"), "1.0.0", requires=("thing>=1",))
    index.publish(package)
    wire = Index(secluded.pypi_url, secluded.token)
    address = wire.files(package.name)[package.wheel_name]["url"] + ".metadata"
    assert wire.get(address).body == package.metadata()
    index.stop()
    assert wire.get(address).body == package.metadata()
    assert wire.files(package.name)[package.wheel_name]["core-metadata"]


def test_a_public_wheel_without_metadata_beside_it_has_it_once_it_is_held(
    connected: Repository, index: FakePypi
) -> None:
    package = Distribution(fresh_name("public"), "1.0.0")
    index.publish(package, metadata=False)
    wire = Index(connected.pypi_url, connected.token)
    file = wire.files(package.name)[package.wheel_name]
    assert not file.get("core-metadata")
    assert wire.get(file["url"]).body == package.wheel()
    file = wire.files(package.name)[package.wheel_name]
    assert file["core-metadata"] == {"sha256": hashlib.sha256(package.metadata()).hexdigest()}
    assert wire.get(file["url"] + ".metadata").body == package.metadata()


@pytest.mark.parametrize("client_type", CLIENTS)
def test_a_wheel_without_metadata_is_read_from_its_end(
    connected: Repository, index: FakePypi, tmp_path: Path, client_type: type[PythonProgram]
) -> None:
    package = Distribution(fresh_name("public"), "1.0.0", size_bytes=3_000_000)
    other = Distribution(package.name, "2.0.0", size_bytes=3_000_000, requires=(f"{fresh_name('absent')}==1",))
    index.publish(package, other, metadata=False)
    client = client_type(tmp_path / "home")
    client.configure(connected.pypi_url, connected.token)
    seen = Requests(connected)
    lazily = ["--use-feature=fast-deps"] if isinstance(client, Pip) else []
    # The second version cannot be installed; its metadata says so, and that is all that is read of it.
    install(client, tmp_path / "env", *lazily, package.name)
    assert installed_versions(tmp_path / "env")[package.normalized] == "1.0.0"
    asked = [one for one in seen.below(other.wheel_name) if one["method"] == "GET"]
    assert asked and {one["status"] for one in asked} == {206}
    assert sum(one["sent_bytes"] for one in asked) < 300_000
