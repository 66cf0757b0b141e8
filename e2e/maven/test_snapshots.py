"""Snapshots: every deployment is a build of its own, the newest is what `-SNAPSHOT` means, older ones stay by name."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.account import Repository
from harness.maven_artifacts import Artifact, fresh_artifact, jar_of
from harness.maven_wire import METADATA, Layout
from harness.waiting import wait_until
from maven.mvn import Maven38, Maven39
from maven.project import Project, note_of
from maven.test_commands import deploy

BUILD = re.compile(r"^1\.0-\d{8}\.\d{6}-(\d+)$")


def statuses(repository: Repository, project: Project) -> dict[str, str]:
    """Every version that the API lists, of all statuses."""
    listed = repository.versions("maven", project.name, namespace=project.group)
    return {version: summary["status"] for version, summary in listed.items()}


def build_of(layout: Layout, project: Project) -> str:
    """The newest build, as file names carry it."""
    metadata = layout.metadata(f"{project.group.replace('.', '/')}/{project.name}/1.0-SNAPSHOT/")
    return metadata.builds[("jar", "")]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["old", "new"])
def test_builds_follow_each_other(
    kind: str, mvn: Maven38, new_mvn: Maven39, maven_private: Repository, layout: Layout
) -> None:
    client = mvn if kind == "old" else new_mvn
    client.configure(maven_private)
    name = fresh_artifact("snap")
    builds = []
    for note in ("first", "second", "third"):
        project = Project(name, "1.0-SNAPSHOT", note=note)
        deploy(client, maven_private, project)
        client.empty_cache()
        client.resolve("app", f"{project.group}:{name}:1.0-SNAPSHOT")
        (jar,) = client.fetched("app").values()
        assert note_of(jar) == note
        builds.append(build_of(layout, project))
    assert [BUILD.match(build).group(1) for build in builds] == ["1", "2", "3"]  # type: ignore[union-attr]

    listed = statuses(maven_private, project)
    assert listed["1.0-SNAPSHOT"] == "Published"
    assert {build: listed.get(build) for build in builds[:2]} == dict.fromkeys(builds[:2], "Unlisted")
    folder = f"{project.group.replace('.', '/')}/{name}/"
    assert layout.metadata(folder).versions == ["1.0-SNAPSHOT"]
    # An old build is still there by its own name, and whoever locked it resolves it.
    client.empty_cache()
    client.resolve("locked", f"{project.group}:{name}:{builds[0]}")
    (jar,) = client.fetched("locked").values()
    assert note_of(jar) == "first"
    # What is asked for by the name without a time is the newest build.
    newest = layout.get(f"{folder}1.0-SNAPSHOT/{name}-1.0-SNAPSHOT.jar")
    if newest.status == 200:
        assert note_of(newest.body) == "third"


def test_an_old_build_can_be_deleted_and_the_newest_stays(
    mvn: Maven38, maven_private: Repository, layout: Layout
) -> None:
    mvn.configure(maven_private)
    project = Project(fresh_artifact("snap"), "1.0-SNAPSHOT")
    deploy(mvn, maven_private, project)
    old = build_of(layout, project)
    deploy(mvn, maven_private, Project(project.name, "1.0-SNAPSHOT", note="second"))
    answer = maven_private.aws.delete_package_versions(
        **maven_private.ids,
        format="maven",
        namespace=project.group,
        package=project.name,
        versions=[old],
        expectedStatus="Unlisted",
    )
    assert list(answer["successfulVersions"]) == [old]
    folder = f"{project.group.replace('.', '/')}/{project.name}/1.0-SNAPSHOT/"
    assert layout.get(f"{folder}{project.name}-{old}.jar").status == 404
    mvn.empty_cache()
    mvn.resolve("app", f"{project.group}:{project.name}:1.0-SNAPSHOT")
    (jar,) = mvn.fetched("app").values()
    assert note_of(jar) == "second"


def test_a_name_without_a_time_is_refused(layout: Layout) -> None:
    artifact = Artifact(fresh_artifact("snap"), "1.0-SNAPSHOT")
    refused = layout.put(artifact.path(), artifact.jar())
    assert 400 <= refused.status < 500 and b"Invalid name for a Snapshot" in refused.body
    assert layout.get(artifact.folder + METADATA).status == 404


def test_a_release_that_depends_on_a_snapshot_gets_the_newest_build(
    mvn: Maven38, maven_private: Repository, layout: Layout
) -> None:
    mvn.configure(maven_private)
    snapshot = Project(fresh_artifact("snap"), "1.0-SNAPSHOT")
    root = layout.publish(
        Artifact(fresh_artifact(), "1.0", dependencies=[f"{snapshot.group}:{snapshot.name}:1.0-SNAPSHOT"])
    )
    for note in ("first", "second"):
        deploy(mvn, maven_private, Project(snapshot.name, "1.0-SNAPSHOT", note=note))
        # The settings of the documentation look for a newer build every time: no -U, no empty cache.
        mvn.resolve("app", root.coordinates)
        fetched = mvn.fetched("app")
        assert note_of(next(jar for file, jar in fetched.items() if file.startswith(snapshot.name))) == note


@pytest.mark.timeout(300)
def test_f_mvn_4_deployments_at_once_all_leave_whole_builds(
    mvn: Maven38, maven_private: Repository, layout: Layout, tmp_path: Path
) -> None:
    name = fresh_artifact("snap")
    clients = [Maven38(tmp_path / f"builder-{number}") for number in range(3)]

    def build(number: int) -> int:
        client = clients[number]
        client.configure(maven_private)
        project = Project(name, "1.0-SNAPSHOT", note=f"builder {number}")
        folder = project.write_to(client.home / name, client.documented("distributionManagement"))
        return client.run("deploy", cwd=folder, check=False).status

    with ThreadPoolExecutor(len(clients)) as pool:
        statuses_of_clients = list(pool.map(build, range(len(clients))))
    # Two builds that take the same number at the same second are one name with other bytes: one of them is refused.
    assert 0 in statuses_of_clients
    project = Project(name, "1.0-SNAPSHOT")
    newest = build_of(layout, project)
    folder = f"{project.group.replace('.', '/')}/{name}/1.0-SNAPSHOT/"
    for extension in ("jar", "pom"):
        assert layout.get(f"{folder}{name}-{newest}.{extension}").status == 200
    mvn.configure(maven_private)
    mvn.resolve("app", f"{project.group}:{name}:1.0-SNAPSHOT")
    (jar,) = mvn.fetched("app").values()
    assert note_of(jar).startswith("builder ")


def test_the_metadata_of_a_snapshot_is_made_from_what_is_there(layout: Layout) -> None:
    name, group = fresh_artifact("snap"), "com/acme/snaps"
    folder = f"{group}/{name}/1.0-SNAPSHOT/"
    for number, time in ((1, "20260101.120000"), (2, "20260102.120000")):
        value = f"1.0-{time}-{number}"
        pom = (
            f"<project><modelVersion>4.0.0</modelVersion><groupId>com.acme.snaps</groupId><artifactId>{name}"
            "</artifactId><version>1.0-SNAPSHOT</version></project>"
        )
        layout.store(f"{folder}{name}-{value}.pom", pom)
        layout.store(f"{folder}{name}-{value}.jar", jar_of(value))
        layout.store(f"{folder}{name}-{value}-sources.jar", jar_of(value + "s"))
        # It lies about the time; what is served is what was stored.
        layout.store(
            folder + METADATA,
            f"<metadata><groupId>com.acme.snaps</groupId><artifactId>{name}</artifactId><version>1.0-SNAPSHOT</version>"
            f"<versioning><snapshot><timestamp>{time}</timestamp><buildNumber>{number}</buildNumber></snapshot>"
            "<lastUpdated>19990101000000</lastUpdated></versioning></metadata>",
        )
        layout.store(
            f"{group}/{name}/{METADATA}",
            f"<metadata><groupId>com.acme.snaps</groupId><artifactId>{name}</artifactId><versioning><versions>"
            "<version>1.0-SNAPSHOT</version></versions></versioning></metadata>",
        )
    wait_until(lambda: layout.metadata(folder).build_number == 2, timeout_s=10)
    metadata = layout.metadata(folder)
    assert metadata.text("versioning/snapshot/timestamp") == "20260102.120000"
    assert metadata.builds == dict.fromkeys([("pom", ""), ("jar", ""), ("jar", "sources")], "1.0-20260102.120000-2")
