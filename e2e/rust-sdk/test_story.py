"""The AWS SDK for Rust: a program of its own is built once and runs its story against the server."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from harness.account import fresh_domain_name
from harness.server import Server

FOLDER = Path(__file__).resolve().parent
TARGET = FOLDER.parent / ".cache" / "rust-sdk"
PROGRAM = "reliquary-e2e-rust-sdk"
SIZE = 3 * 1024 * 1024 + 17


@pytest.fixture(scope="module")
def program() -> Path:
    """The program, built if something of it has changed."""
    command = ["cargo", "build", "--locked", "--quiet", "--target-dir", str(TARGET)]
    # Settings that the build of the server may have are none of its.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CARGO_TARGET")}
    done = subprocess.run(
        command, cwd=FOLDER, env=environment, capture_output=True, text=True, timeout=1500, check=False
    )
    assert done.returncode == 0, done.stderr
    return TARGET / "debug" / PROGRAM


@pytest.mark.timeout(1800)
def test_the_sdk_for_rust_tells_its_story(program: Path, server: Server, aws: Any, tmp_path: Path) -> None:
    content = random.Random(1).randbytes(SIZE)
    file = tmp_path / "payload.bin"
    file.write_bytes(content)
    credentials = aws._request_signer._credentials
    domain = fresh_domain_name()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "STORY_ENDPOINT": server.url,
        "STORY_REGION": aws.meta.region_name,
        "STORY_ACCESS_KEY": credentials.access_key,
        "STORY_SECRET_KEY": credentials.secret_key,
        "STORY_DOMAIN": domain,
        "STORY_FILE": str(file),
    }
    done = subprocess.run([str(program)], env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert done.stdout.splitlines() == [
        f"domain arn:aws:codeartifact:{aws.meta.region_name}:{server.account}:domain/{domain}",
        "repository staging",
        "repository release",
        "published-from-memory Unfinished",
        f"published-from-file Published {SIZE}",
        "assets install.sh,payload.bin",
        f"read-back {hashlib.sha256(content).hexdigest()}",
        "copied 1",
        "refused 1.0.0=SKIPPED,9.9.9=NOT_FOUND",
        "status Archived",
        "group /generic/tools/* /* ALLOW",
        "conflict true",
        "not-found true",
        "token true",
    ]
