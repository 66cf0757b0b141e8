"""Another registry for Cargo: quartermaster, a server of the sparse index over a folder.

Of what can be had as a crate it is the one that speaks today's protocol and is built in minutes; README.md says which
others were looked at.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from peers import Process

PLACE = Path(__file__).resolve().parent
PROGRAM = PLACE / ".cache" / "cargo-peers" / "bin" / "quartermaster"
QUARTERMASTER = "quartermaster"

CONFIGURATION = """
[server]
root_url = "http://127.0.0.1:{port}"
bind = ["127.0.0.1:{port}"]

[auth]
type = "token"
token_hash = "{hash}"

[storage]
type = "local"
path = "{folder}/crates"
"""


def versions() -> str:
    """What is installed, for the report."""
    return " ".join((PLACE / "cargo-peers.txt").read_text().split()).replace("@", " ")


class Quartermaster(Process):
    """The registry, with one token."""

    def start(self, token: str) -> None:
        """Start with a token that may do everything."""
        (self.folder / "crates").mkdir(exist_ok=True)
        settings = self.folder / "config.toml"
        # It keeps the digest of its token only.
        digest = hashlib.sha512(token.encode()).hexdigest()
        settings.write_text(CONFIGURATION.format(port=self.port, folder=self.folder, hash=digest))
        variables = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "RUST_LOG": "error"}
        self.launch([str(PROGRAM)], variables | {"QUARTERMASTER_CONFIG_FILE": str(settings)})
