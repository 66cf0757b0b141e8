"""What a client sees through Reliquary beside what it sees directly, for popular packages of the public registries."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PACKAGES = Path(__file__).parent / "packages"
# Enough to finish in minutes, few enough for a busy mirror not to turn us away.
AT_ONCE = 8


def popular(name: str) -> list[str]:
    """The packages of a list."""
    names = (PACKAGES / f"{name}.txt").read_text().split()
    assert len(names) == len(set(names)) >= 200
    return names


def compare_all(names: list[str], compare: Callable[[str], str | None]) -> None:
    """Compare every package; all that differ are told, not only the first."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        told = list(pool.map(compare, names))
    differing = [one for one in told if one]
    assert not differing, f"{len(differing)} of {len(names)} differ:\n" + "\n".join(differing[:40])
