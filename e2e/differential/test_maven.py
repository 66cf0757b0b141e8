"""Popular artifacts of Maven Central: versions, the newest of them, POMs and jars with their digests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from xml.etree import ElementTree

import pytest

from differential.comparing import compare_all, popular
from harness import knobs
from harness.account import Repository
from harness.maven_artifacts import Artifact, checksum
from harness.maven_central import maven_source
from harness.maven_wire import METADATA, Layout, Metadata
from harness.source import Source


@pytest.fixture
def central() -> Iterator[Source]:
    """What Maven on this machine fetches from."""
    source = maven_source()
    if not source.is_reachable():
        pytest.skip("the repository that Maven on this machine is configured for cannot be reached")
    yield source
    source.close()


@pytest.fixture
def sides(repository_before: Callable[..., Repository], central: Source) -> Callable[[str], Layout]:
    """The layout `through` Reliquary and `direct`, a connection of each for every thread."""
    repository = repository_before(knobs.MAVEN_CONNECTION, central.url)
    url, token, own = repository.endpoint("maven"), repository.token, threading.local()

    def side(which: str) -> Layout:
        if not hasattr(own, which):
            setattr(own, which, Layout(url, token) if which == "through" else Layout(central.url, None))
        return getattr(own, which)

    return side


def newest_release(metadata: Metadata) -> str:
    """What the source calls its release, else the last in its list."""
    return metadata.release or metadata.versions[-1]


def packaging(pom: bytes) -> str:
    """The packaging that a POM names."""
    for element in ElementTree.fromstring(pom):
        if element.tag.rpartition("}")[2] == "packaging":
            return (element.text or "jar").strip()
    return "jar"


def metadata_difference(direct: Metadata, through: Metadata) -> str | None:
    """The first thing in which the lists of an artifact are not the same, or None. The order of versions is ours."""
    if sorted(direct.versions) != sorted(through.versions):
        return f"versions {sorted(set(direct.versions) ^ set(through.versions))[:5]}"
    for name, theirs, ours in (
        ("latest", direct.latest, through.latest),
        ("release", direct.release, through.release),
    ):
        if theirs != ours:
            return f"{name}: {theirs} / {ours}"
    return None


@pytest.mark.timeout(900)
def test_popular_artifacts_are_those_of_the_public_repository(sides: Callable[[str], Layout]) -> None:
    def compare(coordinates: str) -> str | None:
        group, _, name = coordinates.partition(":")
        direct, through = sides("direct"), sides("through")
        folder = Artifact(name, "0", group=group).folder
        theirs = direct.metadata(folder)
        if found := metadata_difference(theirs, through.metadata(folder)):
            return f"{coordinates}: {found}"
        newest = Artifact(name, newest_release(theirs), group=group)
        pom = direct.get(newest.path("pom"))
        if pom.body != through.get(newest.path("pom")).body:
            return f"{coordinates}: the POM of {newest.version} differs"
        if packaging(pom.body) == "pom":
            return None
        # The side file, not the jar, from there: bytes are compared by it, and a mirror is asked for half as much.
        told = direct.get(f"{newest.path()}.sha1")
        ours = through.get(newest.path())
        if (told.status == 404) != (ours.status == 404):
            return f"{coordinates}: the jar of {newest.version} is {told.status} there and {ours.status} here"
        if ours.status == 200 and told.body.decode().split()[0].lower() != checksum(ours.body, "sha1"):
            return f"{coordinates}: the jar of {newest.version} differs"
        for algorithm in ("sha1", "sha256", "sha512") if ours.status == 200 else ():
            side_file = through.get(f"{newest.path()}.{algorithm}")
            if side_file.body.decode().strip() != checksum(ours.body, algorithm):
                return f"{coordinates}: {algorithm} of {newest.version}"
        return None

    compare_all(popular("maven"), compare)


@pytest.mark.timeout(300)
def test_what_the_public_repository_does_not_have_is_not_here_either(sides: Callable[[str], Layout]) -> None:
    for path in (
        "com/google/guava/guava/0.0.0-none/guava-0.0.0-none.pom",
        "com/google/guava/guava/33.0.0-jre/guava-33.0.0-jre-no-such-classifier.jar",
        f"com/google/guava/no-such-artifact/{METADATA}",
        "org/slf4j/slf4j-api/2.0.9/slf4j-api-2.0.9-third-party.properties",
    ):
        for method in ("GET", "HEAD"):
            assert [sides(side).ask(method, path).status for side in ("direct", "through")] == [404, 404], path
