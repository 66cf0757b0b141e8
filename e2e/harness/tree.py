"""One digest for a folder: names, kinds, executable bits, link targets and bytes."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def tree_entries(root: Path) -> dict[str, str]:
    """Relative path to a description of what is there; two trees are equal exactly when these are."""
    entries: dict[str, str] = {}
    for folder, subfolders, files in os.walk(root):
        for name in subfolders + files:
            path = Path(folder, name)
            relative = path.relative_to(root).as_posix()
            if path.is_symlink():
                entries[relative] = f"link {os.readlink(path)}"
            elif path.is_dir():
                entries[relative] = "folder"
            else:
                mode = "x" if path.stat().st_mode & 0o100 else "-"
                entries[relative] = f"file {mode} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    return entries


def differences(left: dict[str, str], right: dict[str, str], limit: int = 20) -> list[str]:
    """The first paths that differ, for a message that a person can act on."""
    paths = sorted(path for path in left.keys() | right.keys() if left.get(path) != right.get(path))
    return [f"{path}: {left.get(path)} / {right.get(path)}" for path in paths[:limit]]


def bytes_below(folder: Path) -> int:
    """The size of all files, also while they come and go."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total
