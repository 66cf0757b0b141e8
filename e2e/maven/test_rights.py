"""Who may read and who may publish, and what mvn says to those who may not."""

from __future__ import annotations

import pytest

from harness.account import Repository
from harness.identities import Statement, User, allow
from harness.maven_artifacts import Artifact, fresh_artifact
from harness.maven_wire import METADATA, PUT_STATUSES, Layout
from maven.mvn import Maven38, Maven39

MINT = allow("codeartifact:GetAuthorizationToken", "sts:GetServiceBearerToken")
READ = allow("codeartifact:ReadFromRepository")


def token_of(repository: Repository, *statements: Statement) -> str:
    """A token of a user who may do this and no more."""
    user = User(repository.server, MINT, *statements)
    client = user.client(repository.aws.meta.region_name)
    return client.get_authorization_token(domain=repository.domain)["authorizationToken"]


@pytest.mark.parametrize("kind", ["old", "new"])
def test_a_reader_resolves_and_cannot_publish(
    kind: str, mvn: Maven38, new_mvn: Maven39, maven_private: Repository, layout: Layout
) -> None:
    client = mvn if kind == "old" else new_mvn
    artifact = layout.publish(Artifact(fresh_artifact(), "1.0"))
    client.configure(maven_private, token_of(maven_private, READ))
    client.resolve("app", artifact.coordinates)
    fresh = Artifact(fresh_artifact(), "1.0")
    refused = client.publish(fresh, check=False)
    assert refused.status != 0
    assert "403" in refused.output or "Forbidden" in refused.output, str(refused)
    assert fresh.name not in maven_private.packages("maven")


def test_nobody_without_a_token_gets_anything(maven_private: Repository, layout: Layout) -> None:
    artifact = layout.publish(Artifact(fresh_artifact(), "1.0"))
    stranger = Layout(layout.url, None)
    for path in (
        artifact.path(),
        artifact.folder + METADATA,
        f"{artifact.path()}.sha1",
        "absent/absent/1/absent-1.jar",
    ):
        for method in ("GET", "HEAD"):
            answer = stranger.ask(method, path)
            assert answer.status == 401 and answer.headers["www-authenticate"].startswith("Basic realm="), path
    assert stranger.put(artifact.path("jar", "sources"), b"x").status == 401
    stranger.close()


def test_a_reader_is_told_that_a_file_is_missing_and_never_that_it_is_forbidden(
    maven_private: Repository, layout: Layout
) -> None:
    # Gradle takes 401 and 403 for the end; plugins probe for files of every name.
    artifact = layout.publish(Artifact(fresh_artifact(), "1.0"))
    reader = Layout(layout.url, token_of(maven_private, READ))
    absent = [
        artifact.path("module"), artifact.path("jar", "tests"), f"{artifact.path('pom')}.asc",
        f"{artifact.path()}.sha1.md5",
        f"{artifact.version_folder}{artifact.name}-1.0-third-party.properties", f"{artifact.folder}2.0/x-2.0.jar",
        "com/acme/absent/maven-metadata.xml", "com/acme/absent/1.0/absent-1.0.pom", "archetype-catalog.xml",
        ".meta/prefixes.txt", ".index/nexus-maven-repository-index.properties", "maven-metadata.xml", "robots.txt",
    ]  # fmt: skip
    for path in absent:
        for method in ("GET", "HEAD"):
            assert reader.ask(method, path).status == 404, f"{method} {path}"
    reader.close()


def test_publishing_needs_both_rights(maven_private: Repository) -> None:
    artifact = Artifact(fresh_artifact(), "1.0")
    half = Layout(
        maven_private.endpoint("maven"), token_of(maven_private, READ, allow("codeartifact:PublishPackageVersion"))
    )
    half.publish_files(artifact, "sha1")
    assert half.put(artifact.folder + METADATA, artifact.metadata()).status == 403
    both = token_of(maven_private, READ, allow("codeartifact:PublishPackageVersion", "codeartifact:PutPackageMetadata"))
    whole = Layout(maven_private.endpoint("maven"), both)
    assert whole.put(artifact.folder + METADATA, artifact.metadata()).status in PUT_STATUSES
    assert whole.get(artifact.path()).body == artifact.jar()
    half.close()
    whole.close()


def test_a_right_can_be_for_one_group(maven_private: Repository) -> None:
    aws = maven_private.aws
    arn = aws.describe_repository(**maven_private.ids)["repository"]["arn"]
    packages = arn.replace(":repository/", ":package/")
    rights = ("codeartifact:PublishPackageVersion", "codeartifact:PutPackageMetadata")
    own = allow(*rights, resource=f"{packages}/maven/com.acme.parcels/*")
    user = Layout(maven_private.endpoint("maven"), token_of(maven_private, READ, own))
    user.publish(Artifact(fresh_artifact(), "1.0"))
    foreign = Artifact(fresh_artifact(), "1.0", group="com.acme.others")
    assert user.put(foreign.path(), foreign.jar()).status == 403
    assert foreign.name not in maven_private.packages("maven")
    user.close()
