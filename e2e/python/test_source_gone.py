"""Days on which the public index changes, lies behind, or is not there."""

from __future__ import annotations

from pathlib import Path

from harness.account import Repository
from harness.fake_pypi import FakePypi
from harness.packages import fresh_name
from harness.pypi_wire import Index
from harness.python_client import installed_versions
from harness.python_packages import Distribution
from harness.waiting import wait_until
from python.pip_and_twine import Pip, PipAndTwine


def held(repository: Repository, name: str, version: str) -> set[str]:
    """The assets of a version that the control plane lists, or none while the version is not there."""
    if version not in repository.versions("pypi", name):
        return set()
    ids = {**repository.ids, "format": "pypi", "package": name, "packageVersion": version}
    return {asset["name"] for asset in repository.aws.list_package_version_assets(**ids)["assets"]}


def test_the_other_files_of_a_version_follow_and_outlive_the_source(secluded: Repository, index: FakePypi) -> None:
    package = Distribution(fresh_name("public"), "1.0")
    index.publish(package, sdist=True)
    wire = Index(secluded.pypi_url, secluded.token)
    files = wire.files(package.name)
    assert wire.get(files[package.wheel_name]["url"]).body == package.wheel()
    both = {package.wheel_name, package.sdist_name}
    wait_until(lambda: held(secluded, package.normalized, "1.0") == both, timeout_s=30)
    index.stop()
    assert wire.get(files[package.sdist_name]["url"]).body == package.sdist()


def test_a_yank_and_a_new_file_of_a_held_version_show_and_stay(secluded: Repository, index: FakePypi) -> None:
    package = Distribution(fresh_name("public"), "1.0")
    index.publish(package)
    wire = Index(secluded.pypi_url, secluded.token)
    assert wire.get(wire.files(package.name)[package.wheel_name]["url"]).status == 200

    index.publish(package, wheel=False, sdist=True)
    wait_until(lambda: package.sdist_name in wire.files(package.name), timeout_s=30)
    assert wire.get(wire.files(package.name)[package.sdist_name]["url"]).body == package.sdist()
    index.yank(package.name, "1.0", "broken")
    wait_until(lambda: wire.files(package.name)[package.wheel_name]["yanked"] == "broken", timeout_s=30)
    index.yank(package.name, "1.0", False)
    wait_until(lambda: wire.files(package.name)[package.wheel_name]["yanked"] is False, timeout_s=30)
    index.yank(package.name, "1.0", "broken again")
    wait_until(lambda: wire.files(package.name)[package.wheel_name]["yanked"] == "broken again", timeout_s=30)
    index.stop()
    files = wire.files(package.name)
    assert set(files) == {package.wheel_name, package.sdist_name}
    assert files[package.wheel_name]["yanked"] == "broken again"


def test_a_project_never_asked_for_is_not_called_missing(secluded: Repository, index: FakePypi, tmp_path: Path) -> None:
    package = Distribution(fresh_name("public"), "1.0")
    index.publish(package)
    index.stop()
    wire = Index(secluded.pypi_url, secluded.token)
    # A 404 would be believed, by caches and by people; "not now" is the truth.
    answer = wire.get(f"simple/{package.name}/")
    assert answer.status in (502, 503, 504)
    assert "public:pypi" in answer.body.decode()
    assert str(index.port) not in answer.body.decode(), "an address of the source leaked"
    pip = Pip(tmp_path / "home")
    pip.configure(secluded.pypi_url, secluded.token)
    assert pip.install(tmp_path / "env", package.name, check=False).status != 0
    index.start()
    # A source that failed repeatedly is left alone for seconds; then it is asked again without anybody's help.
    wait_until(lambda: wire.get(f"simple/{package.name}/").status == 200, timeout_s=60)
    pip.install(tmp_path / "env", package.name)
    assert installed_versions(tmp_path / "env")[package.normalized] == "1.0"


def test_publishing_goes_on_beside_public_projects(secluded: Repository, index: FakePypi, tmp_path: Path) -> None:
    public = Distribution(fresh_name("public"), "1.0")
    index.publish(public)
    client = PipAndTwine(tmp_path / "home")
    client.configure(secluded.pypi_url, secluded.token)
    client.add(client.project("before"), public.name)
    index.stop()
    for version in ("1.0", "1.1"):
        package = Distribution("beside", version, requires=(f"{public.name}==1.0",))
        client.publish(package.write_project(client.home / f"source-{version}"))
        client.empty_cache()
        client.add(client.project(f"during-{version}"), "beside")
        found = installed_versions(client.home / f"during-{version}" / ".venv")
        assert (found["beside"], found[public.normalized]) == (version, "1.0")
