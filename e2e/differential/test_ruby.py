"""Popular gems of the public host: the lines of the compact index."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from differential.comparing import compare_all, popular
from harness import knobs, public_registries
from harness.account import Repository
from harness.gem_wire import GemHost
from harness.source import Source


@pytest.fixture
def public_gems() -> Iterator[Source]:
    """The public host; the story is skipped where no gem is installed or its source cannot be reached."""
    address = public_registries.gem_source()
    if address is None:
        pytest.skip("there is no gem on this machine that says where its source is")
    source = Source(address, probe="info/rake")
    if not source.is_reachable():
        source.close()
        pytest.skip("the source that gem on this machine is configured for cannot be reached")
    yield source
    source.close()


@pytest.mark.timeout(900)
def test_the_lines_of_popular_gems_are_those_of_the_public_host(
    repository_before: Callable[..., Repository], public_gems: Source
) -> None:
    repository = repository_before(knobs.RUBY_CONNECTION, public_gems.url, knobs.whole_versions(0))
    url, token, own = repository.endpoint("ruby"), repository.token, threading.local()

    def compare(name: str) -> str | None:
        if not hasattr(own, "sides"):
            own.sides = GemHost(public_gems.url, None), GemHost(url, token)
        direct, through = (side.info(name) for side in own.sides)
        differing = [
            version for version in direct.keys() | through.keys() if direct.get(version) != through.get(version)
        ]
        return f"{name}: {sorted(differing)[:5]}" if differing else None

    compare_all(popular("ruby"), compare)
