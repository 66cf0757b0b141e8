"""One server for the stories of Ruby, with a public gem host of their own making behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import knobs
from harness.account import Repository
from harness.fake_gems import FakeGems
from harness.format_fixtures import format_fixtures, spoken_directly
from harness.gem_wire import GemHost
from ruby.driver import NewRuby, Ruby, specification

(
    shared_host,
    public_host,
    gems,
    own_server,
    own_aws,
    private,
    connected,
    secluded,
    mortal,
) = format_fixtures(lambda: FakeGems(specification), knobs.RUBY_CONNECTION)


# The repository that reaches nothing, spoken to directly.
wire = spoken_directly(GemHost, "ruby")


@pytest.fixture(params=[Ruby, NewRuby], ids=["ruby-3.1", "ruby-3.3"])
def ruby(request: pytest.FixtureRequest, tmp_path: Path) -> Ruby:
    """gem and bundler of both generations, with an empty home."""
    if reason := request.param.missing():
        pytest.skip(reason)
    return request.param(tmp_path / "home")


@pytest.fixture
def publisher(ruby: Ruby, private: Repository) -> Ruby:
    """The same pointed at a repository without any public source."""
    ruby.configure(private.endpoint("ruby"), private.token)
    return ruby
