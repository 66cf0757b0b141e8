"""`aws codeartifact login` for nuget, and what unauthenticated clients are told."""

from __future__ import annotations

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


def test_login_for_dotnet_says_what_it_would_do(private: Repository, tmp_path: Path) -> None:
    """The SDK that runs here is older than the commands that this login needs, so it is only told."""
    if reason := missing():
        pytest.skip(reason)
    dotnet = Dotnet(tmp_path / "home")
    cli = AwsCli(private.server, dotnet.home)
    folder = dotnet.home / "bin"
    folder.mkdir()
    # What a newer SDK answers before any source is known.
    (folder / "dotnet").write_text('#!/bin/sh\necho "No sources found."\n')
    (folder / "dotnet").chmod(0o755)
    cli.environment["PATH"] = f"{folder}:{cli.environment['PATH']}"
    said = login(cli, private, "dotnet", "--dry-run")
    assert f"{private.endpoint('nuget')}v3/index.json" in said
    assert "--store-password-in-clear-text" in said


def test_without_credentials_the_answer_asks_for_them(private: Repository) -> None:
    stranger = Feed(private.endpoint("nuget"), None)
    for method, path in (("GET", "v3/index.json"), ("PUT", "api/v2/package/"), ("DELETE", "api/v2/package/x/1.0.0")):
        answer = stranger.ask(method, path)
        assert answer.status == 401, path
        assert answer.headers["www-authenticate"].startswith("Basic realm=")
