"""Ivy, by its command line."""

from __future__ import annotations

from harness.client import Finished
from harness.jvm import DEBIAN, JvmClient, java_is_missing
from harness.maven_artifacts import Artifact

JARS = ("ivy", "commons-cli", "commons-codec", "commons-logging", "httpclient", "httpcore")


class Ivy(JvmClient):
    """Ivy with the settings of the documentation."""

    name = "ivy"
    finishes = False
    repeats_itself = False
    explains_refusals = False

    @classmethod
    def missing(cls) -> str | None:
        if not (DEBIAN / "java/ivy.jar").exists():
            return "no Ivy: run e2e/prepare.sh on a Debian machine"
        return java_is_missing()

    def program(self) -> list[str]:
        path = ":".join(str(DEBIAN / f"java/{jar}.jar") for jar in JARS)
        settings = ["-settings", str(self.home / "ivysettings.xml"), "-cache", str(self.cache)]
        return ["java", *self.java_options(), "-classpath", path, "org.apache.ivy.Main", *settings]

    def write_settings(self) -> None:
        (self.home / "ivysettings.xml").write_text(self.documented("ivysettings.xml"))

    def publish(self, artifact: Artifact, *, check: bool = True) -> Finished:
        files = artifact.write_to(self.home / "publish" / artifact.name / artifact.version)
        module = files / "ivy.xml"
        module.write_text(
            f'<ivy-module version="2.0"><info organisation="{artifact.group}" module="{artifact.name}" '
            f'revision="{artifact.version}"/><configurations><conf name="default"/></configurations><publications>'
            f'<artifact name="{artifact.name}" type="pom" ext="pom" conf="default"/>'
            f'<artifact name="{artifact.name}" type="jar" ext="jar" conf="default"/></publications></ivy-module>\n'
        )
        pattern = f"{files}/[artifact]-[revision].[ext]"
        arguments = ["-ivy", str(module), "-publish", "team-a-publish", "-revision", artifact.version]
        # Checksums exist as soon as their file does, and Ivy would take them for another's.
        return self.run(*arguments, "-overwrite", "-publishpattern", pattern, check=check)

    def resolve(self, name: str, *coordinates: str, check: bool = True) -> Finished:
        folder = self.folder(name)
        self.forget(name)
        wanted = ""
        for one in coordinates:
            group, artifact, version = one.split(":")
            wanted += (
                f'<dependency org="{group}" name="{artifact}" rev="{version}" conf="default->default" changing="true"/>'
            )
        (folder / "ivy.xml").write_text(
            f'<ivy-module version="2.0"><info organisation="com.acme" module="{name}"/>'
            f'<configurations><conf name="default"/></configurations>'
            f"<dependencies>{wanted}</dependencies></ivy-module>\n"
        )
        pattern = f"{folder}/lib/[artifact]-[revision](-[classifier]).[ext]"
        arguments = ["-ivy", str(folder / "ivy.xml"), "-types", "jar", "bundle", "-retrieve", pattern]
        return self.run(*arguments, cwd=folder, check=check)
