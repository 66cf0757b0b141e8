"""What every client of the Maven family must be able to do. Each runs all of it with its own driver.

The class has no `Test` prefix here on purpose: only the subclasses that name a client are collected.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from harness.account import Repository
from harness.client import Finished
from harness.jvm import JvmClient
from harness.maven_artifacts import Artifact, fresh_artifact
from harness.source import Source

# Small, without dependencies, never published again.
PUBLIC_ARTIFACT = "javax.inject:javax.inject:1"
PUBLIC_JAR = "javax.inject-1.jar"
LARGE_JAR_BYTES = 20 * 1024 * 1024


def says(finished: Finished, *words: str) -> bool:
    """Whether a client told its user one of these."""
    return any(word in finished.output.lower() for word in words)


def finish(repository: Repository, artifact: Artifact) -> None:
    """Publish by the API what a client could not finish."""
    answer = repository.aws.update_package_versions_status(
        **repository.ids,
        format="maven",
        namespace=artifact.group,
        package=artifact.name,
        versions=[artifact.version],
        targetStatus="Published",
    )
    assert list(answer["successfulVersions"]) == [artifact.version], answer


@pytest.mark.timeout(400)
class MavenFamilyScenarios:
    """The stories; a subclass sets `client_type`."""

    client_type: ClassVar[type[JvmClient]]

    @pytest.fixture
    def client(self, tmp_path: Path) -> JvmClient:
        """The client with an empty home."""
        if reason := self.client_type.missing():
            pytest.skip(reason)
        return self.client_type(tmp_path / "home")

    @pytest.fixture
    def publisher(self, client: JvmClient, maven_private: Repository) -> JvmClient:
        """The client pointed at a repository without any public source."""
        client.configure(maven_private)
        return client

    def publish(self, client: JvmClient, repository: Repository, artifact: Artifact) -> Artifact:
        """Publish with the real client, and finish what it does not."""
        client.publish(artifact)
        if not client.finishes:
            finish(repository, artifact)
        return artifact

    def assert_fetched(self, client: JvmClient, project: str, *artifacts: Artifact) -> None:
        """Exactly these jars, with the bytes that were published."""
        assert client.fetched(project) == {one.file_name(): one.jar() for one in artifacts}

    def test_a_published_artifact_resolves_with_the_same_bytes(
        self, publisher: JvmClient, maven_private: Repository
    ) -> None:
        artifact = self.publish(publisher, maven_private, Artifact(fresh_artifact(), "1.0.0", size_bytes=300_000))
        publisher.resolve("app", artifact.coordinates)
        self.assert_fetched(publisher, "app", artifact)

    def test_dependencies_between_private_artifacts_are_followed(
        self, publisher: JvmClient, maven_private: Repository
    ) -> None:
        leaf = self.publish(
            publisher, maven_private, Artifact(fresh_artifact("leaf"), "1.2.3", group="com.acme.leaves")
        )
        range_of_leaf = f"{leaf.group}:{leaf.name}:[1.0,2.0)"
        root = self.publish(
            publisher, maven_private, Artifact(fresh_artifact("root"), "1.0", dependencies=[range_of_leaf])
        )
        publisher.resolve("app", root.coordinates)
        self.assert_fetched(publisher, "app", leaf, root)

    def test_a_new_version_is_seen_by_an_upgrade_at_once(self, publisher: JvmClient, maven_private: Repository) -> None:
        old = self.publish(publisher, maven_private, Artifact(fresh_artifact(), "1.9"))
        newest_of_one = f"{old.group}:{old.name}:[1.0,2.0)"
        publisher.resolve("app", newest_of_one)
        self.assert_fetched(publisher, "app", old)
        # Not the order of text: ten comes after nine. The last one is outside of the range.
        new = self.publish(publisher, maven_private, Artifact(old.name, "1.10"))
        self.publish(publisher, maven_private, Artifact(old.name, "2.1"))
        publisher.empty_cache()
        publisher.resolve("app", newest_of_one)
        self.assert_fetched(publisher, "app", new)

    def test_a_version_cannot_be_published_again_with_other_bytes(
        self, publisher: JvmClient, maven_private: Repository
    ) -> None:
        artifact = self.publish(publisher, maven_private, Artifact(fresh_artifact(), "1.0"))
        if publisher.repeats_itself:
            publisher.publish(artifact)
        forged = publisher.publish(Artifact(artifact.name, "1.0", size_bytes=4096), check=False)
        assert forged.status != 0, f"a second publish of the same version went through: {forged}"
        assert says(forged, "409", "conflict"), str(forged)
        publisher.empty_cache()
        publisher.resolve("app", artifact.coordinates)
        self.assert_fetched(publisher, "app", artifact)

    def test_a_wrong_token_is_refused(self, client: JvmClient, maven_private: Repository) -> None:
        client.configure(maven_private)
        artifact = self.publish(client, maven_private, Artifact(fresh_artifact(), "1.0"))
        client.configure(maven_private, "not-a-token-of-this-server")
        client.empty_cache()
        refused = client.resolve("app", artifact.coordinates, check=False)
        assert refused.status != 0
        if client.explains_refusals:
            assert says(refused, "401", "authenti", "authoriz", "unauthorized"), str(refused)
        fresh = Artifact(fresh_artifact(), "1.0")
        assert client.publish(fresh, check=False).status != 0
        assert fresh.name not in maven_private.packages("maven")

    def test_a_missing_artifact_is_named_as_missing(self, publisher: JvmClient) -> None:
        name = fresh_artifact("absent")
        refused = publisher.resolve("app", f"com.acme.parcels:{name}:1.0", check=False)
        assert refused.status != 0
        assert name in refused.output
        assert says(refused, "not find", "not found", "404", "absent"), str(refused)

    def test_a_large_jar_survives_the_round_trip(self, publisher: JvmClient, maven_private: Repository) -> None:
        artifact = self.publish(publisher, maven_private, Artifact(fresh_artifact(), "1.0", size_bytes=LARGE_JAR_BYTES))
        publisher.resolve("app", artifact.coordinates)
        self.assert_fetched(publisher, "app", artifact)

    def test_a_public_artifact_resolves_also_after_the_source_is_gone(
        self, client: JvmClient, maven_secluded: Repository, central: Source
    ) -> None:
        client.configure(maven_secluded)
        client.resolve("first", PUBLIC_ARTIFACT)
        jar = client.fetched("first")[PUBLIC_JAR]
        client.empty_cache()
        central.cut()
        client.resolve("second", PUBLIC_ARTIFACT)
        assert client.fetched("second") == {PUBLIC_JAR: jar}

    def test_private_and_public_artifacts_resolve_together(
        self, client: JvmClient, maven_connected: Repository, central: Source
    ) -> None:
        client.configure(maven_connected)
        artifact = self.publish(
            client, maven_connected, Artifact(fresh_artifact(), "1.0", dependencies=[PUBLIC_ARTIFACT])
        )
        client.resolve("app", artifact.coordinates)
        fetched = client.fetched("app")
        assert fetched[artifact.file_name()] == artifact.jar()
        assert list(fetched) == sorted([artifact.file_name(), PUBLIC_JAR])
