"""`serve --dev`: one command, and npm installs and publishes without any credentials."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness import account, knobs
from harness.client import installed_version
from harness.knobs import AccessKey
from harness.packages import Package, fresh_name
from harness.server import Server
from harness.source import Source
from npm.driver import Npm


def dev_registry(server: Server) -> str:
    """The address the documentation promises."""
    owner = knobs.DEFAULT_ACCOUNT
    return f"{server.url}/npm/d/{knobs.DEV_DOMAIN}-{owner}/{knobs.DEV_REPOSITORY}/"


def test_dev_mode_publishes_and_installs_without_credentials(new_server: Callable[..., Server], tmp_path: Path) -> None:
    server = new_server(dev=True).start()
    npm = Npm(tmp_path / "home")
    npm.configure(dev_registry(server), "any-token-will-do")
    package = Package(fresh_name(scope="team"), "1.0.0")
    npm.publish(package.write_to(npm.home / "package"))
    npm.configure(dev_registry(server), None)
    project = npm.project("project")
    npm.add(project, package.name)
    assert installed_version(project, package.name) == "1.0.0"


def test_dev_mode_reaches_the_public_registry(
    new_server: Callable[..., Server], source: Source, tmp_path: Path
) -> None:
    server = new_server(dev=True).start()
    npm = Npm(tmp_path / "home")
    npm.configure("http://127.0.0.1:9/", None)
    project = npm.project("project")
    npm.run("install", "left-pad@1.3.0", "--registry", dev_registry(server), cwd=project)
    assert installed_version(project, "left-pad") == "1.3.0"


def test_dev_mode_accepts_any_key_and_has_a_store_per_connection(new_server: Callable[..., Server]) -> None:
    server = new_server(dev=True).start()
    aws = account.key_client(server, AccessKey("AKIAANYTHINGATALL000", "anything"), "us-east-1")
    listed = aws.list_repositories_in_domain(domain=knobs.DEV_DOMAIN)["repositories"]
    names = {repository["name"] for repository in listed}
    assert {"npm-store", "pypi-store", "maven-central-store", "nuget-store", knobs.DEV_REPOSITORY} <= names
    main = aws.describe_repository(domain=knobs.DEV_DOMAIN, repository=knobs.DEV_REPOSITORY)["repository"]
    assert {upstream["repositoryName"] for upstream in main["upstreams"]} == names - {knobs.DEV_REPOSITORY}
    for name in names - {knobs.DEV_REPOSITORY}:
        store = aws.describe_repository(domain=knobs.DEV_DOMAIN, repository=name)["repository"]
        assert len(store["externalConnections"]) == 1


def test_a_restart_keeps_everything_and_makes_nothing_twice(new_server: Callable[..., Server], tmp_path: Path) -> None:
    server = new_server(dev=True).start()
    npm = Npm(tmp_path / "home")
    package = Package(fresh_name(), "1.0.0")
    npm.configure(dev_registry(server), "any")
    npm.publish(package.write_to(npm.home / "package"))
    server.restart()
    npm.empty_cache()
    assert npm.run("view", package.name, "version").stdout.strip() == "1.0.0"
