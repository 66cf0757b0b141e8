"""`aws codeartifact login` for pip and twine, and what the documentation says for those who log in by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.account import Repository
from harness.aws_cli import AwsCli
from harness.client import Finished
from harness.packages import fresh_name
from harness.pypi_wire import Index
from harness.python_client import installed_versions
from harness.python_packages import Distribution
from python.pip_and_twine import OldPip, OldTwine, Pip, Twine
from python.uv import Uv


@pytest.fixture
def cli(private: Repository, tmp_path: Path) -> AwsCli:
    """The CLI, for the server of these stories."""
    return AwsCli(private.server, tmp_path / "home")


def login(cli: AwsCli, repository: Repository, tool: str) -> Finished:
    """What the CodeArtifact documentation tells users to type."""
    return cli.run("login", "--tool", tool, "--domain", repository.domain, "--repository", repository.name)


@pytest.mark.parametrize("pip_type", [Pip, OldPip])
def test_login_configures_pip_to_install_and_to_download(cli: AwsCli, private: Repository, pip_type: type[Pip]) -> None:
    package = Distribution(fresh_name(), "1.0.0")
    assert Index(private.pypi_url, private.token).upload(package).status == 200
    done = login(cli, private, "pip")
    assert "Successfully configured pip to use AWS CodeArtifact repository" in done.stdout
    pip = pip_type(cli.home)
    pip.install(cli.home / "env", package.name)
    assert installed_versions(cli.home / "env")[package.normalized] == "1.0.0"
    pip.run("download", "--no-deps", "--dest", str(cli.home / "downloaded"), package.name)
    assert (cli.home / "downloaded" / package.wheel_name).read_bytes() == package.wheel()
    assert package.version in pip.run("index", "versions", package.name).stdout


@pytest.mark.parametrize("twine_type", [Twine, OldTwine])
def test_login_configures_twine_to_upload(cli: AwsCli, private: Repository, twine_type: type[Twine]) -> None:
    package = Distribution(fresh_name(), "1.0.0")
    done = login(cli, private, "twine")
    assert "Successfully configured twine to use AWS CodeArtifact repository" in done.stdout
    twine = twine_type(cli.home)
    files = [package.write_wheel(cli.home / "dist"), package.write_sdist(cli.home / "dist")]
    twine.upload(*files, repository="codeartifact")
    found = Index(private.pypi_url, private.token).files(package.name)
    assert set(found) == {package.wheel_name, package.sdist_name}


def test_both_logins_work_side_by_side(cli: AwsCli, private: Repository, tmp_path: Path) -> None:
    login(cli, private, "pip")
    login(cli, private, "twine")
    package = Distribution(fresh_name(), "2.0.0")
    Twine(cli.home).upload(package.write_wheel(cli.home / "dist"), repository="codeartifact")
    Pip(cli.home).install(cli.home / "env", package.name)
    assert installed_versions(cli.home / "env")[package.normalized] == "2.0.0"
    described = cli.answer(
        "describe-package-version", "--domain", private.domain, "--repository", private.name,
        "--format", "pypi", "--package", package.normalized, "--package-version", "2.0.0",
    )  # fmt: skip
    assert described["packageVersion"]["status"] == "Published"


def test_credentials_from_netrc_are_taken(private: Repository, tmp_path: Path) -> None:
    package = Distribution(fresh_name(), "1.0.0")
    assert Index(private.pypi_url, private.token).upload(package).status == 200
    for client in (Pip(tmp_path / "pip"), Uv(tmp_path / "uv")):
        client.endpoint, client.token = private.pypi_url, private.token
        client.write_settings(".netrc", ".netrc")
        environment = client.home / "env"
        if isinstance(client, Pip):
            client.install(environment, "--index-url", f"{private.pypi_url}simple/", package.name)
        else:
            client.pip_install(environment, "--default-index", f"{private.pypi_url}simple/", package.name)
        assert installed_versions(environment)[package.normalized] == "1.0.0"


def test_without_credentials_the_answer_asks_for_them(private: Repository, own_aws: Any, tmp_path: Path) -> None:
    stranger = Index(private.pypi_url, None)
    for path in ("simple/", "simple/anything/", "simple/anything/1.0/anything-1.0-py3-none-any.whl", "anything/json"):
        answer = stranger.get(path)
        assert answer.status == 401, path
        assert answer.headers["www-authenticate"].startswith("Basic realm=")
    pip = Pip(tmp_path / "pip")
    refused = pip.install(tmp_path / "env", "--index-url", f"{private.pypi_url}simple/", fresh_name(), check=False)
    assert refused.status != 0
