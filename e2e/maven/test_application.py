"""A real application of several modules: everything it needs, plugins too, comes through Reliquary; then again with the
public source gone, byte by byte.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.account import Repository
from harness.maven_wire import Layout
from harness.source import Source
from harness.tree import differences, tree_entries
from maven.mvn import Maven, Maven38, Maven39

APPLICATION = Path(__file__).parent / "application"
MODULES = ("parcels", "labels", "store", "web", "server")
LEAST_FILES = 400
# Maven's own notes: where a file came from, and when it was looked for.
NOTES = ("_remote.repositories", "resolver-status.properties", ".lastUpdated", "m2e-lastUpdated.properties")


def checkout(target: Path) -> Path:
    """The application as a version-control checkout has it."""
    return Path(shutil.copytree(APPLICATION, target))


def build(client: Maven, project: Path) -> None:
    """Compile, test, package and deploy, to where the documentation says."""
    deployment = f"-DaltDeploymentRepository=codeartifact::{client.endpoint}"
    client.run(deployment, "deploy", cwd=project, timeout_s=500)


def fetched_files(client: Maven) -> dict[str, str]:
    """The local repository without Maven's notes and without what the build itself put there."""
    return {
        path: what
        for path, what in tree_entries(client.local_repository).items()
        if not path.endswith(NOTES)
        and not path.startswith("com/acme/")
        and not path.rpartition("/")[2].startswith("maven-metadata")
        and what != "folder"
    }


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("client_type", [Maven38, Maven39])
def test_the_application_builds_and_builds_again_without_the_source(
    client_type: type[Maven], maven_secluded: Repository, central: Source, tmp_path: Path
) -> None:
    if reason := client_type.missing():
        pytest.skip(reason)
    client = client_type(tmp_path / "home")
    client.uses_plugins_of_debian = False
    client.configure(maven_secluded)

    build(client, checkout(tmp_path / "cold"))
    first = fetched_files(client)
    assert len(first) > LEAST_FILES
    asked = [one.path for one in central.asked if one.method == "GET" and one.status == 200]
    assert len(asked) > LEAST_FILES

    # With the source gone and nothing kept by Maven, the same build has the same bytes; and since its own jars are the
    # same too, they can be deployed again.
    client.empty_cache()
    central.cut()
    build(client, checkout(tmp_path / "warm"))
    assert differences(first, fetched_files(client)) == []

    layout = Layout(client.endpoint, client.token)
    for module in MODULES:
        assert layout.metadata(f"com/acme/depot/depot-{module}/").versions == ["1.0.0"]
        jar = layout.get(f"com/acme/depot/depot-{module}/1.0.0/depot-{module}-1.0.0.jar")
        assert jar.body == (tmp_path / f"warm/{module}/target/depot-{module}-1.0.0.jar").read_bytes()
    layout.close()
    # The control plane knows what was fetched.
    assert {"guava", "spring-core", "maven-surefire-plugin", "depot-web"} <= set(maven_secluded.packages("maven"))


@pytest.mark.timeout(1200)
def test_the_application_gets_the_bytes_that_the_public_source_has(
    new_mvn: Maven39, maven_connected: Repository, central: Source, tmp_path: Path
) -> None:
    # The same goals on both sides; one asks the proxy in front of the public source itself.
    direct = Maven39(tmp_path / "direct")
    direct.uses_plugins_of_debian = False
    direct.endpoint = central.url
    direct.write_settings()
    direct.run("package", "-DskipTests", cwd=checkout(tmp_path / "project-direct"), timeout_s=500)

    new_mvn.uses_plugins_of_debian = False
    new_mvn.configure(maven_connected)
    new_mvn.run("package", "-DskipTests", cwd=checkout(tmp_path / "project"), timeout_s=500)
    through, beside = fetched_files(new_mvn), fetched_files(direct)
    assert len(through) > LEAST_FILES
    assert differences(through, beside) == []
