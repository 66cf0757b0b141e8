"""Section 4: the ten public sources, one at a time, and what happens while one is away."""

from __future__ import annotations

import pytest

from harness import knobs
from harness.account import npm_ids
from harness.errors import raises
from harness.packages import Package
from semantics.ground import Ground, download, upstreams


def test_the_ten_names_and_their_formats(ground: Ground) -> None:
    domain = ground.domain()
    for number, (name, package_format) in enumerate(knobs.PUBLIC_CONNECTIONS.items()):
        repository = ground.repository(domain, f"store-{number}")
        made = ground.aws.associate_external_connection(**repository.ids, externalConnection=name)["repository"]
        assert made["externalConnections"] == [
            {"externalConnectionName": name, "packageFormat": package_format, "status": "Available"}
        ]
    assert {"swift", "generic"} & set(knobs.PUBLIC_CONNECTIONS.values()) == set()


def test_a_repository_has_one_connection(ground: Ground) -> None:
    repository = ground.repository(ground.domain(), "store", connected=True)
    with raises(ground.aws, "ValidationException") as raised:
        ground.aws.associate_external_connection(**repository.ids, externalConnection="public:pypi")
    assert raised.message == "ExternalConnections for repositories are currently limited to 1"


def test_upstreams_and_a_connection_exclude_each_other(ground: Ground) -> None:
    aws = ground.aws
    app, store = ground.chain("app", "store", connected=True)
    with raises(aws, "ValidationException"):
        aws.associate_external_connection(**app.ids, externalConnection=knobs.NPM_CONNECTION)
    for value in ([], upstreams("app")):
        with raises(aws, "ValidationException"):
            aws.update_repository(**store.ids, upstreams=value)
    aws.update_repository(**store.ids, description="only this")
    # One after the other it works.
    aws.update_repository(**app.ids, upstreams=[])
    aws.associate_external_connection(**app.ids, externalConnection=knobs.NPM_CONNECTION)


def test_several_connections_are_chained_through_repositories_of_their_own(ground: Ground) -> None:
    domain = ground.domain()
    ground.repository(domain, "npm-store", connected=True)
    pypi = ground.repository(domain, "pypi-store")
    ground.aws.associate_external_connection(**pypi.ids, externalConnection="public:pypi")
    app = ground.repository(domain, "app", "pypi-store", "npm-store")
    name = ground.public("1.0.0")
    assert download(app.registry(), name, "1.0.0") == 200
    assert ground.npm_held(pypi, name) == set()


def test_what_is_stored_works_without_the_source_and_the_rest_fails(ground: Ground) -> None:
    app, _ = ground.chain("app", "store", connected=True)
    held, unheld = ground.public("1.0.0"), ground.public("1.0.0")
    assert download(app.registry(), held, "1.0.0") == 200
    ground.source.stop()
    assert download(app.registry(), held, "1.0.0") == 200
    assert "1.0.0" in ground.offered(app, held)
    assert download(app.registry(), unheld, "1.0.0") in (404, 502, 503, 504)
    ground.source.start()


def test_the_check_against_public_versions_may_be_missed_while_the_source_is_away(ground: Ground) -> None:
    repository = ground.repository(ground.domain(), "store", connected=True)
    name = ground.public("1.0.0")
    ground.source.stop()
    assert repository.registry().publish(Package(name, "1.0.0")).status in (200, 201)


@pytest.mark.parametrize("connected", [True, False])
def test_disassociating_keeps_what_was_ingested_and_ends_the_rest(ground: Ground, connected: bool) -> None:
    app, store = ground.chain("app", "store", connected=True)
    name = ground.public("1.0.0", "2.0.0")
    assert download(app.registry(), name, "1.0.0") == 200
    if not connected:
        ground.aws.disassociate_external_connection(**store.ids, externalConnection=knobs.NPM_CONNECTION)
    registry = app.registry()
    assert download(registry, name, "1.0.0") == 200
    assert download(registry, name, "2.0.0") == (200 if connected else 404)
    assert ground.offered(app, name) == ({"1.0.0", "2.0.0"} if connected else {"1.0.0"})


def test_nothing_is_fetched_when_a_connection_is_made(ground: Ground) -> None:
    name = ground.public("1.0.0")
    store = ground.repository(ground.domain(), "store", connected=True)
    assert ground.source.times_asked(name) == 0
    assert ground.aws.list_packages(**store.ids)["packages"] == []
    assert ground.versions(store, npm_ids(name)) == {}
