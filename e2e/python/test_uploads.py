"""Uploads: what build tools make, what is sent twice, what is sent wrong, and what the control plane makes of it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from harness.account import Repository
from harness.client import Finished
from harness.packages import fresh_name
from harness.pypi_wire import Index
from harness.python_client import installed_versions
from harness.python_packages import Distribution
from python.pip_and_twine import OldTwine, Pip, PipAndTwine, Twine
from python.uv import Uv


def says(finished: Finished, *words: str) -> bool:
    """Whether a client told its user one of these; clients wrap lines where they like."""
    text = " ".join(finished.output.lower().split())
    return any(word in text for word in words)


@pytest.fixture
def wire(private: Repository) -> Index:
    """The endpoint spoken directly."""
    return Index(private.pypi_url, private.token)


def test_a_project_built_by_setuptools_is_described_by_the_control_plane(
    private: Repository, wire: Index, tmp_path: Path
) -> None:
    client = PipAndTwine(tmp_path / "home")
    client.configure(private.pypi_url, private.token)
    package = Distribution(fresh_name("Built.By"), "1.2.0", requires=("left-thing>=1.0", 'other-thing; extra == "x"'))
    project = package.write_project(client.home / "source", "setuptools")
    sdist, wheel = sorted(client.build(project), key=lambda path: path.suffix)
    client.twine.upload(wheel, sdist)

    ids = {**private.ids, "format": "pypi", "package": package.normalized, "packageVersion": "1.2.0"}
    described = private.aws.describe_package_version(**ids)["packageVersion"]
    assert described["displayName"] == package.name
    assert described["summary"] == f"A parcel named {package.name}"
    assert described["status"] == "Published"
    assets = {one["name"]: one for one in private.aws.list_package_version_assets(**ids)["assets"]}
    assert set(assets) == {wheel.name, sdist.name}
    for path in (wheel, sdist):
        assert assets[path.name]["hashes"]["SHA-256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert assets[path.name]["size"] == path.stat().st_size
    dependencies = private.aws.list_package_version_dependencies(**ids)["dependencies"]
    assert {(one["package"], one["dependencyType"]) for one in dependencies} >= {("left-thing", "Requires-Dist")}
    shown = wire.files(package.name)
    assert shown[wheel.name]["requires-python"] == package.requires_python
    assert wire.get(shown[sdist.name]["url"]).body == sdist.read_bytes()


@pytest.mark.parametrize("twine_type", [Twine, OldTwine])
def test_twine_sends_the_same_file_twice_and_is_told_about_other_bytes(
    private: Repository, wire: Index, tmp_path: Path, twine_type: type[Twine]
) -> None:
    twine = twine_type(tmp_path / "home")
    twine.configure(private.pypi_url, private.token)
    package = Distribution(fresh_name(), "1.0.0")
    files = [package.write_wheel(tmp_path / "dist"), package.write_sdist(tmp_path / "dist")]
    twine.upload(*files)
    twine.upload(*files)
    other = Distribution(package.name, "1.0.0", build=1).write_wheel(tmp_path / "other")
    refused = twine.upload(other, check=False)
    assert refused.status != 0
    assert "409" in refused.output, str(refused)
    assert says(twine.upload("--verbose", other, check=False), "already exists"), "the reason does not reach the user"
    assert wire.get(wire.files(package.name)[other.name]["url"]).body == package.wheel()


def test_skip_existing_of_older_twine_knows_the_refusal(private: Repository, wire: Index, tmp_path: Path) -> None:
    twine = OldTwine(tmp_path / "home")
    twine.configure(private.pypi_url, private.token)
    package = Distribution(fresh_name(), "1.0.0")
    twine.upload(package.write_wheel(tmp_path / "dist"))
    rebuilt = Distribution(package.name, "1.0.0", build=1)
    files = [rebuilt.write_wheel(tmp_path / "other"), rebuilt.write_sdist(tmp_path / "other")]
    skipped = twine.upload("--skip-existing", *files)
    assert says(skipped, "skipping"), str(skipped)
    assert set(wire.files(package.name)) == {package.wheel_name, package.sdist_name}
    assert wire.get(wire.files(package.name)[package.wheel_name]["url"]).body == package.wheel()


def test_uv_sends_the_same_file_twice_and_is_told_about_other_bytes(
    private: Repository, wire: Index, tmp_path: Path
) -> None:
    uv = Uv(tmp_path / "home")
    uv.configure(private.pypi_url, private.token)
    package = Distribution(fresh_name(), "1.0.0")
    wheel, sdist = package.write_wheel(tmp_path / "dist"), package.write_sdist(tmp_path / "dist")
    other = Distribution(package.name, "1.0.0", build=1).write_wheel(tmp_path / "other")
    by_address = ["--publish-url", private.pypi_url]
    uv.upload(*by_address, wheel)
    uv.upload(*by_address, wheel, sdist)
    refused = uv.upload(*by_address, other, check=False)
    assert refused.status != 0
    assert says(refused, "409", "already exists"), str(refused)
    skipped = uv.upload("--index", "reliquary", wheel, sdist)
    assert says(skipped, "already exists, skipping"), str(skipped)
    refused = uv.upload("--index", "reliquary", other, check=False)
    assert refused.status != 0 and says(refused, "do not match"), str(refused)
    assert wire.get(wire.files(package.name)[other.name]["url"]).body == package.wheel()


def test_uploads_are_taken_at_the_other_usual_address(private: Repository, wire: Index, tmp_path: Path) -> None:
    uv = Uv(tmp_path / "home")
    uv.configure(private.pypi_url, private.token)
    package = Distribution(fresh_name(), "1.0.0")
    uv.upload("--publish-url", f"{private.pypi_url}legacy/", package.write_wheel(tmp_path / "dist"))
    assert set(wire.files(package.name)) == {package.wheel_name}


@pytest.mark.parametrize(
    ("what", "changes"),
    [
        ("another action", {":action": "submit"}),
        ("a wrong SHA-256", {"sha256_digest": "0" * 64}),
        ("a wrong MD5", {"md5_digest": "0" * 32}),
        ("a wrong BLAKE2", {"blake2_256_digest": "0" * 64}),
        ("another name", {"name": "somebody-elses"}),
        ("another version", {"version": "9.9"}),
        ("another name of the file", {"filename": "somebody_elses-1.0.0-py3-none-any.whl"}),
        ("a file name with a path", {"filename": "../../etc/parcel-1.0.0-py3-none-any.whl"}),
        ("no wheel at all", {"content": b"this is no archive"}),
        ("no version", {"version": "not a version"}),
        ("another kind of file", {"filetype": "bdist_rpm"}),
    ],
)
def test_f_py_4_an_upload_that_lies_is_refused_and_keeps_nothing(
    private: Repository, wire: Index, what: str, changes: dict[str, str | bytes]
) -> None:
    package = Distribution(fresh_name(), "1.0.0")
    answer = wire.upload(package, **changes)
    assert answer.status == 400, f"{what}: {answer}"
    assert answer.body.strip(), f"{what}: refused without a word"
    assert private.packages("pypi") == []
    # The same package goes through afterwards: nothing of the refused one is in the way.
    assert wire.upload(package).status == 200


def test_f_py_3_equal_versions_are_one_version(private: Repository, wire: Index, tmp_path: Path) -> None:
    short = Distribution(fresh_name(), "1.0")
    long = Distribution(short.name, "1.0.0")
    assert wire.upload(short).status == 200
    assert wire.upload(long, sdist=True).status == 200
    assert list(private.versions("pypi", short.normalized)) == ["1.0"]
    assert wire.page(short.name)["versions"] == ["1.0"]
    assert set(wire.files(short.name)) == {short.wheel_name, long.sdist_name}
    pip = Pip(tmp_path / "home")
    pip.configure(private.pypi_url, private.token)
    pip.install(tmp_path / "env", f"{short.name}==1.0.0.0")
    assert installed_versions(tmp_path / "env")[short.normalized] == "1.0"


def test_f_py_3_every_form_of_a_version_is_published_and_installed(
    private: Repository, wire: Index, tmp_path: Path
) -> None:
    name = fresh_name()
    # In the order of PEP 440.
    versions = ["1.0.dev1", "1.0a1", "1.0rc2", "1.0", "1.0+local.7", "1.0.post3", "2024.10", "1!0.5"]
    for version in versions:
        answer = wire.upload(Distribution(name, version))
        assert answer.status == 200, f"{version}: {answer}"
    assert set(wire.page(name)["versions"]) == set(versions)
    assert set(private.versions("pypi", name)) == set(versions)
    pip, uv = Pip(tmp_path / "pip"), Uv(tmp_path / "uv")
    for client in (pip, uv):
        client.configure(private.pypi_url, private.token)
    for number, version in enumerate(versions):
        environment = tmp_path / f"env-{number}"
        if number % 2:
            pip.install(environment, f"{name}=={version}")
        else:
            uv.pip_install(environment, f"{name}=={version}")
        # A local version is a newer build of the one that it belongs to, and meant by it too.
        expected = "1.0+local.7" if version == "1.0" else version
        assert installed_versions(environment)[name] == expected
    pip.install(tmp_path / "newest", name)
    assert installed_versions(tmp_path / "newest")[name] == versions[-1]


def test_a_file_added_later_belongs_to_the_version(private: Repository, wire: Index) -> None:
    package = Distribution(fresh_name(), "1.0.0")
    assert wire.upload(package).status == 200
    before = private.versions("pypi", package.normalized)["1.0.0"]["revision"]
    assert wire.upload(package, sdist=True).status == 200
    assert private.versions("pypi", package.normalized)["1.0.0"]["revision"] != before
    assert set(wire.files(package.name)) == {package.wheel_name, package.sdist_name}


def test_an_unlisted_version_leaves_the_pages_and_can_still_be_fetched(private: Repository, wire: Index) -> None:
    package = Distribution(fresh_name(), "1.0.0")
    for version in ("1.0.0", "1.1.0"):
        assert wire.upload(Distribution(package.name, version)).status == 200
    address = wire.files(package.name)[package.wheel_name]["url"]
    status = {"format": "pypi", "package": package.normalized, "versions": ["1.0.0"]}
    private.aws.update_package_versions_status(**private.ids, **status, targetStatus="Unlisted")
    assert package.wheel_name not in wire.files(package.name)
    assert wire.get(address).body == package.wheel()
    private.aws.update_package_versions_status(**private.ids, **status, targetStatus="Archived")
    assert wire.get(address).status == 404
