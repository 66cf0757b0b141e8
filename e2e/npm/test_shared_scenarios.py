"""The shared stories with npm."""

from npm.driver import Npm
from scenarios.npm_family import NpmFamilyScenarios


class TestNpm(NpmFamilyScenarios):
    """npm on the machine."""

    client_type = Npm
