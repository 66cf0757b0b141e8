"""The first story: an unchanged AWS CLI sets up a domain with the public registry behind it, and logs npm in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness import account, knobs
from harness.account import fresh_domain_name, npmrc_key
from harness.aws_cli import AwsCli
from harness.client import installed_version
from harness.packages import Package, fresh_name
from harness.server import Server
from harness.source import Source
from npm.driver import Npm


@pytest.fixture
def cli(server: Server, aws: Any, tmp_path: Path) -> AwsCli:
    """The CLI; `aws` only makes sure that the profile is there."""
    return AwsCli(server, tmp_path / "home")


@pytest.fixture
def store_and_app(cli: AwsCli) -> str:
    """The domain of the first story, made by the CLI alone."""
    domain = fresh_domain_name()
    cli.answer("create-domain", "--domain", domain)
    cli.answer("create-repository", "--domain", domain, "--repository", "npm-store")
    associated = cli.answer(
        "associate-external-connection",
        "--domain", domain,
        "--repository", "npm-store",
        "--external-connection", knobs.NPM_CONNECTION,
    )  # fmt: skip
    assert associated["repository"]["externalConnections"] == [
        {"externalConnectionName": knobs.NPM_CONNECTION, "packageFormat": "npm", "status": "Available"}
    ]
    app = cli.answer(
        "create-repository",
        "--domain", domain,
        "--repository", "app",
        "--upstreams", "repositoryName=npm-store",
    )  # fmt: skip
    assert app["repository"]["upstreams"] == [{"repositoryName": "npm-store"}]
    return domain


def test_a_domain_with_a_connected_store_is_set_up_and_described(cli: AwsCli, store_and_app: str) -> None:
    domain = store_and_app
    described = cli.answer("describe-domain", "--domain", domain)["domain"]
    assert (described["name"], described["repositoryCount"]) == (domain, 2)
    assert domain in {one["name"] for one in cli.answer("list-domains")["domains"]}
    listed = cli.answer("list-repositories-in-domain", "--domain", domain)["repositories"]
    assert [one["name"] for one in listed] == ["app", "npm-store"]
    assert cli.answer("list-repositories", "--repository-prefix", "npm-st")["repositories"]
    store = cli.answer("describe-repository", "--domain", domain, "--repository", "npm-store")["repository"]
    assert store["externalConnections"][0]["status"] == "Available"
    endpoint = cli.answer("get-repository-endpoint", "--domain", domain, "--repository", "app", "--format", "npm")[
        "repositoryEndpoint"
    ]
    assert endpoint.endswith("/")
    token = cli.answer("get-authorization-token", "--domain", domain)
    assert token["authorizationToken"] and token["expiration"]


def test_errors_reach_the_terminal_with_their_name_and_text(cli: AwsCli, store_and_app: str) -> None:
    refused = cli.run("create-domain", "--domain", store_and_app, check=False)
    assert refused.status != 0
    assert "(ConflictException)" in refused.stderr
    assert store_and_app in refused.stderr


def test_the_setup_is_taken_down_again(cli: AwsCli, store_and_app: str) -> None:
    domain = ["--domain", store_and_app]
    cli.answer(
        "disassociate-external-connection", *domain,
        "--repository", "npm-store",
        "--external-connection", knobs.NPM_CONNECTION,
    )  # fmt: skip
    for repository in ("app", "npm-store"):
        cli.answer("delete-repository", *domain, "--repository", repository)
    cli.answer("delete-domain", *domain)
    assert store_and_app not in {one["name"] for one in cli.answer("list-domains")["domains"]}


def test_login_configures_npm_to_publish_and_install(cli: AwsCli, store_and_app: str) -> None:
    login = cli.run("login", "--tool", "npm", "--domain", store_and_app, "--repository", "app")
    assert "Successfully configured npm to use AWS CodeArtifact repository" in login.stdout
    assert "Login expires in 12 hours" in login.stdout
    npm = Npm(cli.home)
    npmrc = (cli.home / ".npmrc").read_text()
    registry = npm.run("config", "get", "registry").stdout.strip()
    assert f"{npmrc_key(registry)}:_authToken=" in npmrc
    npm.run("ping")
    package = Package(fresh_name(), "1.0.0")
    npm.publish(package.write_to(npm.home / "package"))
    project = npm.project("project")
    npm.add(project, package.name)
    assert installed_version(project, package.name) == "1.0.0"
    versions = cli.answer(
        "list-package-versions",
        "--domain", store_and_app, "--repository", "app", "--format", "npm", "--package", package.name,
    )  # fmt: skip
    assert [version["version"] for version in versions["versions"]] == ["1.0.0"]


def test_login_for_one_scope_leaves_the_default_registry_alone(cli: AwsCli, store_and_app: str) -> None:
    cli.run("login", "--tool", "npm", "--domain", store_and_app, "--repository", "app", "--namespace", "@team")
    npm = Npm(cli.home)
    lines = (cli.home / ".npmrc").read_text().splitlines()
    assert any(line.startswith("@team:registry=http://127.0.0.1") for line in lines)
    assert not any(line.startswith("registry=") for line in lines)
    package = Package(fresh_name(scope="team"), "1.0.0")
    npm.publish(package.write_to(npm.home / "package"))
    assert npm.run("view", package.name, "version").stdout.strip() == "1.0.0"


def test_login_then_install_from_the_public_registry(cli: AwsCli, store_and_app: str, source: Source) -> None:
    cli.run("login", "--tool", "npm", "--domain", store_and_app, "--repository", "app")
    npm = Npm(cli.home)
    project = npm.project("project")
    npm.add(project, "left-pad@1.3.0")
    assert installed_version(project, "left-pad") == "1.3.0"
    listed = cli.answer("list-packages", "--domain", store_and_app, "--repository", "npm-store")["packages"]
    assert [package["package"] for package in listed] == ["left-pad"]


def test_get_package_version_asset_writes_the_file(cli: AwsCli, aws: Any, server: Server, store_and_app: str) -> None:
    repository = account.Repository(server, aws, store_and_app, "app")
    package = Package(fresh_name(), "1.0.0")
    assert repository.registry().publish(package).status in (200, 201)
    target = cli.home / "package.tgz"
    cli.run(
        "get-package-version-asset",
        "--domain", store_and_app, "--repository", "app", "--format", "npm",
        "--package", package.name, "--package-version", "1.0.0", "--asset", "package.tgz",
        str(target),
    )  # fmt: skip
    assert target.read_bytes() == package.tarball()
    repository.close()
