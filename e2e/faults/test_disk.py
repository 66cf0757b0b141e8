"""The misbehaving disk misbehaves as it says: without this, the stories that stand on it could not fail."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from harness import disk
from harness.disk import Disk

# A process that writes as a program under test does, and says which errors it met.
WRITER = """
import os, sys
root = sys.argv[1]
def put(name, content, sync_file=True, sync_folder=None):
    fd = os.open(f"{root}/{name}", os.O_CREAT | os.O_WRONLY, 0o600)
    os.pwrite(fd, content, 0)
    if sync_file:
        os.fsync(fd)
    os.close(fd)
    if sync_folder is not None:
        folder = os.open(f"{root}/{sync_folder}", os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
def tried(act):
    try:
        act()
        print("done")
    except OSError as error:
        print(os.strerror(error.errno))
"""


def run(disk: Disk, script: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", WRITER + script, str(disk.root)],
        env=disk.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def tree(disk: Disk) -> dict[str, bytes]:
    return {str(path.relative_to(disk.root)): path.read_bytes() for path in disk.root.rglob("*") if path.is_file()}


@pytest.fixture
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return disk.build_library(tmp_path_factory.getbasetemp())


def test_what_was_synced_survives_a_loss_of_power_and_the_rest_does_not(library: Path, tmp_path: Path) -> None:
    one = Disk(library, tmp_path / "root", tmp_path, loses_power=True)
    (one.root / "before").write_bytes(b"before")
    run(
        one,
        """
put("kept", b"kept", sync_folder=".")
put("no-name", b"its folder was not synced after it")
os.mkdir(f"{root}/folder")
put("folder/inside", b"inside", sync_folder="folder")
""",
    )
    assert "no-name" in tree(one)
    one.lose_power()
    assert tree(one) == {"before": b"before", "kept": b"kept"}
    run(
        one,
        """
put("kept", b"KEPT and not synced", sync_file=False)
put("new", b"nor this", sync_file=False, sync_folder=".")
os.mkdir(f"{root}/folder")
put("folder/inside", b"inside", sync_folder="folder")
put("folder/outside", b"outside")
os.fsync(os.open(root, os.O_RDONLY))
os.rename(f"{root}/before", f"{root}/after")
os.unlink(f"{root}/kept")
""",
    )
    one.lose_power()
    # The last loss made what was there durable; a rename and a removal without a sync are undone.
    assert tree(one) == {"before": b"before", "kept": b"kept", "new": b"", "folder/inside": b"inside"}


def test_a_lucky_loss_keeps_some_of_what_was_not_synced_and_all_that_was(library: Path, tmp_path: Path) -> None:
    one = Disk(library, tmp_path / "root", tmp_path, loses_power=True)
    names = [f"{number:03}" for number in range(100)]
    run(one, f"for name in {names}: put(name, b'old')\nos.fsync(os.open(root, os.O_RDONLY))")
    run(one, f"for name in {names}: put(name, b'new', sync_file=False); put('x' + name, b'x')")
    one.lose_power(random.Random(1))
    left = tree(one)
    contents = [left[name] for name in names]
    assert set(contents) == {b"old", b"new"}
    assert 0 < len([name for name in left if name.startswith("x")]) < 100


@pytest.mark.parametrize(
    ("fault", "answers"),
    [
        (disk.FULL, ["No space left on device", "No space left on device", "done", "done"]),
        (disk.READ_ONLY, ["Read-only file system", "Read-only file system", "done", "Read-only file system"]),
        (disk.SYNC_FAILS, ["Input/output error", "done", "done", "done"]),
    ],
)
def test_a_fault_strikes_below_the_folder_and_only_while_it_is_wanted(
    library: Path, tmp_path: Path, fault: int, answers: list[str]
) -> None:
    one = Disk(library, tmp_path / "root", tmp_path)
    (one.root / "there").write_bytes(b"there")
    script = f"""
tried(lambda: put("new", b"new"))
tried(lambda: os.mkdir(f"{{root}}/folder"))
tried(lambda: open("{tmp_path}/elsewhere", "wb").write(b"x"))
tried(lambda: os.unlink(f"{{root}}/there"))
"""
    with one.fault(fault):
        assert run(one, script) == answers
    assert one.get(disk.STRUCK) > 0
    assert run(one, 'tried(lambda: put("new", b"new"))') == ["done"]
    assert tree(one)["new"] == b"new"
