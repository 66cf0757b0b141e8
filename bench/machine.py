"""What the numbers came from: a table without its machine says nothing."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import time
from pathlib import Path


def _first_line(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0].strip() if lines else "?"


def _field(path: str, name: str) -> str:
    for line in Path(path).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return "?"


def fsync_ms(folder: Path, count: int = 50) -> float:
    """The median time of a durable 4 KB write here: no durable publish of one client can be faster."""
    path = folder / "fsync-probe"
    times = []
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        for _ in range(count):
            os.write(descriptor, b"x" * 4096)
            begin = time.perf_counter()
            os.fsync(descriptor)
            times.append((time.perf_counter() - begin) * 1000)
    finally:
        os.close(descriptor)
        path.unlink()
    return statistics.median(times)


def facts(binary: Path, folder: Path) -> list[str]:
    """The machine and the program, as lines for the report."""
    memory_gb = int(_field("/proc/meminfo", "MemTotal").split()[0]) / 1024 / 1024
    return [
        f"{os.cpu_count()} cores ({_field('/proc/cpuinfo', 'model name')}), {memory_gb:.0f} GB, "
        f"Linux {platform.release()}",
        f"fsync of 4 KB: {fsync_ms(folder):.2f} ms",
        _first_line(str(binary), "--version"),
    ]


def peers(servers: str) -> list[str]:
    """The servers beside it, the clients, and what loads them."""
    return [
        f"{_first_line('nginx', '-v').removeprefix('nginx version: ')}, {servers}",
        f"node {_first_line('node', '--version')}, npm {_first_line('npm', '--version')}, "
        f"{_first_line('wrk', '-v').partition(' [')[0]}",
    ]
