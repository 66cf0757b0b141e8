"""Ways in which cargo gets its token, other than `cargo login`."""

from __future__ import annotations

from pathlib import Path

from cargo.driver import Cargo
from harness import account
from harness.client import Finished
from harness.server import Server


class CargoWithEnvironment(Cargo):
    """Cargo on a build machine: the token stands in a variable, and nothing on disk."""

    name = "cargo with a variable"

    def log_in(self, token: str) -> Finished | None:
        variable = f"CARGO_REGISTRIES_{self.registry.upper().replace('-', '_')}_TOKEN"
        self.variables = {variable: f"Bearer {token}"}
        return None


class CargoWithAwsCli(Cargo):
    """Cargo that asks the AWS CLI for a token whenever it needs one, as the CodeArtifact documentation has it."""

    name = "cargo with the AWS CLI"
    settings = "config.toml with the AWS CLI"

    def __init__(self, home: Path, server: Server) -> None:
        super().__init__(home)
        self.server = server

    def environment(self) -> dict[str, str]:
        own = super().environment()
        return account.aws_environment(self.server, str(self.home)) | own

    def log_in(self, token: str) -> Finished | None:
        return None
