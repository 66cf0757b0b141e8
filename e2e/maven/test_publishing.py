"""Publishing by single files: what makes a version visible, what checksums must be, and what mvn tells its user."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from harness.account import Repository, aws_environment
from harness.jvm import TOKEN_VARIABLE, shell_block
from harness.maven_artifacts import ALGORITHMS, Artifact, checksum, fresh_artifact
from harness.maven_wire import METADATA, PUT_STATUSES, Layout
from maven.mvn import Maven38, Maven39
from scenarios.maven_family import finish


def status_of(repository: Repository, artifact: Artifact) -> str | None:
    """The status that the API tells, or None."""
    listed = repository.versions("maven", artifact.name, namespace=artifact.group)
    return listed[artifact.version]["status"] if artifact.version in listed else None


def run_shell(repository: Repository, commands: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Commands of the documentation, in an environment that has the AWS CLI."""
    environment = aws_environment(repository.server, str(folder)) | {"PATH": os.environ["PATH"]}
    return subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", commands],
        cwd=folder,
        env=environment | ({TOKEN_VARIABLE: repository.token} if TOKEN_VARIABLE not in commands.split("=")[0] else {}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_documented_curl_commands_publish_a_version(
    mvn: Maven38, maven_private: Repository, layout: Layout, tmp_path: Path
) -> None:
    artifact = Artifact("parcel", "1.0", group="com.acme")
    folder = artifact.write_to(tmp_path / "files")
    (folder / "parcel-1.0.jar.sha256").write_text(checksum(artifact.jar(), "sha256"))
    done = run_shell(maven_private, shell_block("curl", maven_private), folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert status_of(maven_private, artifact) == "Published"
    mvn.configure(maven_private)
    mvn.resolve("app", artifact.coordinates)
    assert mvn.fetched("app") == {artifact.file_name(): artifact.jar()}


def test_the_documented_token_command_and_settings_work_together(
    mvn: Maven38, maven_private: Repository, layout: Layout, tmp_path: Path
) -> None:
    artifact = layout.publish(Artifact(fresh_artifact(), "1.0"))
    printed = run_shell(maven_private, shell_block("token", maven_private) + f'printf %s "${TOKEN_VARIABLE}"', tmp_path)
    assert printed.returncode == 0, printed.stderr
    asked = "aws codeartifact get-repository-endpoint --format maven --query repositoryEndpoint --output text"
    ids = f"--domain {maven_private.domain} --repository {maven_private.name}"
    endpoint = run_shell(maven_private, f"{asked} {ids}", tmp_path).stdout.strip()
    assert endpoint == maven_private.endpoint("maven")
    mvn.configure(maven_private, printed.stdout)
    mvn.resolve("app", artifact.coordinates)
    assert mvn.fetched("app") == {artifact.file_name(): artifact.jar()}


def test_a_version_is_invisible_until_the_metadata_names_it(maven_private: Repository, layout: Layout) -> None:
    shown = layout.publish(Artifact(fresh_artifact(), "1.0"))
    hidden = Artifact(shown.name, "1.1")
    layout.publish_files(hidden, "sha1")
    assert status_of(maven_private, hidden) == "Unfinished"
    assert layout.metadata(shown.folder).versions == ["1.0"]
    assert layout.get(hidden.path()).status == 404
    # It names another version, and one that does not exist; neither counts.
    layout.store(shown.folder + METADATA, shown.metadata("1.0", "9.9"))
    assert status_of(maven_private, hidden) == "Unfinished"
    layout.store(shown.folder + METADATA, hidden.metadata("1.0", "1.1"))
    assert status_of(maven_private, hidden) == "Published"
    metadata = layout.metadata(shown.folder)
    assert (metadata.versions, metadata.latest, metadata.release) == (["1.0", "1.1"], "1.1", "1.1")
    assert layout.get(hidden.path()).body == hidden.jar()


def test_a_status_call_finishes_what_has_no_metadata(maven_private: Repository, layout: Layout) -> None:
    artifact = Artifact(fresh_artifact(), "1.0")
    layout.publish_files(artifact)
    assert status_of(maven_private, artifact) == "Unfinished"
    finish(maven_private, artifact)
    assert layout.metadata(artifact.folder).versions == ["1.0"]
    assert layout.get(artifact.path()).body == artifact.jar()


def test_every_checksum_of_every_file_is_there(layout: Layout) -> None:
    artifact = layout.publish(Artifact(fresh_artifact(), "1.0", classifiers=("sources",)))
    documents = {artifact.version_folder + name: content for name, content in artifact.files().items()}
    documents[artifact.folder + METADATA] = layout.get(artifact.folder + METADATA).body
    for path, content in documents.items():
        for algorithm in ALGORITHMS:
            answer = layout.get(f"{path}.{algorithm}")
            assert (answer.status, answer.body.decode().strip()) == (200, checksum(content, algorithm)), path
            assert layout.head(f"{path}.{algorithm}").status == 200


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_checksum_that_does_not_match_keeps_a_version_unfinished(
    algorithm: str, maven_private: Repository, layout: Layout
) -> None:
    artifact = Artifact(fresh_artifact(), "1.0")
    assert layout.put(f"{artifact.path()}.{algorithm}", checksum(artifact.jar(), algorithm)).status == 404
    layout.publish_files(artifact)
    right = checksum(artifact.jar(), algorithm)
    wrong = layout.put(f"{artifact.path()}.{algorithm}", checksum(b"other bytes", algorithm))
    assert wrong.status == 400 and artifact.file_name().encode() in wrong.body, wrong
    finished = layout.put(artifact.folder + METADATA, artifact.metadata())
    assert finished.status == 400, finished
    assert status_of(maven_private, artifact) == "Unfinished"
    assert layout.put(f"{artifact.path()}.{algorithm}", right.upper()).status == 400
    # The right one heals it.
    assert layout.put(f"{artifact.path()}.{algorithm}", right).status in PUT_STATUSES
    assert layout.put(artifact.folder + METADATA, artifact.metadata()).status in PUT_STATUSES
    assert layout.get(f"{artifact.path()}.{algorithm}").body.decode().strip() == right


def test_a_published_file_keeps_its_own_checksum(layout: Layout) -> None:
    artifact = layout.publish(Artifact(fresh_artifact(), "1.0"))
    assert layout.put(f"{artifact.path()}.sha1", checksum(b"other bytes", "sha1")).status == 400
    assert layout.get(f"{artifact.path()}.sha1").body.decode().strip() == checksum(artifact.jar(), "sha1")
    assert layout.get(artifact.path()).body == artifact.jar()


@pytest.mark.parametrize("kind", ["old", "new"])
def test_mvn_tells_its_user_that_a_checksum_is_wrong(
    kind: str, mvn: Maven38, new_mvn: Maven39, maven_private: Repository
) -> None:
    client = mvn if kind == "old" else new_mvn
    client.configure(maven_private)
    artifact = Artifact(fresh_artifact(), "1.0")
    arguments = client.publish_arguments(artifact)
    # Maven's own checksums are right; one that is published by hand is not.
    forged = client.home / "forged.sha256"
    forged.write_text(checksum(b"other bytes", "sha256"))
    refused = client.run(*arguments, f"-Dfiles={forged}", "-Dtypes=jar.sha256", "-Dclassifiers=", check=False)
    assert refused.status != 0
    assert "400" in refused.output and artifact.file_name() in refused.output, str(refused)
    assert status_of(maven_private, artifact) != "Published"


def test_the_same_bytes_again_are_fine_and_others_are_a_conflict(maven_private: Repository, layout: Layout) -> None:
    artifact = layout.publish(Artifact(fresh_artifact(), "1.0"))
    listed = maven_private.versions("maven", artifact.name, namespace=artifact.group)
    layout.publish(artifact)
    assert maven_private.versions("maven", artifact.name, namespace=artifact.group) == listed
    refused = layout.put(artifact.path(), b"other bytes")
    assert refused.status == 409 and artifact.file_name().encode() in refused.body
    assert layout.get(artifact.path()).body == artifact.jar()


def test_a_deployed_version_is_described_by_the_api(mvn: Maven38, maven_private: Repository) -> None:
    mvn.configure(maven_private)
    leaf = Artifact(fresh_artifact("leaf"), "2.0")
    artifact = Artifact(fresh_artifact(), "1.0", dependencies=[leaf.coordinates], classifiers=("sources",))
    mvn.publish(artifact)
    ids = {**maven_private.ids, "format": "maven", "namespace": artifact.group, "package": artifact.name}
    version = ids | {"packageVersion": "1.0"}
    described = maven_private.aws.describe_package_version(**version)["packageVersion"]
    assert described["status"] == "Published"
    assert described["displayName"] == f"Parcel {artifact.name}"
    assert described["summary"] == f"What is in {artifact.name}"
    assert described["licenses"] == [{"name": "Apache-2.0", "url": "https://licences.example/apache"}]
    assert described["origin"]["originType"] == "INTERNAL"
    (dependency,) = maven_private.aws.list_package_version_dependencies(**version)["dependencies"]
    assert dependency == {
        "namespace": leaf.group,
        "package": leaf.name,
        "dependencyType": "compile",
        "versionRequirement": "2.0",
    }
    assets = {one["name"]: one for one in maven_private.aws.list_package_version_assets(**version)["assets"]}
    for name, content in artifact.files().items():
        assert assets[name]["size"] == len(content)
        assert assets[name]["hashes"] == {
            key: checksum(content, key.lower().replace("-", "")) for key in ("MD5", "SHA-1", "SHA-256", "SHA-512")
        }
        got = maven_private.aws.get_package_version_asset(**version, asset=name)
        assert got["asset"].read() == content
    assert set(assets) - set(artifact.files()) <= {METADATA}


def test_an_unlisted_version_leaves_the_list_and_its_files_stay(maven_private: Repository, layout: Layout) -> None:
    old = layout.publish(Artifact(fresh_artifact(), "1.0"))
    new = layout.publish(Artifact(old.name, "2.0"))
    ids = {**maven_private.ids, "format": "maven", "namespace": new.group, "package": new.name, "versions": ["2.0"]}
    maven_private.aws.update_package_versions_status(**ids, targetStatus="Unlisted")
    metadata = layout.metadata(new.folder)
    assert (metadata.versions, metadata.latest, metadata.release) == (["1.0"], "1.0", "1.0")
    assert layout.get(new.path()).status == 200
    maven_private.aws.update_package_versions_status(**ids, targetStatus="Archived")
    assert layout.get(new.path()).status == 404
    assert layout.put(new.path("jar", "sources"), b"more").status == 409
