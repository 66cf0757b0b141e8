"""A small Java project for the whole life cycle of Maven: compiled, packed with its sources, deployed."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

# Versions that Debian's packages have; all Mavens here can use them.
PLUGINS = {
    "maven-clean-plugin": "3.2.0",
    "maven-resources-plugin": "3.3.0",
    "maven-compiler-plugin": "3.10.1",
    "maven-surefire-plugin": "2.22.3",
    "maven-jar-plugin": "3.3.0",
    "maven-install-plugin": "3.1.0",
    "maven-deploy-plugin": "3.0.0",
}


@dataclass(frozen=True)
class Project:
    """One project. `note` comes into the jar, so that builds of one version can be told apart."""

    name: str
    version: str
    group: str = "com.acme.projects"
    note: str = "first"
    dependencies: str = ""
    parent: str = ""

    def pom(self, distribution: str) -> str:
        """The POM, with what the documentation says about publishing."""
        managed = "".join(
            f"<plugin><artifactId>{name}</artifactId><version>{version}</version></plugin>"
            for name, version in PLUGINS.items()
        )
        return f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  {self.parent}
  <groupId>{self.group}</groupId>
  <artifactId>{self.name}</artifactId>
  <version>{self.version}</version>
  <name>Project {self.name}</name>
  <description>Built by a story</description>
  <licenses><license><name>Apache-2.0</name><url>https://licences.example/apache</url></license></licenses>
  <properties>
    <maven.compiler.release>17</maven.compiler.release>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
    <project.build.outputTimestamp>2026-01-01T00:00:00Z</project.build.outputTimestamp>
  </properties>
  <dependencies>{self.dependencies}</dependencies>
  {distribution}
  <build>
    <pluginManagement><plugins>{managed}</plugins></pluginManagement>
    <plugins>
      <plugin>
        <artifactId>maven-source-plugin</artifactId><version>3.2.1</version>
        <executions><execution><goals><goal>jar-no-fork</goal></goals></execution></executions>
      </plugin>
    </plugins>
  </build>
</project>
"""

    def write_to(self, folder: Path, distribution: str) -> Path:
        """The project on disk."""
        source = folder / "src/main/java/com/acme/Greeting.java"
        note = folder / "src/main/resources/note.txt"
        for path in (source, note):
            path.parent.mkdir(parents=True, exist_ok=True)
        source.write_text('package com.acme;\n\npublic class Greeting {\n    String text = "hello";\n}\n')
        note.write_text(self.note)
        (folder / "pom.xml").write_text(self.pom(distribution))
        return folder


def note_of(jar: bytes) -> str:
    """The note in a jar that was built from a project."""
    with zipfile.ZipFile(io.BytesIO(jar)) as opened:
        return opened.read("note.txt").decode()
