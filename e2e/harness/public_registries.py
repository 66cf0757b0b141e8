"""Where the public registries are: what the ecosystems' own tools on this machine are set to use, mirrors included.

No address of a registry is written in this suite. The server looks in the same places when it is told nothing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from harness.nuget_client import NugetExe
from harness.nuget_client import missing as missing_nuget
from harness.source import Source

# Where a file is, in both forms of a simple page (PEP 503, PEP 691): files mostly lie on another host than the pages.
_PYTHON_LINKS = re.compile(rb"""(?:"(?:url|provenance)":\s*"|href=["'])(https?://[^/"'\s]+)(?=/)""")

# Where crates and the web API are (the Cargo book, "Registry Index"): crates mostly lie on another host than the index.
_CARGO_LINKS = re.compile(rb'"(?:dl|api)":\s*"(https?://[^/"\s]+)(?=/)')
_CARGO_COMPLAINT = re.compile(r"`(?:sparse\+)?(https?://[^`]*/)config\.json`")
_CARGO_PROBE = """[package]
name = "address"
version = "0.0.0"
edition = "2021"
[dependencies]
address-of-the-index = "1"
"""


def _said(*command: str) -> str | None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    value = done.stdout.strip()
    return None if done.returncode != 0 or value in ("", "null", "undefined") else value


def _existing(path: str | None) -> str | None:
    return path if path and os.path.exists(path) else None


def npm_registry() -> str:
    """The registry that npm on this machine uses, with a trailing slash."""
    registry = _said("npm", "config", "get", "registry")
    assert registry is not None, "npm has no registry configured"
    return registry.rstrip("/") + "/"


def python_index() -> str:
    """The index that pip on this machine uses, with a trailing slash: its settings, else what it has built in."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    built_in = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
    found = os.environ.get("PIP_INDEX_URL")
    for key in ("install.index-url", "global.index-url"):
        found = found or _said(*pip, "config", "get", key)
    found = found or _said(sys.executable, "-c", built_in)
    assert found is not None, "pip has no index configured"
    return found.rstrip("/") + "/"


def cargo_index() -> str | None:
    """The sparse index that cargo on this machine uses, with a trailing slash; None where there is no cargo.

    No command prints it, but cargo names it when it cannot reach it: so it is sent through a proxy that nobody serves.
    """
    if shutil.which("cargo") is None:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        project, home = Path(scratch, "project"), Path(scratch, "home")
        (project / "src").mkdir(parents=True)
        home.mkdir()
        (project / "Cargo.toml").write_text(_CARGO_PROBE)
        (project / "src/lib.rs").write_text("")
        for folder in (os.environ.get("CARGO_HOME"), str(Path.home() / ".cargo")):
            if folder and (settings := Path(folder, "config.toml")).exists():
                (home / "config.toml").write_bytes(settings.read_bytes())
                break
        proxied = {"CARGO_HTTP_PROXY": "http://127.0.0.1:1", "NO_PROXY": "", "no_proxy": ""}
        done = subprocess.run(
            ["cargo", "generate-lockfile"],
            cwd=project,
            env=os.environ | proxied | {"CARGO_HOME": str(home), "CARGO_NET_RETRY": "0", "CARGO_NET_OFFLINE": "false"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        found = _CARGO_COMPLAINT.search(done.stderr)
        return found[1] if found else None


def gem_source() -> str | None:
    """The first source that an installed gem uses, with a trailing slash; None where there is no gem of the system."""
    listed = _said("gem", "sources", "--list") if shutil.which("gem") else None
    found = re.search(r"^https?://\S+", listed or "", re.MULTILINE)
    return found[0].rstrip("/") + "/" if found else None


def nuget_source() -> str | None:
    """The first source of version 3 that nuget.exe uses with the settings of this machine, or with those that it makes
    for itself where there are none; None where it was not unpacked.
    """
    if missing_nuget() is not None:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        nuget = NugetExe(Path(scratch, "home"))
        for settings in (".config/NuGet/NuGet.Config", ".nuget/NuGet/NuGet.Config"):
            if (own := Path.home() / settings).exists():
                nuget.write_settings(own.read_text())
                break
        listed = nuget.run("sources", "list", "-Format", "Short", check=False).stdout
    found = re.search(r"^E[MO]* (https?://\S+/index\.json)\s*$", listed, re.MULTILINE)
    return found[1] if found else None


def cargo_source() -> Source:
    """A proxy in front of Cargo's index and of the host of its crates; without a cargo nothing answers there."""
    authorities = _existing(os.environ.get("CARGO_HTTP_CAINFO"))
    return Source(
        cargo_index() or "http://127.0.0.1:9/", probe="config.json", links=_CARGO_LINKS, authorities=authorities
    )


def npm_source() -> Source:
    """A proxy in front of the npm registry."""
    authorities = _existing(_said("npm", "config", "get", "cafile")) or _existing(os.environ.get("NODE_EXTRA_CA_CERTS"))
    return Source(npm_registry(), authorities=authorities)


def python_source() -> Source:
    """A proxy in front of the Python index and of the hosts of its files."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    authorities = _existing(os.environ.get("PIP_CERT")) or _existing(_said(*pip, "config", "get", "global.cert"))
    return Source(python_index(), probe="pip/", links=_PYTHON_LINKS, authorities=authorities)
