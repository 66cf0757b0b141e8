"""Every subcommand of `aws codeartifact`, in each of its outputs, and what the CLI asks STS.

The list of subcommands is the installed CLI's own; what each is called with comes from the valid calls of the
conformance suite, spelled as flags. Each call is a process of its own, as people and scripts run it.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import awscli.clidriver
import pytest
from botocore import xform_name

from conformance import service_model
from conformance.calls import CALLS
from conformance.stage import Stage
from conformance.wire import Params
from harness import account, knobs
from harness.client import Finished
from harness.fake_npm import FakeNpm
from harness.identities import User, allow, document
from harness.server import Server

OUTPUTS = ("json", "text", "table")
# Not an operation; the stories of test_cli.py and of each client are about it.
CUSTOM = {"login"}
# Without a value in the answer there is nothing to print.
SILENT = {"TagResource", "UntagResource"}
# How version 1 of the CLI ends after an error of the service, and after one of the command line.
SERVICE_ERROR, USAGE_ERROR = 255, 2


@pytest.fixture(scope="module")
def stage(server_factory: Callable[..., Server]) -> Iterator[Stage]:
    """A server whose public source is made of nothing."""
    source = FakeNpm()
    server = server_factory(npm_source=source.url, quotas=knobs.ROOMY_QUOTAS).start()
    one = Stage(server, account.profile_client(server), source)
    yield one
    one.close()
    source.stop()


class Cli:
    """`aws` with a home of its own."""

    def __init__(self, server: Server, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.environment = account.aws_environment(server, str(home))

    def run(self, *arguments: str, environment: dict[str, str] | None = None) -> Finished:
        """Run a command, whatever comes of it."""
        command = ["aws", *arguments]
        done = subprocess.run(
            command,
            env=self.environment if environment is None else environment,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        return Finished(command, done.returncode, done.stdout, done.stderr)


@pytest.fixture
def cli(stage: Stage, tmp_path: Path) -> Cli:
    """The CLI; `stage` makes sure that the profile is there."""
    return Cli(stage.server, tmp_path / "home")


def command_of(operation: str) -> str:
    """`DescribeDomain` is `describe-domain`."""
    return xform_name(operation, "-")


def flags(operation: str, params: Params, folder: Path, unique: str) -> list[str]:
    """Parameters as flags: what is more than a text is JSON, bytes are a file."""
    words: list[str] = []
    paged = operation in service_model.paginators()
    for name, value in params.items():
        shape = service_model.members(operation)[name]
        flag = "--" + command_of(name)
        if paged and name in ("maxResults", "nextToken"):
            # The CLI walks the pages itself.
            words += ["--page-size", "1"] if name == "maxResults" else []
        elif shape.type_name == "blob":
            path = folder / f"content-{unique}"
            path.write_bytes(value)
            words += [flag, str(path)]
        elif shape.type_name == "boolean":
            words.append(flag if value else "--no-" + flag.removeprefix("--"))
        else:
            words += [flag, value if isinstance(value, str) else json.dumps(value)]
    return words


def test_the_cli_has_a_subcommand_for_every_operation_and_no_other() -> None:
    table = awscli.clidriver.create_clidriver().create_help_command().command_table["codeartifact"]._get_command_table()
    assert set(table) - CUSTOM == {command_of(name) for name in service_model.operation_names()}


@pytest.mark.parametrize("operation", service_model.operation_names())
def test_a_subcommand_in_every_output(operation: str, stage: Stage, cli: Cli) -> None:
    def run(output: str) -> Finished:
        params = CALLS[operation](stage)[0]
        words = flags(operation, params, cli.home, output)
        target = [str(cli.home / f"asset-{output}")] if operation == "GetPackageVersionAsset" else []
        return cli.run("codeartifact", command_of(operation), *words, *target, "--output", output)

    with ThreadPoolExecutor(len(OUTPUTS)) as pool:
        finished = dict(zip(OUTPUTS, pool.map(run, OUTPUTS), strict=True))
    for output, one in finished.items():
        assert one.status == 0, f"{output}: {one}"
        assert not one.stderr, f"{output}: {one}"
    members = set(service_model.operation(operation).output_shape.members)
    if operation in SILENT:
        assert all(one.stdout == "" for one in finished.values())
        return
    shown = finished["json"].json()
    assert shown and set(shown) <= members | {"NextToken"}
    assert finished["text"].stdout.strip()
    # A frame, the operation's name as its title, and something in it.
    table = finished["table"].stdout.splitlines()
    assert set(table[0]) == {"-"} and table[1].strip("|").strip() == operation and len(table) > 3
    if operation == "GetPackageVersionAsset":
        assert {(cli.home / f"asset-{output}").read_bytes() for output in OUTPUTS} == {b"hello"}


def test_errors_end_with_the_status_for_errors_of_the_service(stage: Stage, cli: Cli) -> None:
    refused = cli.run("codeartifact", "describe-domain", "--domain", "never-was")
    assert refused.status == SERVICE_ERROR
    assert "An error occurred (ResourceNotFoundException) when calling the DescribeDomain operation" in refused.stderr
    invalid = cli.run("codeartifact", "create-domain", "--domain", "Not_A_Name")
    assert invalid.status == SERVICE_ERROR and "(ValidationException)" in invalid.stderr
    unknown = cli.run("codeartifact", "describe-domain")
    assert unknown.status == USAGE_ERROR


def test_a_query_and_a_limit_of_items_work_on_every_page(stage: Stage, cli: Cli) -> None:
    domain = stage.domain()
    for number in range(5):
        stage.repository(domain, f"repo-{number}")
    call = ("codeartifact", "list-repositories-in-domain", "--domain", domain, "--page-size", "2")
    names = cli.run(*call, "--query", "repositories[].name", "--output", "text")
    assert names.stdout.split() == [f"repo-{number}" for number in range(5)]
    first = cli.run(*call, "--max-items", "3", "--output", "json").json()
    assert len(first["repositories"]) == 3
    rest = cli.run(*call, "--starting-token", first["NextToken"], "--output", "json").json()
    assert [one["name"] for one in first["repositories"] + rest["repositories"]] == names.stdout.split()


# STS, as the CLI finds it through the address for all services.


def sts_environment(cli: Cli, user: User) -> dict[str, str]:
    """A user's key in the environment, and one address for every service."""
    return {
        **{name: value for name, value in cli.environment.items() if not name.startswith("AWS_")},
        "AWS_ACCESS_KEY_ID": user.key.id,
        "AWS_SECRET_ACCESS_KEY": user.key.secret,
        "AWS_ENDPOINT_URL": user.server.url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }


