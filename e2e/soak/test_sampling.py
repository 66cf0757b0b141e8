"""The tool for long runs measures what it says; how flat the lines are in half an hour is looked at by hand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SOAK = Path(__file__).resolve().parents[2] / "bench" / "soak.py"


def rows(lines: list[str], head: str) -> list[list[str]]:
    """The rows of the table whose first cell of the head is this."""
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {head} |"))
    found = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def test_a_short_soak_has_a_row_for_every_sample_and_a_slope_for_every_line(binary: Path, tmp_path: Path) -> None:
    table = tmp_path / "soak.md"
    command = [sys.executable, str(SOAK), "--seconds", "20", "--every", "2", "--calibration", "3", "--share", "0.3"]
    done = subprocess.run(
        [*command, "--output", str(table)],
        env=os.environ | {"RELIQUARY_BIN": str(binary)},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = table.read_text().splitlines()
    assert lines[-1] == "0 errors", done.stderr
    samples = rows(lines, "s")
    assert 8 <= len(samples) <= 11, lines
    for at_s, rss_mb, _anonymous, descriptors, threads, rate, errors, p50_ms, p99_ms, worst_ms in samples:
        assert 5 < float(rss_mb) < 2000
        assert int(descriptors) > 5 and int(threads) > 1 and int(errors) == 0
        assert float(rate) > 1, f"nothing was asked for at {at_s} s"
        assert 0 < float(p50_ms) <= float(p99_ms) <= float(worst_ms)
    assert [float(one[0]) for one in samples] == sorted(float(one[0]) for one in samples)
    slopes = {row[0]: float(row[1]) for row in rows(lines, "slope, after the first fifth")}
    assert slopes.keys() == {"VmRSS MB", "anonymous MB", "descriptors", "threads", "p50 ms", "p99 ms"}
