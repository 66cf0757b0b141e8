"""Packuments, tarballs and refusals on the wire: what clients rely on and do not show."""

from __future__ import annotations

import gzip
import hashlib
import json
from datetime import datetime

import pytest

from harness.account import Repository
from harness.npm_wire import ABBREVIATED, FULL, Registry, encoded
from harness.packages import Package, fresh_name, integrity
from harness.source import Source

# What installing needs, and nothing else: the abbreviated form of the registry's own documentation.
ABBREVIATED_MEMBERS = {"name", "dist-tags", "versions", "modified"}


@pytest.fixture
def package(private: Repository) -> Package:
    """A published scoped package with members that only the full form has."""
    manifest = {"dependencies": {"left-pad": "^1.3.0"}, "scripts": {"test": "true"}, "bin": {"widget": "index.js"}}
    package = Package(fresh_name(scope="team"), "1.0.0", manifest=manifest)
    assert private.registry().publish(package).status in (200, 201)
    return package


def test_the_full_packument_carries_the_manifest_and_times(private: Repository, package: Package) -> None:
    document = private.registry().packument(package.name)
    version = document["versions"]["1.0.0"]
    assert document["name"] == package.name
    assert set(document["time"]) == {"created", "modified", "1.0.0"}
    assert None not in document["time"].values()
    assert version["scripts"] == {"test": "true"}
    content = package.tarball()
    assert version["dist"]["integrity"] == integrity(content)
    assert version["dist"]["shasum"] == hashlib.sha1(content).hexdigest()
    assert version["dist"]["tarball"].startswith(private.npm_url), "clients send the token to this host only"


def test_the_abbreviated_packument_has_what_installing_needs(private: Repository, package: Package) -> None:
    answer = private.registry().get(encoded(package.name), accept=f"{ABBREVIATED}; q=1.0, {FULL}; q=0.8, */*")
    assert answer.headers["content-type"].startswith(ABBREVIATED)
    document = answer.json()
    assert set(document) >= ABBREVIATED_MEMBERS
    assert "readme" not in document
    version = document["versions"]["1.0.0"]
    assert version["dependencies"] == {"left-pad": "^1.3.0"}
    assert version["bin"] == {"widget": "index.js"}
    assert "scripts" not in version and "description" not in version
    full = private.registry().get(encoded(package.name), accept=FULL)
    assert len(answer.body) < len(full.body)
    # Two forms under one address: caches must be told.
    assert "accept" in answer.headers.get("vary", "").lower()


@pytest.mark.parametrize("spelling", ["@team%2f{}", "@team%2F{}", "@team/{}"])
def test_f_npm_1_every_spelling_of_a_scoped_name_answers(private: Repository, package: Package, spelling: str) -> None:
    path = spelling.format(package.base_name)
    assert private.registry().get(path).json()["name"] == package.name
    tarball = private.registry().get(f"{path}/-/{package.tarball_name}", accept="*/*")
    assert tarball.body == package.tarball()


@pytest.mark.parametrize("accept", [FULL, ABBREVIATED])
def test_conditional_and_compressed_answers_agree(private: Repository, package: Package, accept: str) -> None:
    registry, path = private.registry(), encoded(package.name)
    plain = registry.get(path, accept=accept)
    zipped = registry.get(path, accept=accept, headers={"Accept-Encoding": "gzip"})
    assert zipped.headers.get("content-encoding") == "gzip"
    assert gzip.decompress(zipped.body) == plain.body
    for answer, coding in ((plain, "identity"), (zipped, "gzip")):
        again = registry.get(
            path, accept=accept, headers={"If-None-Match": answer.headers["etag"], "Accept-Encoding": coding}
        )
        assert (again.status, again.body) == (304, b"")
    registry.publish(Package(package.name, "1.0.1"))
    changed = registry.get(path, accept=accept, headers={"If-None-Match": plain.headers["etag"]})
    assert changed.status == 200
    assert "1.0.1" in changed.json()["versions"]


def test_one_manifest_by_version_or_tag(private: Repository, package: Package) -> None:
    for selector in ("1.0.0", "latest"):
        assert private.registry().get(f"{encoded(package.name)}/{selector}").json()["version"] == "1.0.0"
    assert private.registry().get(f"{encoded(package.name)}/9.9.9").status == 404


