"""What the stories of generic packages begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from generic.curl import Curl
from harness.account import Repository
from harness.aws_cli import AwsCli
from harness.server import Server


@pytest.fixture
def cli(server: Server, aws: Any, tmp_path: Path) -> AwsCli:
    """The AWS CLI; `aws` only makes sure that the profile is there."""
    return AwsCli(server, tmp_path / "cli")


@pytest.fixture
def curl(private: Repository, tmp_path: Path) -> Curl:
    """curl for a fresh repository."""
    return Curl(tmp_path / "curl", private)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder for files."""
    folder = tmp_path / "files"
    folder.mkdir()
    return folder
