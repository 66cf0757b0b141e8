"""One server for the stories of NuGet, with a public gallery of their own making behind it."""

from __future__ import annotations

import pytest

from harness import knobs
from harness.fake_nuget import FakeNuget
from harness.format_fixtures import format_fixtures

(
    shared_host,
    public_host,
    own_server,
    own_aws,
    private,
    connected,
    secluded,
    mortal,
) = format_fixtures(FakeNuget, knobs.NUGET_CONNECTION)


@pytest.fixture
def gallery(public_host: FakeNuget) -> FakeNuget:
    """The public gallery of these stories."""
    return public_host
