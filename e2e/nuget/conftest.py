"""One server for the stories of NuGet, with a public gallery of their own making behind it."""

from __future__ import annotations

from harness import knobs
from harness.fake_nuget import FakeNuget
from harness.format_fixtures import format_fixtures

(
    shared_host,
    public_host,
    gallery,
    own_server,
    own_aws,
    private,
    connected,
    secluded,
    mortal,
) = format_fixtures(FakeNuget, knobs.NUGET_CONNECTION)
