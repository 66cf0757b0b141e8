"""Popular packages of the public gallery: their versions, what is said of each, and the bytes of a few."""

from __future__ import annotations

import gzip
import json
import ssl
import threading
import urllib.request
from collections.abc import Callable
from datetime import datetime
from http.client import HTTPException
from typing import Any

import pytest

from differential.comparing import compare_all, popular
from harness import knobs, public_registries
from harness.account import Repository
from harness.nuget_wire import Feed

# A few packages are fetched whole on both sides, each in its newest version.
WHOLE_PACKAGES = 12
REGISTRATIONS = "RegistrationsBaseUrl/3.6.0"
# What is shown as the gallery says it. Addresses of documents and files are the server's own.
MEMBERS = (
    *("id", "version", "authors", "description", "summary", "title", "language", "projectUrl", "licenseUrl", "iconUrl"),
    *("licenseExpression", "minClientVersion", "requireLicenseAcceptance", "listed", "vulnerabilities", "deprecation"),
)


class Gallery:
    """The public gallery, asked directly."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._context = ssl.create_default_context()
        resources = self.document(address)["resources"]
        self._resources = {one["@type"]: one["@id"] for one in reversed(resources) if isinstance(one["@type"], str)}

    def get(self, address: str) -> bytes:
        """What is at an address; unpacked, for galleries pack registrations whether or not they are asked to."""
        with urllib.request.urlopen(address, timeout=60, context=self._context) as answer:
            content = answer.read()
            return gzip.decompress(content) if answer.headers.get("Content-Encoding") == "gzip" else content

    def document(self, address: str) -> Any:
        """A document."""
        return json.loads(self.get(address))

    def versions(self, name: str) -> list[str]:
        """The versions in the flat container."""
        return self.document(f"{self._resources['PackageBaseAddress/3.0.0']}{name.lower()}/index.json")["versions"]

    def nupkg(self, name: str, version: str) -> bytes:
        """A package file."""
        flat, name = self._resources["PackageBaseAddress/3.0.0"], name.lower()
        return self.get(f"{flat}{name}/{version}/{name}.{version}.nupkg")

    def entries(self, name: str) -> dict[str, dict[str, Any]]:
        """The catalog entries by version, all pages."""
        index = self.document(f"{self._resources[REGISTRATIONS]}{name.lower()}/index.json")
        pages = (page if "items" in page else self.document(page["@id"]) for page in index["items"])
        entries = [leaf["catalogEntry"] for page in pages for leaf in page["items"]]
        return {entry["version"]: entry for entry in entries}


@pytest.fixture(scope="module")
def gallery() -> Gallery:
    """The public gallery; stories are skipped where no client says where it is, or it does not answer."""
    address = public_registries.nuget_source()
    if address is None:
        pytest.skip("there is no NuGet client on this machine that says where its source is")
    try:
        return Gallery(address)
    except (OSError, HTTPException, ValueError, KeyError) as fault:
        pytest.skip(f"the source that NuGet's clients on this machine are configured for cannot be reached: {fault}")


class Sides:
    """The gallery, and the gallery through Reliquary by a connection for each thread."""

    def __init__(self, repository: Repository, gallery: Gallery) -> None:
        self._own = threading.local()
        self._url, self._token = repository.endpoint("nuget"), repository.token
        self.direct = gallery

    @property
    def through(self) -> Feed:
        """The repository."""
        if not hasattr(self._own, "through"):
            self._own.through = Feed(self._url, self._token)
        return self._own.through


@pytest.fixture
def sides(repository_before: Callable[..., Repository], gallery: Gallery) -> Sides:
    """Both sides."""
    return Sides(repository_before(knobs.NUGET_CONNECTION, gallery.address, knobs.whole_versions(0)), gallery)


def told(entry: dict[str, Any]) -> dict[str, Any]:
    """What a catalog entry says, in one spelling: what says nothing is left out, times are points in time."""
    found = {member: entry[member] for member in MEMBERS if entry.get(member) not in (None, "", [], False)}
    found["listed"] = entry.get("listed", True)
    found["published"] = datetime.fromisoformat(entry["published"]).timestamp()
    found["tags"] = [tag for tag in entry.get("tags") or [] if tag]
    groups = entry.get("dependencyGroups") or []
    found["needs"] = {
        group.get("targetFramework"): {one["id"]: one["range"] for one in group.get("dependencies") or []}
        for group in groups
    }
    return found


def difference(direct: dict[str, dict[str, Any]], through: dict[str, dict[str, Any]]) -> str | None:
    """The first thing in which two registrations are not the same, or None."""
    if direct.keys() != through.keys():
        return f"versions {sorted(direct.keys() ^ through.keys())[:5]}"
    for version, entry in direct.items():
        theirs, ours = told(entry), told(through[version])
        for member in theirs.keys() | ours.keys():
            if theirs.get(member) != ours.get(member):
                return f"{member} of {version}: {theirs.get(member)!r} / {ours.get(member)!r}"
    return None


@pytest.mark.timeout(900)
def test_the_registrations_of_popular_packages_are_those_of_the_public_gallery(sides: Sides) -> None:
    def compare(name: str) -> str | None:
        if (direct := sides.direct.versions(name)) != (through := sides.through.versions(name)):
            return f"{name}: versions {sorted(set(direct) ^ set(through))[:5] or 'in another order'}"
        found = difference(sides.direct.entries(name), sides.through.entries(name, REGISTRATIONS))
        return f"{name}: {found}" if found else None

    compare_all(popular("nuget"), compare)


@pytest.mark.timeout(900)
def test_the_bytes_of_popular_packages_are_those_of_the_public_gallery(sides: Sides) -> None:
    names = popular("nuget")[:: len(popular("nuget")) // WHOLE_PACKAGES]

    def compare(name: str) -> str | None:
        version = sides.direct.versions(name)[-1]
        content = sides.through.nupkg(name, version)
        if content.status != 200:
            return f"{name} {version}: {content.status}"
        return None if content.body == sides.direct.nupkg(name, version) else f"{name} {version}: other bytes"

    compare_all(names, compare)