def test_tarballs_answer_head_and_ranges(private: Repository, package: Package) -> None:
    content, path = package.tarball(), f"{package.name}/-/{package.tarball_name}"
    registry = private.registry()
    head = registry.ask("HEAD", path)
    assert (head.status, head.headers["content-length"], head.body) == (200, str(len(content)), b"")
    assert head.headers["accept-ranges"] == "bytes"
    part = registry.get(path, accept="*/*", headers={"Range": "bytes=100-199"})
    assert (part.status, part.body) == (206, content[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(content)}"
    beyond = registry.get(path, accept="*/*", headers={"Range": f"bytes={len(content)}-"})
    assert beyond.status == 416
    again = registry.get(path, accept="*/*", headers={"If-None-Match": head.headers["etag"]})
    assert again.status == 304


def test_u08_the_same_bytes_again_succeed_and_other_bytes_conflict(private: Repository, package: Package) -> None:
    registry = private.registry()
    before = private.npm_versions(package.name)
    assert registry.publish(package).status in (200, 201)
    assert private.npm_versions(package.name) == before
    other = Package(package.name, "1.0.0", size_bytes=64)
    refused = registry.publish(other)
    assert refused.status == 409
    assert package.name in refused.json()["error"] or "1.0.0" in refused.json()["error"]
    assert registry.tarball(package.name, "1.0.0").body == package.tarball()


def test_f_npm_3_a_document_that_lies_about_its_bytes_is_refused(private: Repository) -> None:
    package = Package(fresh_name(), "1.0.0")
    document = package.publish_document(private.npm_url)
    dist = document["versions"]["1.0.0"]["dist"]
    for member, lie in (("integrity", integrity(b"other bytes")), ("shasum", "0" * 40)):
        forged = json.loads(json.dumps(document))
        forged["versions"]["1.0.0"]["dist"] = dist | {member: lie}
        answer = private.registry().ask("PUT", package.name, body=json.dumps(forged).encode())
        assert answer.status == 400, answer
        assert answer.json()["error"]
    cut = json.loads(json.dumps(document))
    (attachment,) = cut["_attachments"].values()
    attachment["data"] = attachment["data"][: len(attachment["data"]) // 2]
    assert private.registry().ask("PUT", package.name, body=json.dumps(cut).encode()).status == 400
    assert private.npm_packages() == []


def test_an_absent_package_is_404_in_the_shape_npm_reads(private: Repository) -> None:
    answer = private.registry().get("absent")
    assert answer.status == 404
    assert answer.json()["error"]
    assert private.registry().get("absent/-/absent-1.0.0.tgz", accept="*/*").status == 404


def test_a_public_packument_keeps_times_signatures_and_digests(connected: Repository, source: Source) -> None:
    original = Registry(source.url, None).packument("left-pad")
    document = connected.registry().packument("left-pad")
    assert set(document["versions"]) == set(original["versions"])
    for number, moment in original["time"].items():
        if number in original["versions"]:
            assert datetime.fromisoformat(document["time"][number]) == datetime.fromisoformat(moment)
    version = document["versions"]["1.3.0"]
    for member in ("integrity", "shasum", "signatures", "fileCount", "unpackedSize"):
        assert version["dist"].get(member) == original["versions"]["1.3.0"]["dist"].get(member), member
    assert version["dist"]["tarball"].startswith(connected.npm_url)
    assert source.url.rstrip("/") not in json.dumps(document), "an address of the source leaked"
    assert (
        connected.registry().packument("left-pad", accept=ABBREVIATED)["versions"]["1.3.0"]["dist"] == version["dist"]
    )


def test_a_version_of_the_public_source_cannot_be_published_over(connected: Repository, source: Source) -> None:
    assert connected.registry().publish(Package("left-pad", "1.3.0")).status in (403, 409)
    assert connected.registry().tarball("left-pad", "1.3.0").body != Package("left-pad", "1.3.0").tarball()


def test_a_second_download_asks_the_source_for_nothing(connected: Repository, source: Source) -> None:
    first = connected.registry().tarball("left-pad", "1.3.0")
    assert first.status == 200
    source.forget()
    again = connected.registry().tarball("left-pad", "1.3.0")
    assert again.body == first.body
    assert source.tarballs() == 0
