"""The operations on packages and versions through boto3, on packages that were published over the npm protocol."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from aws import shapes
from harness import knobs
from harness.account import Repository, npm_ids
from harness.errors import raises
from harness.packages import Package
from harness.source import Source

MANIFEST = {
    "description": "Widgets for the team",
    "homepage": "https://widgets.example/",
    "repository": {"type": "git", "url": "https://code.example/widgets.git"},
    "license": "MIT",
}


@pytest.fixture
def widgets(private: Repository) -> Package:
    """A scoped package with everything a version description shows, and an older version."""
    registry = private.registry()
    for version in ("1.0.0", "1.1.0"):
        assert registry.publish(Package("@team/widgets", version, manifest=MANIFEST)).status in (200, 201)
    return Package("@team/widgets", "1.1.0", manifest=MANIFEST)


def version_ids(package: Package) -> dict[str, str]:
    """The parameters of the calls about one version."""
    return {**npm_ids(package.name), "packageVersion": package.version}


def test_list_packages_shows_namespace_and_origin_configuration(
    aws: Any, private: Repository, widgets: Package
) -> None:
    private.registry().publish(Package("widget-core", "1.0.0"))
    packages = shapes.payload(aws.list_packages(**private.ids))["packages"]
    published_here = {"restrictions": {"publish": "ALLOW", "upstream": "BLOCK"}}
    unscoped = {"format": "npm", "package": "widget-core", "originConfiguration": published_here}
    scoped = {"format": "npm", "namespace": "team", "package": "widgets", "originConfiguration": published_here}
    assert sorted(packages, key=lambda one: one["package"]) == [unscoped, scoped]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"format": "npm"}, {"widgets", "widget-core", "gadget"}),
        ({"format": "pypi"}, set()),
        ({"packagePrefix": "widget"}, {"widgets", "widget-core"}),
        ({"format": "npm", "namespace": "te"}, {"widgets"}),
        ({"publish": "ALLOW"}, {"widgets", "widget-core", "gadget"}),
        ({"publish": "BLOCK"}, set()),
        ({"upstream": "BLOCK"}, {"widgets", "widget-core", "gadget"}),
    ],
)
def test_list_packages_filters(
    aws: Any, private: Repository, widgets: Package, filters: dict[str, str], expected: set[str]
) -> None:
    for name in ("widget-core", "gadget"):
        private.registry().publish(Package(name, "1.0.0"))
    pages = aws.get_paginator("list_packages").paginate(**private.ids, **filters, maxResults=1)
    assert {package["package"] for page in pages for package in page["packages"]} == expected


def test_list_packages_refuses_a_namespace_without_a_format(aws: Any, private: Repository) -> None:
    with raises(aws, "ValidationException"):
        aws.list_packages(**private.ids, namespace="team")


def test_list_package_versions_pages_and_keeps_the_head_on_every_page(
    aws: Any, private: Repository, widgets: Package
) -> None:
    first = shapes.payload(aws.list_package_versions(**private.ids, **npm_ids(widgets.name), maxResults=1))
    rest = shapes.payload(
        aws.list_package_versions(**private.ids, **npm_ids(widgets.name), maxResults=1, nextToken=first["nextToken"])
    )
    for page in (first, rest):
        head = {name: page[name] for name in ("format", "namespace", "package", "defaultDisplayVersion")}
        assert head == {
            "format": "npm",
            "namespace": "team",
            "package": "widgets",
            "defaultDisplayVersion": "1.1.0",
        }
    assert "nextToken" not in rest
    versions = first["versions"] + rest["versions"]
    assert {version["version"] for version in versions} == {"1.0.0", "1.1.0"}
    for version in versions:
        shapes.assert_members(version, {"version", "revision", "status", "origin"})
        assert version["status"] == "Published"
        assert version["origin"]["originType"] == "INTERNAL"
        assert version["origin"]["domainEntryPoint"] == {"repositoryName": private.name}


def test_list_package_versions_sorts_and_filters(aws: Any, private: Repository, widgets: Package) -> None:
    call = {**private.ids, **npm_ids(widgets.name)}
    newest_first = aws.list_package_versions(**call, sortBy="PUBLISHED_TIME")["versions"]
    assert [version["version"] for version in newest_first] == ["1.1.0", "1.0.0"]
    assert len(aws.list_package_versions(**call, status="Published")["versions"]) == 2
    assert aws.list_package_versions(**call, status="Archived")["versions"] == []
    assert aws.list_package_versions(**call, originType="EXTERNAL")["versions"] == []
    with raises(aws, "ValidationException"):
        aws.list_package_versions(**call, status="Gone")


def test_describe_package_version_reads_the_manifest(aws: Any, private: Repository, widgets: Package) -> None:
    described = shapes.payload(aws.describe_package_version(**private.ids, **version_ids(widgets)))["packageVersion"]
    shapes.assert_members(described, shapes.VERSION)
    assert described["format"] == "npm"
    assert (described["namespace"], described["packageName"]) == ("team", "widgets")
    assert described["displayName"] == "@team/widgets"
    assert described["version"] == "1.1.0"
    assert described["summary"] == MANIFEST["description"]
    assert described["homePage"] == MANIFEST["homepage"]
    assert "code.example/widgets" in described["sourceCodeRepository"]
    assert [licence["name"] for licence in described["licenses"]] == ["MIT"]
    assert described["status"] == "Published"
    shapes.assert_recent(described["publishedTime"])


def test_one_asset_with_four_digests(aws: Any, private: Repository, widgets: Package) -> None:
    content = widgets.tarball()
    listed = shapes.payload(aws.list_package_version_assets(**private.ids, **version_ids(widgets)))
    assert set(listed) == {"format", "namespace", "package", "version", "versionRevision", "assets"}
    assert listed["assets"] == [
        {
            "name": "package.tgz",
            "size": len(content),
            "hashes": {
                "MD5": hashlib.md5(content).hexdigest(),
                "SHA-1": hashlib.sha1(content).hexdigest(),
                "SHA-256": hashlib.sha256(content).hexdigest(),
                "SHA-512": hashlib.sha512(content).hexdigest(),
            },
        }
    ]
    answer = aws.get_package_version_asset(**private.ids, **version_ids(widgets), asset="package.tgz")
    assert answer["assetName"] == "package.tgz"
    assert answer["packageVersion"] == widgets.version
    assert answer["packageVersionRevision"] == listed["versionRevision"]
    assert answer["asset"].read() == content
    described = aws.describe_package_version(**private.ids, **version_ids(widgets))["packageVersion"]
    assert described["revision"] == listed["versionRevision"]


def test_an_asset_can_be_pinned_to_its_revision(aws: Any, private: Repository, widgets: Package) -> None:
    call = {**private.ids, **version_ids(widgets), "asset": "package.tgz"}
    revision = aws.get_package_version_asset(**call)["packageVersionRevision"]
    assert aws.get_package_version_asset(**call, packageVersionRevision=revision)["asset"].read()
    other = "A" * 43 + "="
    with pytest.raises((aws.exceptions.ResourceNotFoundException, aws.exceptions.ConflictException)):
        aws.get_package_version_asset(**call, packageVersionRevision=other)


def test_what_is_missing_is_named(aws: Any, private: Repository, widgets: Package) -> None:
    absent = {"format": "npm", "package": "absent"}
    with raises(aws, "ResourceNotFoundException") as raised:
        aws.list_package_versions(**private.ids, **absent)
    assert raised.response["resourceType"] == "package"
    with raises(aws, "ResourceNotFoundException") as raised:
        aws.describe_package_version(**private.ids, **npm_ids(widgets.name), packageVersion="9.9.9")
    assert raised.response["resourceType"] in ("package-version", "package")
    with raises(aws, "ResourceNotFoundException") as raised:
        aws.get_package_version_asset(**private.ids, **version_ids(widgets), asset="other.tgz")
    assert raised.response["resourceType"] == "asset"
    with raises(aws, "ResourceNotFoundException"):
        aws.list_package_version_assets(**private.ids, **absent, packageVersion="1.0.0")


def test_a_public_version_is_retained_where_it_should_be(aws: Any, connected: Repository, source: Source) -> None:
    name, version = "left-pad", "1.3.0"
    # Metadata alone retains nothing.
    connected.registry().packument(name)
    assert connected.npm_packages() == []
    assert connected.registry().tarball(name, version).status == 200
    store = Repository(connected.server, aws, connected.domain, "npm-store")
    for repository in (connected, store):
        versions = repository.npm_versions(name)
        assert set(versions) == {version}
        assert versions[version]["origin"] == {
            "originType": "EXTERNAL",
            "domainEntryPoint": {"externalConnectionName": knobs.NPM_CONNECTION},
        }
        summary = aws.list_packages(**repository.ids)["packages"][0]
        assert summary["originConfiguration"] == {"restrictions": {"publish": "BLOCK", "upstream": "ALLOW"}}
