"""The shared stories with both generations of Yarn."""

from scenarios.npm_family import NpmFamilyScenarios
from yarn.berry import YarnBerry
from yarn.classic import YarnClassic


class TestYarnClassic(NpmFamilyScenarios):
    """Yarn 1, pinned by run.sh."""

    client_type = YarnClassic


class TestYarnBerry(NpmFamilyScenarios):
    """Yarn 4, pinned by run.sh."""

    client_type = YarnBerry
