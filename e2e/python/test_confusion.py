"""Dependency confusion: an internal name that also exists publicly is never served from the public index."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.account import Repository
from harness.fake_pypi import FakePypi
from harness.packages import fresh_name
from harness.pypi_wire import Index
from harness.python_client import PythonClient, installed_versions
from harness.python_packages import Distribution
from python.pdm import Pdm
from python.pip_and_twine import PipAndTwine
from python.poetry import Poetry
from python.uv import Uv


@pytest.mark.parametrize("client_type", [PipAndTwine, Uv, Poetry, Pdm])
def test_y06_a_higher_public_version_of_an_internal_name_is_never_installed(
    connected: Repository, index: FakePypi, tmp_path: Path, client_type: type[PythonClient]
) -> None:
    internal = Distribution(fresh_name("Internal.Thing"), "1.0")
    wire = Index(connected.pypi_url, connected.token)
    assert wire.upload(internal).status == 200
    attack = Distribution(internal.normalized, "99.0")
    index.publish(attack, sdist=True)
    client = client_type(tmp_path / "home")
    client.configure(connected.pypi_url, connected.token)
    project = client.project("app")
    client.add(project, internal.normalized)
    assert installed_versions(project / ".venv")[internal.normalized] == "1.0"
    assert set(wire.files(internal.normalized)) == {internal.wheel_name}
    own = wire.files(internal.normalized)[internal.wheel_name]["url"]
    stolen = own.replace("/1.0/", "/99.0/").replace(internal.wheel_name, attack.wheel_name)
    for address in (stolen, f"{stolen}.metadata", stolen.replace(attack.wheel_name, attack.sdist_name)):
        assert wire.get(address).status == 404
    assert index.wheels_asked(attack.normalized) == []


def test_y06_a_file_is_never_added_to_an_internal_version(connected: Repository, index: FakePypi) -> None:
    internal = Distribution(fresh_name("internal"), "1.0")
    wire = Index(connected.pypi_url, connected.token)
    assert wire.upload(internal).status == 200
    # The same version outside, with a file that the internal one does not have: pip would prefer a better wheel.
    index.publish(Distribution(internal.name, "1.0"), wheel=False, sdist=True)
    assert set(wire.files(internal.name)) == {internal.wheel_name}
    address = wire.files(internal.name)[internal.wheel_name]["url"].replace(internal.wheel_name, internal.sdist_name)
    assert wire.get(address).status == 404


def test_a_public_version_cannot_be_published_over(connected: Repository, index: FakePypi) -> None:
    public = Distribution(fresh_name("public"), "1.0")
    index.publish(public)
    wire = Index(connected.pypi_url, connected.token)
    assert wire.upload(Distribution(public.name, "1.0", build=1)).status in (403, 409)
    assert wire.get(wire.files(public.name)[public.wheel_name]["url"]).body == public.wheel()
    # Nor by another spelling of the same version.
    assert wire.upload(Distribution(public.name, "1.0.0", build=1)).status in (403, 409)
