"""What people do with mvn: deploy a project, fetch one artifact, follow LATEST, add a file later."""

from __future__ import annotations

import pytest

from harness.account import Repository
from harness.maven_artifacts import Artifact, consumer_pom, fresh_artifact
from harness.maven_wire import Layout
from maven.mvn import GET, Maven38, Maven39
from maven.project import Project, note_of

# A checksum of the digests of Java's own making: whatever Maven warns about is in this word.
CHECKSUM_WARNING = "checksum"


def deploy(mvn: Maven38, repository: Repository, project: Project) -> None:
    """`mvn deploy` of a fresh checkout, as the documentation says."""
    folder = mvn.home / f"{project.name}-{project.note}"
    mvn.run("deploy", cwd=project.write_to(folder, mvn.documented("distributionManagement")))


def test_a_project_is_deployed_with_its_sources_and_resolved(mvn: Maven38, maven_private: Repository) -> None:
    mvn.configure(maven_private)
    project = Project(fresh_artifact("lib"), "1.0.0")
    deploy(mvn, maven_private, project)
    assert list(maven_private.versions("maven", project.name, namespace=project.group)) == ["1.0.0"]
    mvn.empty_cache()
    done = mvn.resolve("app", f"{project.group}:{project.name}:1.0.0")
    assert note_of(mvn.fetched("app")[f"{project.name}-1.0.0.jar"]) == "first"
    assert CHECKSUM_WARNING not in done.output.lower(), str(done)


def test_one_artifact_is_fetched_without_a_project(mvn: Maven38, maven_private: Repository, layout: Layout) -> None:
    mvn.configure(maven_private)
    artifact = layout.publish(Artifact(fresh_artifact(), "1.0", classifiers=("linux-x86_64",)))
    mvn.run(GET, f"-Dartifact={artifact.coordinates}:jar:linux-x86_64", "-Dtransitive=false")
    kept = mvn.local_repository / artifact.path("jar", "linux-x86_64")
    assert kept.read_bytes() == artifact.jar("linux-x86_64")


def test_latest_and_release_name_the_newest_versions(mvn: Maven38, maven_private: Repository, layout: Layout) -> None:
    mvn.configure(maven_private)
    name = fresh_artifact()
    for version in ("1.9", "1.10", "2.0-rc1"):
        layout.publish(Artifact(name, version))
    metadata = layout.metadata(Artifact(name, "1.9").folder)
    assert metadata.versions == ["1.9", "1.10", "2.0-rc1"]
    assert (metadata.latest, metadata.release) == ("2.0-rc1", "2.0-rc1")
    for word in ("LATEST", "RELEASE"):
        mvn.empty_cache()
        mvn.run("-U", GET, f"-Dartifact=com.acme.parcels:{name}:{word}", "-Dtransitive=false")
        kept = sorted(path.name for path in mvn.local_repository.rglob(f"{name}-*.jar"))
        assert kept == [f"{name}-2.0-rc1.jar"], word


def test_a_parent_and_managed_versions_come_from_the_repository(
    mvn: Maven38, maven_private: Repository, layout: Layout
) -> None:
    mvn.configure(maven_private)
    leaf = layout.publish(Artifact(fresh_artifact("leaf"), "3.1"))
    parent = fresh_artifact("parent")
    pom = (
        "<project><modelVersion>4.0.0</modelVersion><groupId>com.acme.parents</groupId>"
        f"<artifactId>{parent}</artifactId><version>7</version><packaging>pom</packaging><dependencyManagement>"
        f"<dependencies><dependency><groupId>{leaf.group}</groupId><artifactId>{leaf.name}</artifactId>"
        "<version>3.1</version></dependency></dependencies></dependencyManagement></project>"
    )
    file = mvn.home / "parent.pom"
    file.write_text(pom)
    mvn.run(
        *("org.apache.maven.plugins:maven-deploy-plugin:3.0.0:deploy-file", "-DrepositoryId=codeartifact"),
        *(f"-Durl={mvn.endpoint}", f"-Dfile={file}", f"-DpomFile={file}", "-Dpackaging=pom"),
    )
    project = Project(
        fresh_artifact("lib"),
        "1.0",
        parent=f"<parent><groupId>com.acme.parents</groupId><artifactId>{parent}</artifactId><version>7</version>"
        "<relativePath/></parent>",
        dependencies=f"<dependency><groupId>{leaf.group}</groupId><artifactId>{leaf.name}</artifactId></dependency>",
    )
    mvn.empty_cache()
    deploy(mvn, maven_private, project)
    mvn.empty_cache()
    mvn.resolve("app", f"{project.group}:{project.name}:1.0")
    assert sorted(mvn.fetched("app")) == sorted([leaf.file_name(), f"{project.name}-1.0.jar"])


