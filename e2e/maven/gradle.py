"""Gradle 4.4 of Debian: a consumer by `maven {}`, a publisher by `ivy-publish` in Maven's layout.

Its `maven-publish` has no transport over http. The build has its own paths compiled in, so it must be installed.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from harness.client import Finished
from harness.jvm import JvmClient, java_is_missing
from harness.maven_artifacts import Artifact


class Gradle(JvmClient):
    """Gradle without its daemon."""

    name = "gradle"
    # ivy-publish knows no maven-metadata.xml.
    finishes = False
    # ... but has the time of publishing in ivy.xml.
    repeats_itself = False

    @classmethod
    def missing(cls) -> str | None:
        if shutil.which("gradle") is None:
            return "no Gradle: apt-get install --no-install-recommends gradle"
        return java_is_missing()

    def program(self) -> list[str]:
        return ["gradle", "--no-daemon", "--quiet", "--stacktrace"]

    def environment(self) -> dict[str, str]:
        options = " ".join(self.java_options())
        return super().environment() | {"GRADLE_USER_HOME": str(self.cache), "GRADLE_OPTS": options}

    def write_settings(self) -> None:
        # Everything is in the build file.
        pass

    def _project(self, name: str, build: str) -> Path:
        folder = self.folder(name)
        (folder / "settings.gradle").write_text(f"rootProject.name = '{name}'\n")
        (folder / "build.gradle").write_text(build)
        return folder

    def publish(self, artifact: Artifact, *, check: bool = True) -> Finished:
        files = artifact.write_to(self.home / "publish" / artifact.name / artifact.version)
        lines = [f"artifact(file('{files / artifact.file_name('pom')}')) {{ extension 'pom'; type 'pom' }}"]
        lines += [f"artifact(file('{files / artifact.file_name()}')) {{ extension 'jar'; type 'jar' }}"]
        build = (
            f"apply plugin: 'ivy-publish'\ngroup = '{artifact.group}'\nversion = '{artifact.version}'\n"
            f"publishing {{ publications {{ parcel(IvyPublication) {{ {'; '.join(lines)} }} }} }}\n"
            + self.documented("ivy-publish")
        )
        return self.run("publish", cwd=self._project(artifact.name, build), check=check)

    def resolve(self, name: str, *coordinates: str, check: bool = True) -> Finished:
        self.forget(name)
        wanted = "\n".join(f"    wanted '{one}'" for one in coordinates)
        build = (
            self.documented("build.gradle")
            + "configurations { wanted }\n"
            + "configurations.wanted.resolutionStrategy.cacheDynamicVersionsFor 0, 'seconds'\n"
            + f"dependencies {{\n{wanted}\n}}\n"
            + "task fetch(type: Copy) { from configurations.wanted; into 'lib' }\n"
        )
        return self.run("fetch", cwd=self._project(name, build), check=check)
