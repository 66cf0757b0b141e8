"""`aws codeartifact login` for swift: what it runs is run in the system that Swift was unpacked with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.account import Repository
from harness.aws_cli import AwsCli
from harness.swift_client import Swift
from harness.swift_packages import SwiftPackage, application


@pytest.mark.timeout(300)
def test_what_login_runs_lets_swift_resolve(
    swift: Swift, registry: Repository, publish: Callable[..., SwiftPackage]
) -> None:
    publish(SwiftPackage("mona", "Leaf", "1.0.0"))
    cli = AwsCli(registry.server, swift.home / "aws")
    certificates = registry.server.certificates
    assert certificates is not None
    cli.environment["AWS_CA_BUNDLE"] = str(certificates.authority)
    names = ["--domain", registry.domain, "--repository", registry.name]
    said = cli.run("login", "--tool", "swift", *names, "--namespace", "mona", "--dry-run").stdout
    commands = [line.strip() for line in said.splitlines() if line.startswith("swift package-registry")]
    assert len(commands) == 2, said
    assert "--scope mona" in commands[0] and commands[1].split()[-1].endswith("/login") or "--token" in commands[1]

    # The CLI writes the netrc file itself, in the home where it runs; a rehearsal says what it would write.
    assert f"login token password {registry.token.split('.')[0]}"[:20] in said
    swift.log_out()
    netrc = next(line.strip() for line in said.splitlines() if line.strip().startswith("machine "))
    (swift.home / ".netrc").write_text(netrc + "\n")
    (swift.home / ".netrc").chmod(0o600)
    files = application({"mona.Leaf": 'from: "1.0.0"'})
    app = swift.home / "app"
    for name, content in files.items():
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        (app / name).write_text(content)
    for command in commands:
        swift.run(*command.split()[1:], cwd=app)
    assert swift.run_program(app).stdout.strip() == "Leaf 1.0.0"
