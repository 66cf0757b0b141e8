"""sbt: the build tool itself, Scala and the dependencies come through the repository; what it publishes is resolved."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.account import Repository
from harness.maven_artifacts import Artifact, fresh_artifact
from harness.maven_wire import Layout
from harness.source import Source
from maven.sbt import Sbt
from scenarios.maven_family import PUBLIC_ARTIFACT, PUBLIC_JAR, finish


@pytest.mark.timeout(900)
def test_sbt_fetches_itself_publishes_and_resolves_also_without_the_source(
    maven_secluded: Repository, central: Source, tmp_path: Path
) -> None:
    if reason := Sbt.missing():
        pytest.skip(reason)
    sbt = Sbt(tmp_path / "home")
    sbt.configure(maven_secluded)
    artifact = Artifact(fresh_artifact("sbt"), "1.0", group="com.acme.sbt", dependencies=[PUBLIC_ARTIFACT])
    sbt.publish(artifact)
    # Like Ivy it uploads no metadata.
    finish(maven_secluded, artifact)
    assert "sbt" in maven_secluded.packages("maven"), "sbt did not come through the repository"
    layout = Layout(sbt.endpoint, sbt.token)
    assert layout.metadata(artifact.folder).versions == ["1.0"]
    published = layout.get(artifact.path()).body

    central.cut()
    again = Sbt(tmp_path / "other-home")
    again.configure(maven_secluded)
    again.resolve("app", artifact.coordinates)
    assert set(again.fetched("app")) == {artifact.file_name(), PUBLIC_JAR}
    assert again.fetched("app")[artifact.file_name()] == published
    layout.close()
