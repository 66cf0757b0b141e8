"""Ways in which cargo gets its token, other than `cargo login`."""

from __future__ import annotations

import re
from pathlib import Path

from cargo.driver import Cargo
from harness import account
from harness.server import Server


class CargoWithEnvironment(Cargo):
    """Cargo on a build machine: the token stands in a variable, and nothing on disk."""

    name = "cargo with a variable"

    def take(self, token: str) -> None:
        exported = dict(re.findall(r'^export (\w+)="(.*)"$', self.documented("cargo", token), re.MULTILINE))
        assert set(exported) == {self.variable("TOKEN")}
        self.variables = exported | {self.variable("CREDENTIAL_PROVIDER"): "cargo:token"}


class CargoWithAwsCli(Cargo):
    """Cargo that asks the AWS CLI for a token whenever it needs one, as the CodeArtifact documentation has it."""

    name = "cargo with the AWS CLI"
    settings = "config.toml"

    def __init__(self, home: Path, server: Server) -> None:
        super().__init__(home)
        self.server = server

    def environment(self) -> dict[str, str]:
        own = super().environment()
        return account.aws_environment(self.server, str(self.home)) | own

    def take(self, token: str) -> None:
        """It asks for one itself."""
