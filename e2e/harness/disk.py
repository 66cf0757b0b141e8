"""A disk that misbehaves: the library of `faults/misbehaving_disk.c` in front of one process, steered from here.

It is full, read-only, slow, or fails to sync while a story wants it; and when the power is lost, only what was synced
is there afterwards: the content of files that were synced, under names whose folder was synced.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import random
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "faults" / "misbehaving_disk.c"
# The numbers of the control file, in the order of the library.
FULL, READ_ONLY, SYNC_FAILS, DELAY_MS, STRUCK, SYNCS = range(6)
NUMBER = struct.Struct("i")


def build_library(folder: Path) -> Path:
    """Compile it, once per folder."""
    library = folder / "misbehaving_disk.so"
    if not library.exists():
        fresh = folder / f"misbehaving_disk.{os.getpid()}.so"
        command = ["cc", "-O2", "-shared", "-fPIC", "-o", str(fresh), str(SOURCE), "-ldl", "-lpthread"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"cc failed:\n{done.stderr}"
        fresh.rename(library)
    return library


class Disk:
    """What one process sees of one folder."""

    def __init__(self, library: Path, root: Path, work: Path, *, loses_power: bool = False) -> None:
        self.root = root.resolve()
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._library = library
        self._control_path = work / "disk-control"
        self._shadow = work / "disk-shadow" if loses_power else None
        self._control_path.write_bytes(bytes(mmap.PAGESIZE))
        with self._control_path.open("r+b") as file:
            self._control = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        if self._shadow is not None:
            self._shadow.mkdir(parents=True)

    @property
    def environment(self) -> dict[str, str]:
        """What the process has to be started with."""
        shadow = {} if self._shadow is None else {"DISK_SHADOW": str(self._shadow)}
        root, control = str(self.root), str(self._control_path)
        return {"LD_PRELOAD": str(self._library), "DISK_ROOT": root, "DISK_CONTROL": control} | shadow

    def set(self, word: int, value: int) -> None:
        """Turn a fault on or off."""
        NUMBER.pack_into(self._control, word * NUMBER.size, value)

    def get(self, word: int) -> int:
        """A number as the process left it."""
        return NUMBER.unpack_from(self._control, word * NUMBER.size)[0]

    @contextlib.contextmanager
    def fault(self, word: int, value: int = 1) -> Iterator[None]:
        """Inside the block the disk has this fault."""
        self.set(word, value)
        try:
            yield
        finally:
            self.set(word, 0)

    def lose_power(self, chance: random.Random | None = None) -> None:
        """Leave only what was synced. With `chance`, some of what was not synced is there too, as on a real disk.

        Nobody may have the folder open.
        """
        assert self._shadow is not None, "nothing was noted"
        first = self._shadow / "root"
        # Without it the process was killed before its first step, and all is as it was.
        if first.exists():
            fresh = self.root.with_name(self.root.name + ".after")
            Aftermath(self._shadow, self.root, chance).make_folder(first.read_text(), fresh)
            shutil.rmtree(self.root)
            fresh.rename(self.root)
        # What is there now is on the disk; the next start notes it so.
        shutil.rmtree(self._shadow)
        self._shadow.mkdir()


class Aftermath:
    """A folder made anew from the notes of what was synced."""

    def __init__(self, notes: Path, live: Path, chance: random.Random | None) -> None:
        self._notes = notes
        self._chance = chance
        # What was there when the power went, by what it is known by.
        self._live = {} if chance is None else {key_of(path): path for path in (live, *live.rglob("*"))}

    def _is_lucky(self) -> bool:
        return self._chance is not None and self._chance.random() < 0.5

    def make_folder(self, key: str, place: Path) -> None:
        """The entries that were there when the folder was last synced."""
        place.mkdir(mode=0o700)
        for name, (kind, child) in self._entries(key).items():
            if kind == "d":
                self.make_folder(child, place / name)
            else:
                self._make_file(child, place / name)

    def _entries(self, key: str) -> dict[str, tuple[str, str]]:
        entries = {}
        with contextlib.suppress(FileNotFoundError):
            for line in (self._notes / key).read_text().splitlines():
                kind, child, name = line.split(" ", 2)
                entries[name] = (kind, child)
        live = self._live.get(key)
        if live is not None:
            there = {path.name: ("d" if path.is_dir() else "f", key_of(path)) for path in live.iterdir()}
            for name in entries.keys() | there.keys():
                if entries.get(name) != there.get(name) and self._is_lucky():
                    entries.pop(name, None)
                    if name in there:
                        entries[name] = there[name]
        return entries

    def _make_file(self, key: str, place: Path) -> None:
        content = b""
        with contextlib.suppress(FileNotFoundError):
            content = (self._notes / key).read_bytes()
        live = self._live.get(key)
        if live is not None and self._is_lucky():
            content = live.read_bytes()
        place.write_bytes(content)
        place.chmod(0o600)


# The call that tells the time of birth, which Python's own stat does not.
_libc = ctypes.CDLL(None, use_errno=True)
_AT_FDCWD, _AT_SYMLINK_NOFOLLOW = -100, 0x100
_STATX_INO, _STATX_BTIME = 0x100, 0x800
# Where inode and time of birth are in what it fills in.
_INODE, _BIRTH = struct.Struct("Q"), struct.Struct("qI")


def key_of(path: Path) -> str:
    """What the library knows a file or a folder by."""
    found = ctypes.create_string_buffer(256)
    if _libc.statx(_AT_FDCWD, os.fsencode(path), _AT_SYMLINK_NOFOLLOW, _STATX_INO | _STATX_BTIME, found):
        raise OSError(ctypes.get_errno(), "statx", str(path))
    (inode,) = _INODE.unpack_from(found, 32)
    seconds, nanoseconds = _BIRTH.unpack_from(found, 80)
    return f"{inode}-{seconds}.{nanoseconds}"
