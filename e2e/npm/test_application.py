"""A real application of more than a thousand packages: cold, then again with the public source gone, byte by byte."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harness.account import Repository
from harness.npm_wire import ABBREVIATED, encoded
from harness.source import Source
from harness.tree import differences, tree_entries
from npm.driver import Npm

APPLICATION = Path(__file__).parent / "application"
LEAST_PACKAGES = 800


def checkout(target: Path) -> Path:
    """The application as a version-control checkout has it."""
    return Path(shutil.copytree(APPLICATION, target))


def test_the_lock_file_names_no_host() -> None:
    packages = json.loads((APPLICATION / "package-lock.json").read_text())["packages"]
    assert len(packages) > LEAST_PACKAGES
    assert not any("resolved" in package for package in packages.values())
    assert "://" not in (APPLICATION / "package-lock.json").read_text()


@pytest.mark.timeout(900)
def test_the_application_installs_builds_and_installs_again_without_the_source(
    secluded: Repository, source: Source, tmp_path: Path
) -> None:
    npm = Npm(tmp_path / "home")
    npm.configure(secluded.npm_url, secluded.token)

    cold = checkout(tmp_path / "cold")
    npm.install_locked(cold)
    first = tree_entries(cold / "node_modules")
    assert source.tarballs() > LEAST_PACKAGES
    locked = json.loads((cold / "node_modules" / ".package-lock.json").read_text())["packages"]
    assert len(locked) > LEAST_PACKAGES

    # What was installed is not only there, it works.
    for script in ("lint", "test", "build"):
        npm.run("run", script, cwd=cold)

    npm.empty_cache()
    source.cut()
    warm = checkout(tmp_path / "warm")
    npm.install_locked(warm)
    assert differences(first, tree_entries(warm / "node_modules")) == []

    # The control plane knows every one of them, in the repository asked and in the store.
    listed = set(secluded.npm_packages())
    assert {path.rpartition("node_modules/")[2] for path in locked} - listed == set()
    sample = secluded.registry().packument("webpack", accept=ABBREVIATED)
    assert "5.97.1" in sample["versions"]
    assert secluded.registry().get(encoded("webpack")).status == 200
