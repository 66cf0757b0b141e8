"""The shared stories with every client of the family. Leiningen's own server speaks https: see test_leiningen.py."""

from maven.gradle import Gradle
from maven.ivy import Ivy
from maven.mvn import Maven38, Maven39, Maven40
from scenarios.maven_family import MavenFamilyScenarios


class TestMaven38(MavenFamilyScenarios):
    """Debian's Maven."""

    client_type = Maven38


class TestMaven39(MavenFamilyScenarios):
    """Maven 3.9."""

    client_type = Maven39


class TestMaven40(MavenFamilyScenarios):
    """Maven 4."""

    client_type = Maven40


class TestGradle(MavenFamilyScenarios):
    """Debian's Gradle."""

    client_type = Gradle


class TestIvy(MavenFamilyScenarios):
    """Ivy."""

    client_type = Ivy
