"""Maven Central behind a repository: what is fetched is kept, files that come later are added, and on days without it
nothing is called missing that is not.
"""

from __future__ import annotations

import pytest

from harness.account import Repository
from harness.maven_artifacts import Artifact
from harness.maven_wire import METADATA, PUT_STATUSES, Layout
from harness.source import Source
from harness.waiting import wait_until
from maven.mvn import Maven38, Maven39
from scenarios.maven_family import PUBLIC_ARTIFACT, PUBLIC_JAR

# Published again at any time, and with files that no list names: native parts of a library.
NATIVE = Artifact("netty-transport-native-epoll", "4.1.118.Final", group="io.netty")
NATIVE_CLASSIFIER = "linux-x86_64"
NEVER_ASKED_FOR = Artifact("jsr305", "3.0.2", group="com.google.code.findbugs")


def opened(repository: Repository) -> Layout:
    """The repository spoken to directly."""
    return Layout(repository.endpoint("maven"), repository.token)


def assets(repository: Repository, artifact: Artifact) -> set[str]:
    """The assets of a version that the API lists; none when the repository has no such version."""
    try:
        pages = repository.aws.get_paginator("list_package_version_assets").paginate(
            **repository.ids,
            format="maven",
            namespace=artifact.group,
            package=artifact.name,
            packageVersion=artifact.version,
        )
        return {one["name"] for page in pages for one in page["assets"]}
    except repository.aws.exceptions.ResourceNotFoundException:
        return set()


def fetches(source: Source, path: str) -> int:
    """How often the bytes of a file were asked for."""
    return sum(1 for one in source.asked if one.method == "GET" and one.path == "/" + path)


def test_what_was_fetched_is_not_asked_for_again(maven_connected: Repository, central: Source, mvn: Maven38) -> None:
    mvn.configure(maven_connected)
    mvn.resolve("first", PUBLIC_ARTIFACT)
    jar = Artifact("javax.inject", "1", group="javax.inject")
    assert fetches(central, jar.path()) == 1
    central.forget()
    mvn.empty_cache()
    mvn.resolve("second", PUBLIC_ARTIFACT)
    assert mvn.fetched("second") == mvn.fetched("first")
    assert (fetches(central, jar.path()), fetches(central, jar.path("pom"))) == (0, 0)
    assert {jar.file_name(), jar.file_name("pom")} <= assets(maven_connected, jar)


def test_a_classifier_asked_for_later_is_added_to_the_retained_version(
    maven_connected: Repository, central: Source
) -> None:
    store = Repository(maven_connected.server, maven_connected.aws, maven_connected.domain, "maven-store")
    layout = opened(maven_connected)
    assert layout.get(NATIVE.path("pom")).status == 200
    wait_until(lambda: NATIVE.file_name("pom") in assets(maven_connected, NATIVE), timeout_s=30)
    wanted = NATIVE.file_name("jar", NATIVE_CLASSIFIER)
    assert wanted not in assets(maven_connected, NATIVE) | assets(store, NATIVE)
    native = layout.get(NATIVE.path("jar", NATIVE_CLASSIFIER))
    assert native.status == 200 and native.body.startswith(b"PK")
    assert wanted in assets(maven_connected, NATIVE) and wanted in assets(store, NATIVE)
    assert layout.get(NATIVE.path("jar", "no-such-machine")).status == 404
    layout.close()


@pytest.mark.parametrize("kind", ["old", "new"])
def test_a_plugin_is_found_by_its_prefix(
    kind: str, mvn: Maven38, new_mvn: Maven39, maven_connected: Repository, central: Source
) -> None:
    client = mvn if kind == "old" else new_mvn
    client.uses_plugins_of_debian = False
    client.configure(maven_connected)
    # `dependency:get`: the prefix, and then the newest version, are looked up in metadata.
    client.run("dependency:get", f"-Dartifact={PUBLIC_ARTIFACT}", "-Dtransitive=false")
    assert (client.local_repository / "javax/inject/javax.inject/1" / PUBLIC_JAR).exists()


def test_metadata_names_what_the_public_source_has_and_what_is_ours(
    maven_connected: Repository, central: Source
) -> None:
    layout = opened(maven_connected)
    public = Layout(central.url, None)
    artifact = Artifact("javax.inject", "1", group="javax.inject")
    assert layout.metadata(artifact.folder).versions == public.metadata(artifact.folder).versions
    # A version that is there cannot be published, whether it was fetched before or not.
    assert layout.put(artifact.path("pom"), artifact.pom()).status == 409
    layout.close()
    public.close()


def test_y06_a_name_of_ours_is_never_filled_from_the_public_source(
    maven_connected: Repository, central: Source
) -> None:
    layout = opened(maven_connected)
    ours = layout.publish(Artifact("jackson-core", "0.0.1", group="com.fasterxml.jackson.core"))
    assert layout.metadata(ours.folder).versions == ["0.0.1"]
    central.forget()
    public = Artifact("jackson-core", "2.17.0", group=ours.group)
    for path in (public.path(), public.path("pom"), f"{public.path()}.sha1"):
        assert layout.get(path).status == 404
    assert central.asked == []
    layout.close()


def test_the_source_is_gone(maven_secluded: Repository, central: Source, mvn: Maven38) -> None:
    layout = opened(maven_secluded)
    mvn.configure(maven_secluded)
    mvn.resolve("before", PUBLIC_ARTIFACT)
    central.cut()
    # People go on publishing, and resolving what was seen before.
    ours = layout.publish(Artifact("during", "1.0", dependencies=[PUBLIC_ARTIFACT]))
    mvn.empty_cache()
    mvn.resolve("during", ours.coordinates)
    assert sorted(mvn.fetched("during")) == sorted([ours.file_name(), PUBLIC_JAR])
    # A 404 would be believed, by mvn for a day; "not now" is the truth.
    for path in (NEVER_ASKED_FOR.path(), NEVER_ASKED_FOR.path("pom"), NEVER_ASKED_FOR.folder + METADATA):
        answer = layout.get(path)
        assert answer.status in (502, 503, 504), path
        assert central.url.rstrip("/") not in answer.body.decode(), "an address of the source leaked"
    refused = mvn.resolve("never", NEVER_ASKED_FOR.coordinates, check=False)
    assert refused.status != 0 and "not find artifact" not in refused.output, str(refused)

    central.restore()
    wait_until(lambda: layout.get(NEVER_ASKED_FOR.path()).status == 200, timeout_s=60)
    mvn.resolve("after", NEVER_ASKED_FOR.coordinates)
    assert list(mvn.fetched("after")) == [NEVER_ASKED_FOR.file_name()]
    layout.close()


def test_versions_published_while_the_source_is_gone_are_still_ours_afterwards(
    maven_secluded: Repository, central: Source
) -> None:
    layout = opened(maven_secluded)
    central.cut()
    ours = layout.publish(Artifact("javax.inject", "77", group="javax.inject"))
    assert layout.metadata(ours.folder).versions == ["77"]
    central.restore()
    wait_until(lambda: layout.get(NEVER_ASKED_FOR.path()).status == 200, timeout_s=60)
    assert layout.metadata(ours.folder).versions == ["77"]
    assert layout.put(ours.path("jar", "sources"), b"more").status in PUT_STATUSES
    layout.close()
