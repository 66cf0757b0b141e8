"""Popular projects of the Python index: versions, files, digests, Python versions, yanks, metadata, dependencies."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from email import message_from_bytes
from typing import Any

import pytest
from packaging.utils import canonicalize_name, canonicalize_version

from differential.comparing import compare_all, popular
from harness import knobs
from harness.account import Repository
from harness.pypi_wire import HTML, Index
from harness.source import Source
from python.test_pages import Anchors

# What is compared of each file; others are additions of ours or of the mirror's.
MEMBERS = ("requires-python", "yanked", "size", "upload-time")
# Wheels up to this size are read whole where the index has no metadata beside them.
SMALL_WHEEL_BYTES = 150_000


class Sides:
    """The index through Reliquary and the index itself, a connection of each for every thread."""

    def __init__(self, repository: Repository, source: Source) -> None:
        self._own = threading.local()
        self._url, self._token, self._source = repository.pypi_url, repository.token, source.url
        self.repository = repository

    @property
    def through(self) -> Index:
        """The repository."""
        if not hasattr(self._own, "through"):
            self._own.through = Index(self._url, self._token)
        return self._own.through

    @property
    def direct(self) -> Index:
        """The public index."""
        if not hasattr(self._own, "direct"):
            self._own.direct = Index(self._source, None, simple="")
        return self._own.direct


@pytest.fixture
def sides(repository_before: Callable[..., Repository], public_index: Source) -> Sides:
    """Both sides."""
    return Sides(repository_before(knobs.PYPI_CONNECTION, public_index.url, knobs.whole_versions(0)), public_index)


def newest_wheel(page: dict[str, Any]) -> dict[str, Any] | None:
    """The wheel that was uploaded last and is not yanked."""
    wheels = [file for file in page["files"] if file["filename"].endswith(".whl") and file.get("yanked") is False]
    return max(wheels, key=lambda file: file.get("upload-time") or "", default=None)


def json_difference(direct: dict[str, Any], through: dict[str, Any]) -> str | None:
    """The first thing in which two JSON pages are not the same, or None."""
    versions, ours = ({canonicalize_version(one) for one in page.get("versions", [])} for page in (direct, through))
    if versions and versions != ours:
        return f"versions {sorted(versions ^ ours)[:5]}"
    files = {file["filename"]: file for file in direct["files"]}
    shown = {file["filename"]: file for file in through["files"]}
    if files.keys() != shown.keys():
        return f"files {sorted(files.keys() ^ shown.keys())[:5]}"
    for name, file in files.items():
        for kind, digest in file["hashes"].items():
            if shown[name]["hashes"].get(kind) != digest:
                return f"{kind} of {name}"
        for member in MEMBERS:
            if member in file and shown[name].get(member) != file[member]:
                return f"{member} of {name}: {file[member]!r} / {shown[name].get(member)!r}"
        if file.get("core-metadata") and shown[name].get("core-metadata") != file["core-metadata"]:
            return f"core-metadata of {name}"
    if direct.get("project-status") != through.get("project-status"):
        return f"status {direct.get('project-status')} / {through.get('project-status')}"
    return None


def html_difference(direct: dict[str, Any], text: str) -> str | None:
    """The same for our HTML page beside the public JSON page: pip and older clients read this one."""
    anchors = Anchors(text).found
    for file in direct["files"]:
        attributes = anchors.get(file["filename"])
        if attributes is None:
            return f"html: no anchor for {file['filename']}"
        digest = (attributes["href"] or "").partition("#sha256=")[2]
        if digest != file["hashes"]["sha256"]:
            return f"html: digest of {file['filename']}"
        if (attributes.get("data-requires-python") or None) != (file.get("requires-python") or None):
            return f"html: requires-python of {file['filename']}"
        if ("data-yanked" in attributes) != (file.get("yanked", False) is not False):
            return f"html: yanked of {file['filename']}"
    return None


@pytest.mark.timeout(900)
def test_the_pages_of_popular_projects_are_those_of_the_public_index(sides: Sides) -> None:
    def compare(name: str) -> str | None:
        direct = sides.direct.page(name)
        difference = json_difference(direct, sides.through.page(name))
        if difference is None:
            answer = sides.through.get(f"simple/{name}/", accept=HTML)
            difference = html_difference(direct, answer.body.decode()) if answer.status == 200 else f"html: {answer}"
        return f"{name}: {difference}" if difference else None

    compare_all(popular("pypi"), compare)


def metadata_of(sides: Sides, direct: dict[str, Any], through: dict[str, Any]) -> tuple[bytes, bytes] | str:
    """The metadata of one wheel on both sides."""
    theirs = sides.direct.get(direct["url"] + ".metadata")
    ours = sides.through.get(through["url"] + ".metadata")
    if theirs.status != 200 or ours.status != 200:
        return f"metadata of {direct['filename']}: {theirs.status} / {ours.status}"
    return theirs.body, ours.body


@pytest.mark.timeout(900)
def test_the_metadata_and_dependencies_of_popular_projects_are_those_of_the_public_index(sides: Sides) -> None:
    compared = []

    def compare(name: str) -> str | None:
        page = sides.direct.page(name)
        wheel = newest_wheel(page)
        if wheel is None:
            return None
        ours = sides.through.files(name)[wheel["filename"]]
        if not wheel.get("core-metadata"):
            # A mirror that leaves metadata out: it has to come from the wheel itself.
            if wheel.get("size", SMALL_WHEEL_BYTES) >= SMALL_WHEEL_BYTES:
                return None
            content = sides.through.get(ours["url"]).body
            if content != sides.direct.get(wheel["url"]).body:
                return f"{name}: the bytes of {wheel['filename']}"
            ours = sides.through.files(name)[wheel["filename"]]
        both = metadata_of(sides, wheel, ours)
        compared.append(name)
        if isinstance(both, str):
            return f"{name}: {both}"
        if both[0] != both[1]:
            return f"{name}: the metadata of {wheel['filename']} differ"
        if not wheel.get("core-metadata"):
            return dependency_difference(sides.repository, name, both[0])
        return None

    compare_all(popular("pypi"), compare)
    assert len(compared) > 50, f"only {len(compared)} projects had something to compare"


def dependency_difference(repository: Repository, name: str, metadata: bytes) -> str | None:
    """What the control plane says of the dependencies of a held version, beside the wheel's own words."""
    message = message_from_bytes(metadata)
    wanted = {
        canonicalize_name(re.split(r"[\s<>=!~;\[(@]", one.strip(), maxsplit=1)[0])
        for one in message.get_all("Requires-Dist", [])
    }
    ids = {**repository.ids, "format": "pypi", "package": canonicalize_name(name)}
    found = repository.aws.list_package_version_dependencies(**ids, packageVersion=message["Version"])
    told = {one["package"] for one in found["dependencies"]}
    return None if told == wanted else f"{name}: dependencies {sorted(told ^ wanted)[:5]}"
