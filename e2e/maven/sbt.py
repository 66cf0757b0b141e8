"""sbt, started by its launcher: it fetches itself, so everything it consists of comes through the repository too."""

from __future__ import annotations

from pathlib import Path

from harness.client import Finished
from harness.distributions import unpacked
from harness.documented import documented
from harness.jvm import JvmClient, java_is_missing
from harness.maven_artifacts import Artifact

VERSION = "1.10.7"


class Sbt(JvmClient):
    """sbt without its server."""

    name = "sbt"
    finishes = False

    @classmethod
    def missing(cls) -> str | None:
        if unpacked("sbt") is None:
            return "sbt was not fetched: run e2e/prepare.sh where Maven Central can be reached"
        return java_is_missing()

    def program(self) -> list[str]:
        settings = {
            "sbt.override.build.repos": "true",
            "sbt.repository.config": str(self.home / "repositories"),
            "sbt.boot.credentials": str(self.home / "sbt-credentials"),
            "sbt.server.autostart": "false",
            "sbt.color": "false",
            "sbt.supershell": "false",
            "sbt.coursier.home": str(self.cache / "coursier"),
            "sbt.ivy.home": str(self.cache / "ivy"),
            "sbt.boot.directory": str(self.cache / "boot"),
            "sbt.global.base": str(self.settings),
        }
        options = [f"-D{key}={value}" for key, value in settings.items()]
        return ["java", *self.java_options(), "-Xmx1g", *options, "-jar", str(unpacked("sbt"))]

    @property
    def settings(self) -> Path:
        """The settings of the user."""
        return self.home / ".sbt/1.0"

    def environment(self) -> dict[str, str]:
        return super().environment() | {"COURSIER_CACHE": str(self.cache / "coursier/v1")}

    def write_settings(self) -> None:
        for name in ("repositories", "sbt-credentials"):
            text = documented("maven", name, endpoint=self.endpoint, token=self.token)
            (self.home / name).write_text(text)
        for folder in (self.settings, self.settings / "plugins"):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "credentials.sbt").write_text(self.documented("credentials.sbt"))

    def project(self, name: str, version: str, dependencies: list[str]) -> Path:
        """A project in Java with dependencies."""
        folder = self.folder(name)
        (folder / "project").mkdir(exist_ok=True)
        (folder / "project/build.properties").write_text(f"sbt.version={VERSION}\n")
        source = folder / "src/main/java/Parcel.java"
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text("public class Parcel {\n}\n")
        lines = [f'name := "{name}"', 'organization := "com.acme.sbt"', f'version := "{version}"']
        lines += ["crossPaths := false", "autoScalaLibrary := false"]
        for one in dependencies:
            group, artifact, requirement = one.split(":")
            lines.append(f'libraryDependencies += "{group}" % "{artifact}" % "{requirement}"')
        (folder / "build.sbt").write_text("\n".join(lines) + "\n" + self.documented("build.sbt"))
        return folder

    def publish(self, artifact: Artifact, *, check: bool = True) -> Finished:
        """Publish a project of the artifact's name; sbt makes the jar itself."""
        folder = self.project(artifact.name, artifact.version, artifact.dependencies)
        return self.run("publish", cwd=folder, check=check, timeout_s=400)

    def resolve(self, name: str, *coordinates: str, check: bool = True) -> Finished:
        folder = self.project(name, "1", list(coordinates))
        done = self.run("export Compile / externalDependencyClasspath", cwd=folder, check=check, timeout_s=400)
        (folder / "lib").mkdir(exist_ok=True)
        for path in done.stdout.strip().rpartition("\n")[2].split(":"):
            if path.endswith(".jar"):
                (folder / "lib" / Path(path).name).write_bytes(Path(path).read_bytes())
        return done
