"""Maven: 3.8 from Debian, 3.9 and 4.0 as published.

Stories without public packages take the plugins from the files of Debian's packages, by an additional mirror of
`central`; everything else in the settings is what the documentation says. These plugins are no part of any story, and
looking for them is most of what a short run does, so `prepare.sh` has each Maven do it once (`maven.plugins`).
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import ClassVar

from harness.client import Finished
from harness.distributions import unpacked
from harness.jvm import DEBIAN, JvmClient, java_is_missing
from harness.maven_artifacts import Artifact, consumer_pom
from harness.maven_central import CACHE

DEPLOY_FILE = "org.apache.maven.plugins:maven-deploy-plugin:3.0.0:deploy-file"
COPY_DEPENDENCIES = "org.apache.maven.plugins:maven-dependency-plugin:3.5.0:copy-dependencies"
GET = "org.apache.maven.plugins:maven-dependency-plugin:3.5.0:get"
# Local repositories with these plugins and nothing else, a folder for each Maven.
KEPT_PLUGINS = CACHE / "maven-plugins"
# What Maven writes again when it comes by.
NOTES = ("_remote.repositories", "resolver-status.properties")
PLUGINS_OF_DEBIAN = f"""  <mirrors>
    <mirror><id>debian</id><mirrorOf>central</mirrorOf><url>file://{DEBIAN}/maven-repo</url></mirror>
"""


class Maven(JvmClient):
    """What all versions have in common."""

    name = "mvn"
    distribution: ClassVar[str] = ""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.uses_plugins_of_debian = True

    @classmethod
    def installation(cls) -> Path | None:
        """Where it lies."""
        return unpacked(cls.distribution)

    @classmethod
    def missing(cls) -> str | None:
        if cls.installation() is None:
            return f"{cls.distribution} was not fetched: run e2e/prepare.sh where Maven Central can be reached"
        return java_is_missing()

    def program(self) -> list[str]:
        installation = self.installation()
        assert installation is not None
        settings = ["--settings", str(self.settings), f"-Dmaven.repo.local={self.local_repository}"]
        return [str(installation / "bin/mvn"), "--batch-mode", "--no-transfer-progress", *settings]

    @property
    def settings(self) -> Path:
        """The settings of the user."""
        return self.home / "settings.xml"

    @property
    def local_repository(self) -> Path:
        """What Maven keeps: its cache."""
        return self.cache / "repository"

    def environment(self) -> dict[str, str]:
        return super().environment() | {"MAVEN_OPTS": " ".join(self.java_options()), "MAVEN_SKIP_RC": "1"}

    def write_settings(self) -> None:
        settings = self.documented("settings.xml")
        if self.uses_plugins_of_debian:
            settings = settings.replace("  <mirrors>\n", PLUGINS_OF_DEBIAN)
            self._put_plugins()
        self.settings.write_text(settings)

    def _put_plugins(self) -> None:
        kept = KEPT_PLUGINS / self.name
        if kept.is_dir():
            shutil.copytree(kept, self.local_repository, copy_function=_copy_or_link, dirs_exist_ok=True)

    def publish(self, artifact: Artifact, *, check: bool = True) -> Finished:
        return self.run(*self.publish_arguments(artifact), check=check)

    def publish_arguments(self, artifact: Artifact) -> list[str]:
        """`deploy-file` with everything that the artifact has."""
        folder = artifact.write_to(self.home / "publish" / artifact.name / artifact.version)
        arguments = [DEPLOY_FILE, "-DrepositoryId=codeartifact", f"-Durl={self.endpoint}"]
        arguments += [f"-Dfile={folder / artifact.file_name()}", f"-DpomFile={folder / artifact.file_name('pom')}"]
        if artifact.classifiers:
            files = [str(folder / artifact.file_name("jar", one)) for one in artifact.classifiers]
            arguments += [f"-Dfiles={','.join(files)}", f"-Dclassifiers={','.join(artifact.classifiers)}"]
            arguments += [f"-Dtypes={','.join('jar' for _ in files)}"]
        return arguments

    def resolve(self, name: str, *coordinates: str, check: bool = True) -> Finished:
        folder = self.folder(name)
        self.forget(name)
        (folder / "pom.xml").write_text(consumer_pom(list(coordinates)))
        # -U: what was missing a moment ago is asked for again.
        return self.run("-U", COPY_DEPENDENCIES, f"-DoutputDirectory={folder / 'lib'}", cwd=folder, check=check)

    def empty_cache(self) -> None:
        shutil.rmtree(self.local_repository, ignore_errors=True)
        if self.uses_plugins_of_debian:
            self._put_plugins()


def _copy_or_link(source: str, target: str) -> None:
    if Path(target).exists():
        return
    if not source.endswith(NOTES):
        # Another file system has no links to this one.
        with contextlib.suppress(OSError):
            os.link(source, target)
            return
    shutil.copyfile(source, target)


class Maven38(Maven):
    """Debian's build of Maven 3.8: Wagon for transport, one upload at a time."""

    name = "mvn 3.8"

    @classmethod
    def installation(cls) -> Path | None:
        return DEBIAN / "maven"

    @classmethod
    def missing(cls) -> str | None:
        if not (DEBIAN / "maven").is_dir():
            return "no Maven: run e2e/prepare.sh on a Debian machine"
        return java_is_missing()


class Maven39(Maven):
    """Maven 3.9: another transport, five uploads at a time."""

    name = "mvn 3.9"
    distribution = "maven-3.9"


class Maven40(Maven):
    """Maven 4."""

    name = "mvn 4.0"
    distribution = "maven-4.0"
