"""`aws codeartifact login` for swift, with the Swift that was unpacked on its PATH."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.account import Repository
from harness.aws_cli import AwsCli
from harness.swift_client import Swift
from harness.swift_packages import SwiftPackage, application


@pytest.mark.timeout(300)
def test_login_lets_swift_resolve_and_publish_in_a_scope(
    swift: Swift, registry: Repository, publish: Callable[..., SwiftPackage]
) -> None:
    leaf = publish(SwiftPackage("mona", "Leaf", "1.0.0"))
    swift.log_out()
    app = swift.home / "app"
    for name, content in application({"mona.Leaf": 'from: "1.0.0"'}).items():
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        (app / name).write_text(content)
    # The CLI writes the netrc file itself, in the home where it runs.
    cli = AwsCli(registry.server, swift.home)
    certificates = registry.server.certificates
    assert certificates is not None
    cli.environment["AWS_CA_BUNDLE"] = str(certificates.authority)
    cli.environment["PATH"] = swift.put_on_path(app)
    names = ["--domain", registry.domain, "--repository", registry.name, "--namespace", "mona"]

    told = cli.run("login", "--tool", "swift", *names, "--dry-run").stdout
    assert not (swift.home / ".netrc").exists(), "a rehearsal writes nothing"
    commands = [line.strip() for line in told.splitlines() if line.strip().startswith("swift package-registry")]
    endpoint = swift.endpoint.removesuffix("/")
    assert [command.split()[2] for command in commands] == ["set", "login"]
    assert "--scope mona" in commands[0] and endpoint in commands[0]
    assert f"{endpoint}/login" in commands[1]

    said = cli.run("login", "--tool", "swift", *names).stdout
    assert "Successfully configured swift to use AWS CodeArtifact repository" in said
    token = next(line.split()[-1] for line in told.splitlines() if line.strip().startswith("machine "))
    assert "login token password " in (swift.home / ".netrc").read_text()
    assert token.startswith("eyJ")
    assert swift.run_program(app).stdout.strip() == "Leaf 1.0.0"
    assert swift.resolved(app) == {leaf.identity: "1.0.0"}
