"""Popular crates of the public Cargo registry: every line of the index, and the bytes of a few crates."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from differential.comparing import compare_all, popular
from harness import knobs, public_registries
from harness.account import Repository
from harness.cargo_wire import Registry
from harness.source import Source

# A few of the newest crates are fetched whole on both sides.
WHOLE_CRATES = 25


@pytest.fixture
def public_crates() -> Iterator[Source]:
    """The public registry; stories are skipped where it cannot be reached."""
    source = public_registries.cargo_source()
    if not source.is_reachable():
        source.close()
        pytest.skip("the index that cargo on this machine is configured for cannot be reached")
    yield source
    source.close()


class Sides:
    """The registry through Reliquary and the registry itself, a connection of each for every thread."""

    def __init__(self, repository: Repository, source: Source) -> None:
        self._own = threading.local()
        self._url, self._token, self._source = repository.endpoint("cargo"), repository.token, source.url
        self.repository = repository

    @property
    def through(self) -> Registry:
        """The repository."""
        if not hasattr(self._own, "through"):
            self._own.through = Registry(self._url, self._token)
        return self._own.through

    @property
    def direct(self) -> Registry:
        """The public registry."""
        if not hasattr(self._own, "direct"):
            self._own.direct = Registry(self._source, None)
        return self._own.direct


@pytest.fixture
def sides(repository_before: Callable[..., Repository], public_crates: Source) -> Sides:
    """Both sides."""
    return Sides(repository_before(knobs.CARGO_CONNECTION, public_crates.url, knobs.whole_versions(0)), public_crates)


def difference(direct: list[dict[str, Any]], through: list[dict[str, Any]]) -> str | None:
    """The first thing in which two index files are not the same, or None."""
    theirs, ours = ({line["vers"]: line for line in lines} for lines in (direct, through))
    if theirs.keys() != ours.keys():
        return f"versions {sorted(theirs.keys() ^ ours.keys())[:5]}"
    for version, line in theirs.items():
        # Every member of a line, also those that this suite has never heard of.
        for member in line.keys() | ours[version].keys():
            if line.get(member) != ours[version].get(member):
                return f"{member} of {version}: {line.get(member)!r} / {ours[version].get(member)!r}"
    return None


def lines(registry: Registry, name: str) -> list[dict[str, Any]]:
    """The index file of a crate that must be there, line by line in its order."""
    answer = registry.index(name)
    assert answer.status == 200, f"{name}: {answer.status} {answer.body[:300]!r}"
    return [json.loads(line) for line in answer.body.splitlines() if line.strip()]


@pytest.mark.timeout(900)
def test_the_index_lines_of_popular_crates_are_those_of_the_public_registry(sides: Sides) -> None:
    def compare(name: str) -> str | None:
        direct, through = lines(sides.direct, name), lines(sides.through, name)
        found = difference(direct, through)
        return f"{name}: {found}" if found else None

    compare_all(popular("cargo"), compare)


@pytest.mark.timeout(900)
def test_the_bytes_and_dependencies_of_popular_crates_are_those_of_the_public_registry(sides: Sides) -> None:
    names = popular("cargo")[:: len(popular("cargo")) // WHOLE_CRATES]

    def compare(name: str) -> str | None:
        line = [one for one in lines(sides.direct, name) if not one["yanked"]][-1]
        version, checksum = line["vers"], line["cksum"]
        content = sides.through.download(name, version, checksum).body
        if hashlib.sha256(content).hexdigest() != checksum:
            return f"{name} {version}: other bytes than the index says"
        if content != sides.direct.download(name, version, checksum).body:
            return f"{name} {version}: other bytes than directly"
        ids = {**sides.repository.ids, "format": "cargo", "package": name, "packageVersion": version}
        found = sides.repository.aws.list_package_version_dependencies(**ids)["dependencies"]
        told = {one["package"].lower() for one in found}
        wanted = {(one.get("package") or one["name"]).lower() for one in line["deps"]}
        return None if told == wanted else f"{name} {version}: dependencies {sorted(told ^ wanted)[:5]}"

    compare_all(names, compare)
