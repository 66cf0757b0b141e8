"""Leiningen of Debian. It speaks https only: its transport over http was built for another library version."""

from __future__ import annotations

from pathlib import Path

from harness.client import Finished
from harness.jvm import DEBIAN, JvmClient, java_is_missing
from harness.maven_artifacts import Artifact

JAR = DEBIAN / "java/leiningen.jar"


class Leiningen(JvmClient):
    """Leiningen without plugins and profiles."""

    name = "lein"

    @classmethod
    def missing(cls) -> str | None:
        if not JAR.exists():
            return "no Leiningen: run e2e/prepare.sh on a Debian machine"
        return java_is_missing()

    def program(self) -> list[str]:
        command = ["java", *self.java_options(), f"-Xbootclasspath/a:{JAR}", "-classpath", str(JAR)]
        command += ["clojure.main", "-m", "leiningen.core.main"]
        return [*command, "with-profile", "-dev,-user,-base"]

    def environment(self) -> dict[str, str]:
        return super().environment() | {"LEIN_HOME": str(self.home / ".lein")}

    def write_settings(self) -> None:
        # Everything is in the project file.
        pass

    def _project(self, name: str, more: str) -> Path:
        folder = self.folder(name)
        repositories = self.documented("project.clj").replace(":repositories", ":repositories ^:replace")
        (folder / "project.clj").write_text(
            f'(defproject com.acme/{name} "1"\n{repositories}\n:plugin-repositories ^:replace []\n'
            f':local-repo "{self.cache}"\n{more})\n'
        )
        return folder

    def publish(self, artifact: Artifact, *, check: bool = True) -> Finished:
        files = artifact.write_to(self.home / "publish" / artifact.name / artifact.version)
        names = [str(files / artifact.file_name(extension)) for extension in ("jar", "pom")]
        what = [f"{artifact.group}/{artifact.name}", artifact.version, *names]
        return self.run("deploy", "team-a", *what, cwd=self._project("publisher", ""), check=check)

    def resolve(self, name: str, *coordinates: str, check: bool = True) -> Finished:
        self.forget(name)
        wanted = ""
        for one in coordinates:
            group, artifact, version = one.split(":")
            wanted += f'[{group}/{artifact} "{version}"] '
        folder = self._project(name, f":dependencies ^:replace [{wanted}]")
        done = self.run("-U", "classpath", cwd=folder, check=check)
        (folder / "lib").mkdir(exist_ok=True)
        for path in done.stdout.strip().rpartition("\n")[2].split(":"):
            if path.endswith(".jar"):
                (folder / "lib" / Path(path).name).write_bytes(Path(path).read_bytes())
        return done
