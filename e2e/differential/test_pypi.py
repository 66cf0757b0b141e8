"""Popular projects of the Python index: versions, files, digests, Python versions, yanks, metadata, dependencies."""

from __future__ import annotations

import io
import re
import threading
import zipfile
from collections.abc import Callable
from email import message_from_bytes
from typing import Any

import pytest
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    canonicalize_version,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from differential.comparing import compare_all, popular
from harness import knobs
from harness.account import Repository
from harness.pypi_wire import HTML, JSON, Index
from harness.source import Source
from python.test_pages import Anchors

# What is compared of each file; others are additions of ours or of the mirror's.
MEMBERS = ("requires-python", "yanked", "size", "upload-time")
# Eggs and installers, of which projects of many years still have some.
OLD_FORM = re.compile(r"[^-]+-(?P<version>[0-9][^-]*?)(\.(win|linux|macosx)[^-]*)?(-py[0-9].*)?\.(egg|exe|msi)")
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


def page_or_absence(index: Index, name: str) -> dict[str, Any] | None:
    """The page of a project, or None where there is no such project: names come and go."""
    return None if index.get(f"{index.simple}{name}/", accept=JSON).status == 404 else index.page(name)


def newest_wheel(page: dict[str, Any]) -> dict[str, Any] | None:
    """The wheel that was uploaded last and is not yanked."""
    wheels = [file for file in page["files"] if file["filename"].endswith(".whl") and file.get("yanked") is False]
    return max(wheels, key=lambda file: file.get("upload-time") or "", default=None)


def version_of(file_name: str) -> str | None:
    """The version in a file name, where the name has the form of a distribution."""
    try:
        if old := OLD_FORM.fullmatch(file_name):
            return canonicalize_version(str(Version(old["version"].replace("_", "-"))))
        parse = parse_wheel_filename if file_name.endswith(".whl") else parse_sdist_filename
        return canonicalize_version(str(parse(file_name)[1]))
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return None


def is_version(text: str) -> bool:
    """Whether installers take it for a version."""
    try:
        return bool(Version(text))
    except InvalidVersion:
        return False


def json_difference(direct: dict[str, Any], through: dict[str, Any]) -> str | None:
    """The first thing in which two JSON pages are not the same, or None."""
    versions, ours = ({canonicalize_version(one) for one in page.get("versions", [])} for page in (direct, through))
    # The index may list versions without any file (PEP 700): nobody can install those, and we do not know them. And it
    # has old files under another version than their names say: installers go by the name, and so do we.
    named = {version_of(file["filename"]) for file in direct["files"]}
    missing, added = (versions - ours) & named, {one for one in ours - versions - named if is_version(one)}
    if versions and (missing or added):
        return f"versions {sorted(missing)[:5]} are missing, {sorted(added)[:5]} are added"
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
        direct, through = page_or_absence(sides.direct, name), page_or_absence(sides.through, name)
        if direct is None or through is None:
            return None if direct is through else f"{name}: {'through' if through is None else 'directly'} it is absent"
        difference = json_difference(direct, through)
        if difference is None:
            answer = sides.through.get(f"simple/{name}/", accept=HTML)
            difference = html_difference(direct, answer.body.decode()) if answer.status == 200 else f"html: {answer}"
        return f"{name}: {difference}" if difference else None

    compare_all(popular("pypi"), compare)


def metadata_in(wheel: bytes) -> bytes:
    """The metadata that a wheel holds."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        (name,) = (one for one in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", one))
        return archive.read(name)


def metadata_difference(sides: Sides, name: str, wheel: dict[str, Any], ours: dict[str, Any]) -> str | None:
    """The metadata of one wheel; a mirror that has none beside it is asked for the wheel, and so are we."""
    if wheel.get("core-metadata"):
        expected = sides.direct.get(wheel["url"] + ".metadata").body
    else:
        content = sides.direct.get(wheel["url"]).body
        expected = metadata_in(content)
        if sides.through.get(ours["url"]).body != content:
            return f"{name}: the bytes of {wheel['filename']}"
        if sides.through.files(name)[wheel["filename"]].get("core-metadata") is None:
            return f"{name}: no metadata beside {wheel['filename']}, which is held"
    answer = sides.through.get(ours["url"] + ".metadata")
    if (answer.status, answer.body) != (200, expected):
        return f"{name}: metadata of {wheel['filename']}: {answer.status}"
    return None if wheel.get("core-metadata") else dependency_difference(sides.repository, name, expected)


@pytest.mark.timeout(900)
def test_the_metadata_and_dependencies_of_popular_projects_are_those_of_the_public_index(sides: Sides) -> None:
    compared = []

    def compare(name: str) -> str | None:
        page, through = page_or_absence(sides.direct, name), page_or_absence(sides.through, name)
        wheel = newest_wheel(page) if page else None
        if wheel is None or through is None:
            return None
        if not wheel.get("core-metadata") and wheel.get("size", SMALL_WHEEL_BYTES) >= SMALL_WHEEL_BYTES:
            return None
        compared.append(name)
        (ours,) = (file for file in through["files"] if file["filename"] == wheel["filename"])
        return metadata_difference(sides, name, wheel, ours)

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
