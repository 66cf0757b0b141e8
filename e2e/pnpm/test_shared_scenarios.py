"""The shared stories with pnpm."""

from pnpm.driver import Pnpm
from scenarios.npm_family import NpmFamilyScenarios


class TestPnpm(NpmFamilyScenarios):
    """pnpm, pinned by run.sh."""

    client_type = Pnpm
