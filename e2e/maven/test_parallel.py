"""Several files at a time, as Maven 3.9 uploads them: none is told that there are too many, and all of them arrive."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from harness import knobs
from harness.account import Repository
from harness.client import Finished
from harness.maven_artifacts import Artifact, checksum, fresh_artifact
from harness.maven_wire import METADATA, PUT_STATUSES, Layout
from harness.waiting import wait_until
from maven.mvn import Maven39, Maven40

CLASSIFIERS = tuple(f"part-{number:02}" for number in range(20))


def uploads(repository: Repository, artifact: Artifact) -> list[dict[str, Any]]:
    """The records of all uploads for an artifact."""
    found = []
    for path in sorted(knobs.audit_folder(repository.server.data_dir).iterdir()):
        text = path.read_text()
        for line in text[: text.rfind("\n") + 1].splitlines():
            if artifact.name not in line:
                continue
            record = json.loads(line)
            if (record.get("additionalEventData") or {}).get("httpMethod") == "PUT":
                found.append(record)
    return found


@pytest.mark.parametrize("client_type", [Maven39, Maven40])
def test_maven_uploads_many_files_at_once(
    client_type: type[Maven39], maven_private: Repository, layout: Layout, tmp_path: Any
) -> None:
    if reason := client_type.missing():
        pytest.skip(reason)
    client = client_type(tmp_path / "home")
    client.configure(maven_private)
    artifact = Artifact(fresh_artifact(), "1.0", size_bytes=400_000, classifiers=CLASSIFIERS)
    done: Finished = client.publish(artifact)
    assert "429" not in done.output and "WARN" not in done.output, str(done)
    for name, content in artifact.files().items():
        assert layout.get(artifact.version_folder + name).body == content, name
    # Each file with its checksums, and the metadata.
    expected = 3 * len(artifact.files())
    wait_until(lambda: len(uploads(maven_private, artifact)) >= expected, timeout_s=10)
    # Maven 4 sends its credentials when it was asked for them.
    refused = {record["errorCode"] for record in uploads(maven_private, artifact) if record.get("errorCode")}
    assert refused <= {"UnrecognizedClientException"}
    version = maven_private.versions("maven", artifact.name, namespace=artifact.group)["1.0"]
    assert version["status"] == "Published"


def test_files_of_one_version_and_versions_of_one_artifact_at_once(maven_private: Repository, layout: Layout) -> None:
    name = fresh_artifact()
    artifacts = [Artifact(name, f"1.{number}", classifiers=CLASSIFIERS[:4]) for number in range(8)]

    def put(path: str, content: bytes) -> int:
        own = Layout(layout.url, layout.token)
        try:
            return own.put(path, content).status
        finally:
            own.close()

    files = [(one.version_folder + name, content) for one in artifacts for name, content in one.files().items()]
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(lambda file: put(*file), files)) <= set(PUT_STATUSES)
        sums = [(f"{path}.sha1", checksum(content, "sha1").encode()) for path, content in files]
        assert set(pool.map(lambda file: put(*file), sums)) <= set(PUT_STATUSES)
        # Every one names only what it knows, as clients do that publish at the same time.
        documents = [(one.folder + METADATA, one.metadata()) for one in artifacts]
        assert set(pool.map(lambda file: put(*file), documents)) <= set(PUT_STATUSES)
    metadata = layout.metadata(artifacts[0].folder)
    assert metadata.versions == [one.version for one in artifacts]
    assert metadata.release == "1.7"
    for path, content in files:
        assert layout.get(path).body == content, path


def test_the_same_file_twice_at_once_is_stored_once(maven_private: Repository, layout: Layout) -> None:
    artifact = Artifact(fresh_artifact(), "1.0", size_bytes=500_000)
    others = [Artifact(artifact.name, "1.0", size_bytes=500_000 + number) for number in range(4)]

    def put(one: Artifact) -> int:
        own = Layout(layout.url, layout.token)
        try:
            return own.put(artifact.path(), one.jar()).status
        finally:
            own.close()

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(put, [*others, *others]))
    # The first of four contents stands, whoever that is; both who sent it were told so, all others that it is taken.
    assert sorted(statuses).count(409) == 6, statuses
    layout.store(artifact.path("pom"), artifact.pom())
    layout.store(artifact.folder + METADATA, artifact.metadata())
    assert layout.get(artifact.path()).body in {one.jar() for one in others}
