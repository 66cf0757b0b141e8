"""Section 7: the two switches of a package, and how its first arrival sets them."""

from __future__ import annotations

import pytest

from harness.account import Repository, npm_ids
from harness.errors import raises
from harness.packages import Package
from semantics.ground import Ground, download

OPEN_FOR_PUBLISHING = {"publish": "ALLOW", "upstream": "BLOCK"}
OPEN_FOR_UPSTREAM = {"publish": "BLOCK", "upstream": "ALLOW"}


def test_the_first_arrival_decides(ground: Ground) -> None:
    app, store = ground.chain("app", "store", connected=True)
    public = ground.public("1.0.0")
    assert download(app.registry(), public, "1.0.0") == 200
    assert ground.restrictions(store, npm_ids(public)) == OPEN_FOR_UPSTREAM, "ingested"
    assert ground.restrictions(app, npm_ids(public)) == OPEN_FOR_UPSTREAM, "retained"
    own = ground.fresh("parcel")
    ground.npm(app, own, "1.0.0")
    assert ground.restrictions(app, npm_ids(own)) == OPEN_FOR_PUBLISHING, "published by a client"
    ids = ground.generic(app, "thing", "1.0.0")
    assert ground.restrictions(app, ids) == OPEN_FOR_PUBLISHING, "published through the API"
    closed = {**app.ids, "format": "npm", "package": ground.fresh("absent")}
    put = ground.aws.put_package_origin_configuration(**closed, restrictions={"publish": "BLOCK", "upstream": "BLOCK"})
    assert put["originConfiguration"]["restrictions"] == {"publish": "BLOCK", "upstream": "BLOCK"}
    assert ground.aws.describe_package(**closed)["package"]["originConfiguration"] == put["originConfiguration"]
    assert ground.aws.list_package_versions(**closed)["versions"] == []


def test_copied_packages_begin_as_their_versions_came(ground: Ground) -> None:
    app, _ = ground.chain("app", "store", connected=True)
    ground.repository(app.domain, "copies")
    public = ground.public("1.0.0")
    assert download(app.registry(), public, "1.0.0") == 200
    own = ground.fresh("parcel")
    ground.npm(app, own, "1.0.0")
    copies = ground.open(app.domain, "copies")
    for name, expected in ((public, OPEN_FOR_UPSTREAM), (own, OPEN_FOR_PUBLISHING)):
        ground.aws.copy_package_versions(
            domain=app.domain,
            sourceRepository="app",
            destinationRepository="copies",
            **npm_ids(name),
            versions=["1.0.0"],
        )
        assert ground.restrictions(copies, npm_ids(name)) == expected


def test_a_deleted_package_is_new_again(ground: Ground) -> None:
    app, _ = ground.chain("app", "store", connected=True)
    name = ground.public("1.0.0")
    assert download(app.registry(), name, "1.0.0") == 200
    deleted = ground.aws.delete_package(**app.ids, **npm_ids(name))["deletedPackage"]
    assert deleted["originConfiguration"]["restrictions"] == OPEN_FOR_UPSTREAM
    with raises(ground.aws, "ResourceNotFoundException"):
        ground.aws.describe_package(**app.ids, **npm_ids(name))
    ground.npm(app, name, "2.0.0")
    assert ground.restrictions(app, npm_ids(name)) == OPEN_FOR_PUBLISHING


def test_blocked_upstream_hides_everything_above_and_keeps_what_is_here(ground: Ground) -> None:
    app, _ = ground.chain("app", "store", connected=True)
    name = ground.public("1.0.0", "2.0.0")
    assert download(app.registry(), name, "1.0.0") == 200
    ground.set_restrictions(app, npm_ids(name), "ALLOW", "BLOCK")
    assert ground.offered(app, name) == {"1.0.0"}
    assert download(app.registry(), name, "2.0.0") == 404
    assert download(app.registry(), name, "1.0.0") == 200
    ground.set_restrictions(app, npm_ids(name), "ALLOW", "ALLOW")
    assert ground.offered(app, name) == {"1.0.0", "2.0.0"}


def test_a_block_at_the_connection_ends_ingestion_for_everybody_below(ground: Ground) -> None:
    app, store = ground.chain("app", "store", connected=True)
    name = ground.public("1.0.0")
    ground.set_restrictions(store, npm_ids(name), "BLOCK", "BLOCK")
    assert download(app.registry(), name, "1.0.0") == 404
    assert ground.npm_held(store, name) == ground.npm_held(app, name) == set()
    assert ground.source.tarballs_asked(name) == 0


def refuses(repository: Repository, name: str, version: str) -> bool:
    """Whether a publish is a conflict; anything but that or success is a fault."""
    answer = repository.registry().publish(Package(name, version, manifest={"description": "ours"}))
    assert answer.status in (200, 201, 409), answer.body
    return answer.status == 409


@pytest.mark.parametrize("upstream", ["ALLOW", "BLOCK"])
def test_a_number_that_can_be_reached_is_taken(ground: Ground, upstream: str) -> None:
    app, store = ground.chain("app", "team", "store", connected=True)[::2]
    public = ground.public("1.0.0")
    ground.set_restrictions(app, npm_ids(public), "ALLOW", upstream)
    assert refuses(app, public, "1.0.0") == (upstream == "ALLOW"), "in the public source"
    assert not refuses(app, public, "1.0.1"), "another number is free"
    internal = ground.fresh("parcel")
    ground.npm(store, internal, "1.0.0")
    ground.set_restrictions(app, npm_ids(internal), "ALLOW", upstream)
    assert refuses(app, internal, "1.0.0") == (upstream == "ALLOW"), "in an upstream repository"


def test_blocked_publishing_refuses_every_number_and_every_client(ground: Ground) -> None:
    repository = ground.repository(ground.domain(), "app")
    name = ground.fresh("parcel")
    ground.npm(repository, name, "1.0.0")
    ground.set_restrictions(repository, npm_ids(name), "BLOCK", "BLOCK")
    assert refuses(repository, name, "2.0.0")
    ids = ground.generic(repository, "thing", "1.0.0")
    ground.set_restrictions(repository, ids, "BLOCK", "ALLOW")
    with raises(ground.aws, "ConflictException"):
        ground.asset(repository, ids, "2.0.0", "a.bin", b"x")
    assert ground.versions(repository, ids) == {"1.0.0": "Published"}
    # A copy is not a publish.
    ground.repository(repository.domain, "source")
    source = ground.open(repository.domain, "source")
    ground.npm(source, name, "3.0.0")
    ground.aws.copy_package_versions(
        domain=repository.domain,
        sourceRepository="source",
        destinationRepository="app",
        **npm_ids(name),
        versions=["3.0.0"],
    )
    assert ground.npm_held(repository, name) == {"1.0.0", "3.0.0"}


def test_generic_packages_are_never_resolved_through_upstreams(ground: Ground) -> None:
    app, store = ground.chain("app", "store")
    ids = ground.generic(store, "thing", "1.0.0")
    ground.set_restrictions(app, ids, "ALLOW", "ALLOW")
    with raises(ground.aws, "ResourceNotFoundException"):
        ground.aws.get_package_version_asset(**app.ids, **ids, packageVersion="1.0.0", asset="a.bin")
    # Nor is a number taken by an upstream.
    ground.asset(app, ids, "1.0.0", "a.bin", b"ours")
