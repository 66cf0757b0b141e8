"""Resident memory of a process, once and over a span of time.

`VmRSS` counts mapped file pages too, which the kernel can take back at any time; `RssAnon` is what the program really
holds. Both are kept: a bar on the first is stricter, the second says where a growth came from.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType


@dataclass(frozen=True)
class Memory:
    """Resident memory at one moment."""

    rss_bytes: int
    anon_bytes: int


def read_memory(pid: int) -> Memory:
    """The memory of a process as the kernel counts it."""
    values = {"VmRSS": 0, "RssAnon": 0}
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in values:
            values[name] = int(rest.split()[0]) * 1024
    return Memory(values["VmRSS"], values["RssAnon"])


class MemoryWatch:
    """Samples a process while a block runs; afterwards says how far it grew above where it began."""

    def __init__(self, pid: int, interval_s: float = 0.02) -> None:
        self._pid = pid
        self._interval_s = interval_s
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.before = read_memory(pid)
        self.peak = self.before

    def _sample(self) -> None:
        while not self._done.wait(self._interval_s):
            try:
                now = read_memory(self._pid)
            except OSError:
                return
            self.peak = Memory(max(self.peak.rss_bytes, now.rss_bytes), max(self.peak.anon_bytes, now.anon_bytes))

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    @property
    def rss_growth_bytes(self) -> int:
        """The highest resident size minus the first."""
        return self.peak.rss_bytes - self.before.rss_bytes

    @property
    def anon_growth_bytes(self) -> int:
        """The same for anonymous memory."""
        return self.peak.anon_bytes - self.before.anon_bytes