def test_get_caller_identity(stage: Stage, cli: Cli) -> None:
    user = User(stage.server)
    environment = sts_environment(cli, user) | {"AWS_DEFAULT_REGION": stage.region}
    done = cli.run("sts", "get-caller-identity", "--output", "json", environment=environment)
    assert done.status == 0, str(done)
    identity = done.json()
    assert (identity["Account"], identity["Arn"]) == (stage.server.account, user.arn)
    assert identity["UserId"]


def test_assume_role_and_work_with_what_it_gives(stage: Stage, cli: Cli) -> None:
    user = User(stage.server)
    role = stage.fresh("cli-role")
    trust = document({"Effect": "Allow", "Principal": {"AWS": user.arn}, "Action": "sts:AssumeRole"})
    stage.server.iam("create-role", "--role-name", role, "--assume-role-policy-document", trust)
    own: tuple[Any, ...] = ("--role-name", role, "--policy-name", "own")
    stage.server.iam("put-role-policy", *own, "--policy-document", document(allow("codeartifact:ListDomains")))
    environment = sts_environment(cli, user) | {"AWS_DEFAULT_REGION": stage.region}
    arn = f"arn:aws:iam::{stage.server.account}:role/{role}"
    call = ("sts", "assume-role", "--role-arn", arn, "--role-session-name", "cli", "--output", "json")
    done = cli.run(*call, environment=environment)
    assert done.status == 0, str(done)
    given = done.json()["Credentials"]
    assumed = environment | {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }
    listed = cli.run("codeartifact", "list-domains", "--output", "json", environment=assumed)
    assert listed.status == 0, str(listed)
    denied = cli.run("codeartifact", "list-repositories", environment=assumed)
    assert denied.status == SERVICE_ERROR and f":assumed-role/{role}/cli is not authorized" in denied.stderr
