"""`aws codeartifact login` for nuget, and what unauthenticated clients are told."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from harness.account import Repository
from harness.aws_cli import AwsCli
from harness.nuget_client import Dotnet, NugetExe, missing
from harness.nuget_packages import Nupkg
from harness.nuget_wire import Feed
from scenarios.nuget_family import fresh_id


def login(cli: AwsCli, repository: Repository, tool: str, *options: str) -> str:
    """What the CodeArtifact documentation tells users to type."""
    names = ["--domain", repository.domain, "--repository", repository.name]
    return cli.run("login", "--tool", tool, *names, *options).stdout


@pytest.mark.timeout(300)
def test_login_configures_nuget_to_push_and_to_install(private: Repository, tmp_path: Path) -> None:
    if reason := missing():
        pytest.skip(reason)
    nuget = NugetExe(tmp_path / "home")
    cli = AwsCli(private.server, nuget.home)
    cli.environment["PATH"] = nuget.put_on_path()
    said = login(cli, private, "nuget")
    assert "Successfully configured nuget to use AWS CodeArtifact repository" in said
    # Again is an update of the source that is there.
    assert "Successfully configured nuget" in login(cli, private, "nuget")
    source = f"{private.domain}/{private.name}"
    listed = nuget.run("sources", "list", "-Format", "Detailed").stdout
    assert source in listed and f"{private.endpoint('nuget')}v3/index.json" in listed

    package = Nupkg(fresh_id(), "1.0.0")
    nuget.run("push", str(package.write_to(nuget.home / "packed")), "-Source", source, "-NonInteractive")
    where = ["-Source", source, "-OutputDirectory", "packages", "-NonInteractive"]
    nuget.run("install", package.id, "-Version", "1.0.0", *where)
    assert nuget.package_files(nuget.home) == {f"{package.id.lower()}.1.0.0": package.content()}


@pytest.mark.timeout(300)
def test_what_login_would_configure_lets_dotnet_push_and_restore(private: Repository, tmp_path: Path) -> None:
    """The AWS CLI cannot drive the SDK that runs here: its first command, `dotnet nuget list source`, is of 3.1.200.

    So the login is rehearsed as with a newer SDK, and what it would have run is written as that SDK writes it.
    """
    if reason := missing():
        pytest.skip(reason)
    dotnet = Dotnet(tmp_path / "home")
    cli = AwsCli(private.server, dotnet.home)
    cli.environment["PATH"] = dotnet.put_on_path()
    names = ["--domain", private.domain, "--repository", private.name]
    refused = cli.run("login", "--tool", "dotnet", *names, check=False)
    assert refused.status != 0, "this SDK can be logged in with: no rehearsal is needed"
    assert "['dotnet', 'nuget', 'list', 'source', '--format', 'detailed']" in refused.stderr

    # What a newer SDK answers before any source is known.
    (dotnet.home / "bin/dotnet").write_text('#!/bin/sh\necho "No sources found."\n')
    command = shlex.split(login(cli, private, "dotnet", "--dry-run"))
    assert command[:5] == ["dotnet", "nuget", "add", "source", f"{private.endpoint('nuget')}v3/index.json"]
    assert "--store-password-in-clear-text" in command
    told = {option: command[command.index(option) + 1] for option in ("--name", "--username", "--password")}
    key = told["--name"].replace("/", "_x002F_")
    dotnet.write_settings(
        f'<?xml version="1.0" encoding="utf-8"?>\n<configuration>\n'
        f'  <packageSources><clear /><add key="{told["--name"]}" value="{command[4]}" /></packageSources>\n'
        f'  <packageSourceCredentials><{key}><add key="Username" value="{told["--username"]}" />'
        f'<add key="ClearTextPassword" value="{told["--password"]}" /></{key}></packageSourceCredentials>\n'
        "</configuration>\n"
    )
    package = Nupkg(fresh_id(), "1.0.0")
    file = package.write_to(dotnet.home / "packed")
    dotnet.run("nuget", "push", str(file), "--source", told["--name"])
    project = dotnet.project("app")
    dotnet.add(project, package.id, "1.0.0")
    assert dotnet.package_files(project) == {f"{package.id.lower()}.1.0.0": package.content()}


def test_without_credentials_the_answer_asks_for_them(private: Repository) -> None:
    stranger = Feed(private.endpoint("nuget"), None)
    for method, path in (("GET", "v3/index.json"), ("PUT", "api/v2/package/"), ("DELETE", "api/v2/package/x/1.0.0")):
        answer = stranger.ask(method, path)
        assert answer.status == 401, path
        assert answer.headers["www-authenticate"].startswith("Basic realm=")