def test_a_file_can_be_added_to_a_version_later(mvn: Maven38, maven_private: Repository, layout: Layout) -> None:
    mvn.configure(maven_private)
    artifact = layout.publish(Artifact(fresh_artifact(), "1.0"))
    before = maven_private.versions("maven", artifact.name, namespace=artifact.group)["1.0"]
    wanted = f"-Dartifact={artifact.coordinates}:jar:javadoc"
    assert mvn.run(GET, wanted, "-Dtransitive=false", check=False).status != 0
    layout.store(artifact.path("jar", "javadoc"), artifact.jar("javadoc"))
    # -U: Maven remembers what it did not find.
    mvn.run("-U", GET, wanted, "-Dtransitive=false")
    assert (mvn.local_repository / artifact.path("jar", "javadoc")).read_bytes() == artifact.jar("javadoc")
    after = maven_private.versions("maven", artifact.name, namespace=artifact.group)["1.0"]
    assert after["status"] == "Published" and after["revision"] != before["revision"]


def test_a_goal_by_its_prefix_finds_a_plugin_of_our_own(
    mvn: Maven38, maven_private: Repository, layout: Layout
) -> None:
    # Maven looks for the prefix in the metadata of the groups that it is told to look in.
    mvn.configure(maven_private)
    name = fresh_artifact("parcel") + "-maven-plugin"
    plugin = Artifact(name, "1.0", group="com.acme.plugins")
    pom = plugin.pom().replace(
        b"<version>1.0</version>\n", b"<version>1.0</version><packaging>maven-plugin</packaging>\n", 1
    )
    layout.store(plugin.path("pom"), pom)
    layout.store(plugin.path(), plugin.jar())
    layout.store(f"{plugin.folder}maven-metadata.xml", plugin.metadata())
    prefix = name.removesuffix("-maven-plugin")
    assert layout.metadata("com/acme/plugins/").plugins[prefix] == name
    settings = mvn.settings.read_text()
    group = "<pluginGroups><pluginGroup>com.acme.plugins</pluginGroup></pluginGroups>"
    repository = settings.partition("<repositories>")[2].partition("</repositories>")[0]
    plugins = repository.replace("<repository>", "<pluginRepository>").replace("</repository>", "</pluginRepository>")
    settings = settings.replace("<settings>", f"<settings>{group}", 1)
    settings = settings.replace("</repositories>", f"</repositories><pluginRepositories>{plugins}</pluginRepositories>")
    mvn.settings.write_text(settings)
    # The jar holds no goal; but Maven has found and fetched the plugin, at its newest version.
    done = mvn.run(f"{prefix}:deliver", check=False)
    assert "No plugin found for prefix" not in done.output, str(done)
    assert f"com.acme.plugins:{name}:1.0" in done.output, str(done)


@pytest.mark.parametrize("kind", ["old", "new"])
def test_a_version_range_in_a_project_takes_the_newest_allowed(
    kind: str, mvn: Maven38, new_mvn: Maven39, maven_private: Repository, layout: Layout
) -> None:
    client = mvn if kind == "old" else new_mvn
    client.configure(maven_private)
    name = fresh_artifact()
    for version in ("1.0-alpha-1", "1.0", "1.0.1", "1.1-SNAPSHOTS", "2.0-alpha"):
        layout.publish(Artifact(name, version))
    folder = client.folder("app")
    (folder / "pom.xml").write_text(consumer_pom([f"com.acme.parcels:{name}:(1.0,1.1)"]))
    client.resolve("app", f"com.acme.parcels:{name}:(1.0,1.1)")
    assert list(client.fetched("app")) == [f"{name}-1.0.1.jar"]
