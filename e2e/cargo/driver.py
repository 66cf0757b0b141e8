"""Cargo with a home of its own, pointed at a repository as docs/formats/cargo.md says."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from harness.client import Finished, Program
from harness.crates import Crate
from harness.documented import documented

# What the application of a test needs beside its dependencies.
MAIN = "fn main() {}\n"
# A package for the newest resolver, which knows of Rust versions, outside of any workspace that it may lie in.
APPLICATION = '[package]\nname = "{name}"\nversion = "0.0.0"\nedition = "2024"\n\n[workspace]\n\n[dependencies]\n'


@cache
def toolchain() -> Path | None:
    """The folder with the programs of Rust. The `cargo` on the path may be rustup's, which wants the user's home."""
    if shutil.which("rustc") is None:
        return None
    asked = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, timeout=60, check=True)
    return Path(asked.stdout.strip()) / "bin"


class Cargo(Program):
    """Cargo, with the token that it was given by `cargo login`."""

    name = "cargo"
    settings = "token.toml"

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.cargo_home = home / ".cargo"
        self.endpoint = ""
        self.registry = "reliquary"
        self.variables: dict[str, str] = {}

    def program(self) -> list[str]:
        folder = toolchain()
        assert folder is not None, "there is no Rust"
        return [str(folder / "cargo")]

    def environment(self) -> dict[str, str]:
        own = super().environment()
        return own | {
            "PATH": f"{toolchain()}:{own['PATH']}",
            "CARGO_HOME": str(self.cargo_home),
            "CARGO_TERM_COLOR": "never",
            "CARGO_INCREMENTAL": "0",
            # Seen at once, not after several tries.
            "CARGO_NET_RETRY": "0",
            **self.variables,
        }

    def configure(self, endpoint: str, token: str, *, domain: str = "", public: bool = False) -> None:
        """Point cargo at a repository; with `public`, it stands in the place of the public registry too."""
        self.endpoint = endpoint
        text = self.documented("replacement.toml" if public else self.settings, token, domain)
        self.cargo_home.mkdir(exist_ok=True)
        (self.cargo_home / "config.toml").write_text(text)
        (self.registry,) = re.findall(r"^\[registries\.([\w-]+)\]", text, re.MULTILINE)
        self.take(token)

    def documented(self, name: str, token: str = "", domain: str = "") -> str:
        """A block of settings from the documentation, for this repository."""
        text = documented("cargo", name, endpoint=self.endpoint, token=token)
        return re.sub(r"(--domain[\s\"',]+)acme\b", rf"\g<1>{domain}", text)

    def take(self, token: str) -> None:
        """From now on cargo has this token."""
        # The settings for public crates have the AWS CLI as the provider of tokens; here it is cargo's own file.
        self.variables = {self.variable("CREDENTIAL_PROVIDER"): "cargo:token"}
        self.log_in(token)

    def variable(self, key: str) -> str:
        """The variable that stands for a key of the registry's settings."""
        return f"CARGO_REGISTRIES_{self.registry.upper().replace('-', '_')}_{key}"

    def log_in(self, token: str) -> Finished:
        """`cargo login`, which reads the token from standard input."""
        done = subprocess.run(
            [*self.program(), "login", "--registry", self.registry],
            env=self.environment(),
            cwd=self.home,
            input=token + "\n",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return Finished(["cargo", "login"], done.returncode, done.stdout, done.stderr)

    def empty_cache(self) -> None:
        """Forget what was fetched, settings and token stay."""
        shutil.rmtree(self.cargo_home / "registry", ignore_errors=True)

    # Publishing.

    def publish(self, project: Path, *arguments: str, check: bool = True, timeout_s: float = 150) -> Finished:
        """`cargo publish` of the project in a folder, without building it first."""
        command = ["publish", "--registry", self.registry, "--allow-dirty", "--no-verify", *arguments]
        return self.run(*command, cwd=project, check=check, timeout_s=timeout_s)

    def yank(self, crate: Crate, *arguments: str, check: bool = True) -> Finished:
        """`cargo yank`."""
        return self.run(
            "yank", crate.name, "--version", crate.version, "--registry", self.registry, *arguments, check=check
        )

    # Using.

    def project(self, name: str) -> Path:
        """An empty application."""
        folder = self.home / name
        (folder / "src").mkdir(parents=True)
        (folder / "Cargo.toml").write_text(APPLICATION.format(name=name))
        (folder / "src/main.rs").write_text(MAIN)
        return folder

    def add(self, project: Path, *specs: str, check: bool = True) -> Finished:
        """Add dependencies to a project, lock and fetch them."""
        added = self.run("add", "--registry", self.registry, *specs, cwd=project, check=check)
        return self.fetch(project, check=check) if added.status == 0 else added

    def fetch(self, project: Path, *arguments: str, check: bool = True, timeout_s: float = 150) -> Finished:
        """`cargo fetch`: everything that the lock names, which is made if there is none."""
        return self.run("fetch", *arguments, cwd=project, check=check, timeout_s=timeout_s)

    def upgrade(self, project: Path, *names: str) -> Finished:
        """The newest versions that the requirements allow."""
        self.run("update", *names, cwd=project)
        return self.fetch(project)

    def metadata(self, project: Path) -> dict[str, dict[str, Any]]:
        """What cargo knows of every package that the project is made of, by name."""
        done = self.run("metadata", "--format-version", "1", "--locked", cwd=project)
        return {package["name"]: package for package in done.json()["packages"]}

    def unpacked(self, crate: Crate) -> Path:
        """Where cargo unpacked a crate."""
        found = list((self.cargo_home / "registry/src").glob(f"*/{crate.folder}"))
        assert len(found) == 1, f"{crate.folder}: {found}"
        return found[0]

    def archives(self) -> dict[str, bytes]:
        """The crates in the cache, by file name."""
        return {path.name: path.read_bytes() for path in (self.cargo_home / "registry/cache").glob("*/*.crate")}


def locked(project: Path) -> dict[str, str]:
    """Name to version in the lock of a project; each must be there once."""
    text = (project / "Cargo.lock").read_text()
    found = re.findall(r'^name = "([^"]+)"\nversion = "([^"]+)"\nsource = ', text, re.MULTILINE)
    assert len(found) == len(dict(found)), found
    return dict(found)


def search_output(finished: Finished) -> dict[str, str]:
    """Name and newest version in what `cargo search` prints."""
    return dict(re.findall(r'^([\w-]+) = "([^"]+)"', finished.stdout, re.MULTILINE))
