"""Popular packages of the npm registry: versions, tags, digests, dependencies, times."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from differential.comparing import compare_all, popular
from harness import knobs
from harness.account import Repository
from harness.npm_wire import ABBREVIATED, FULL, Registry
from harness.source import Source

# What npm installs by, of each version. Absent and empty are the same to it.
MEMBERS = (
    "dependencies", "optionalDependencies", "peerDependencies", "peerDependenciesMeta", "bundleDependencies",
    "bin", "engines", "os", "cpu", "deprecated",
)  # fmt: skip


@pytest.fixture
def sides(repository_before: Callable[..., Repository], source: Source) -> Callable[[str], Registry]:
    """The registry `through` Reliquary and `direct`, a connection of each for every thread."""
    repository = repository_before(knobs.NPM_CONNECTION, source.url)
    url, token, own = repository.npm_url, repository.token, threading.local()

    def side(which: str) -> Registry:
        if not hasattr(own, which):
            setattr(own, which, Registry(url, token) if which == "through" else Registry(source.url, None))
        return getattr(own, which)

    return side


def difference(direct: dict[str, Any], through: dict[str, Any]) -> str | None:
    """The first thing in which two abbreviated packuments are not the same, or None."""
    if direct["versions"].keys() != through["versions"].keys():
        return f"versions {sorted(direct['versions'].keys() ^ through['versions'].keys())[:5]}"
    if direct["dist-tags"] != through["dist-tags"]:
        return f"dist-tags {sorted(set(direct['dist-tags'].items()) ^ set(through['dist-tags'].items()))[:4]}"
    for number, version in direct["versions"].items():
        ours = through["versions"][number]
        for member in MEMBERS:
            if (version.get(member) or None) != (ours.get(member) or None):
                return f"{member} of {number}: {version.get(member)!r:.80} / {ours.get(member)!r:.80}"
        # Some mirrors leave it out of the short form; we read it from the long one.
        if version.get("hasInstallScript", False) and not ours.get("hasInstallScript"):
            return f"hasInstallScript of {number}"
        for kind in ("integrity", "shasum"):
            if kind in version["dist"] and version["dist"][kind] != ours["dist"].get(kind):
                return f"{kind} of {number}"
    return None


def time_difference(direct: dict[str, Any], through: dict[str, Any]) -> str | None:
    """The times of the versions, as moments."""
    for number in direct["versions"]:
        theirs, ours = direct.get("time", {}).get(number), through.get("time", {}).get(number)
        if theirs and (not ours or datetime.fromisoformat(theirs) != datetime.fromisoformat(ours)):
            return f"time of {number}: {theirs} / {ours}"
    return None


@pytest.mark.timeout(900)
def test_the_packuments_of_popular_packages_are_those_of_the_public_registry(
    sides: Callable[[str], Registry],
) -> None:
    names = popular("npm")
    # The long form is the whole history of a package; those of a few dozen say enough about times.
    with_times = set(names[::5])

    def compare(name: str) -> str | None:
        both = [sides(side).packument(name, accept=ABBREVIATED) for side in ("direct", "through")]
        found = difference(*both)
        if found is None and name in with_times:
            found = time_difference(*(sides(side).packument(name, accept=FULL) for side in ("direct", "through")))
        return f"{name}: {found}" if found else None

    compare_all(names, compare)
