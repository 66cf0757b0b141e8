"""Section 15: an event for every change of a package version, in the envelope of EventBridge."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from harness import account, knobs
from harness.account import npm_ids
from harness.event_receiver import Receiver
from harness.identities import allow, document
from harness.waiting import wait_until
from semantics.ground import Ground, download

OTHER = "222233334444"
ENVELOPE = {"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"}
DETAIL = {
    "domainName", "domainOwner", "repositoryName", "repositoryAdministrator", "packageFormat", "packageNamespace",
    "packageName", "packageVersion", "packageVersionState", "packageVersionRevision", "changes", "operationType",
    "sequenceNumber", "eventDeduplicationId",
}  # fmt: skip
CHANGES = {"assetsAdded", "assetsRemoved", "assetsUpdated", "metadataUpdated", "statusChanged"}


def events(ground: Ground, domain: str) -> list[dict[str, Any]]:
    """The events of a domain, each held against the form."""
    found = ground.server.events("--domain", domain)
    for event in found:
        event = {name: value for name, value in event.items() if name in ENVELOPE}
        assert set(event) == ENVELOPE
        assert event["version"] == "0" and event["source"] == "aws.codeartifact"
        assert event["detail-type"] == "CodeArtifact Package Version State Change"
        uuid.UUID(event["id"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["time"])
        assert event["region"] == ground.region
        assert set(event["detail"]) == DETAIL
        assert set(event["detail"]["changes"]) == CHANGES
    return found


def story(found: list[dict[str, Any]]) -> list[tuple[str, str, str, str]]:
    """Repository, version, state and kind of change of each event."""
    details = [event["detail"] for event in found]
    names = ("repositoryName", "packageVersion", "packageVersionState", "operationType")
    return [tuple(detail[name] for name in names) for detail in details]  # type: ignore[misc]


def test_the_life_of_a_generic_version(ground: Ground) -> None:
    repository = ground.repository(ground.domain(), "app")
    ids = {"format": "generic", "namespace": "tools", "package": "thing"}
    ground.asset(repository, ids, "1.0.0", "a", b"a", unfinished=True)
    ground.asset(repository, ids, "1.0.0", "b", b"b")
    for status in ("Unlisted", "Archived", "Disposed", "Deleted"):
        ground.set_status(repository, ids, "1.0.0", status)
    found = events(ground, repository.domain)
    states = [(state, kind) for _, _, state, kind in story(found)]
    assert states[:5] == [
        ("Unfinished", "Created"),
        ("Published", "Updated"),
        ("Unlisted", "Updated"),
        ("Archived", "Updated"),
        ("Disposed", "Updated"),
    ]
    assert [kind for _, kind in states[5:]] == ["Deleted"]
    details = [event["detail"] for event in found]
    assert [detail["changes"]["assetsAdded"] for detail in details] == [1, 1, 0, 0, 0, 0]
    assert [detail["changes"]["statusChanged"] for detail in details[:5]] == [True] * 5
    assert details[4]["changes"]["assetsRemoved"] == 2
    assert {detail["packageNamespace"] for detail in details} == {"tools"}
    numbers = [detail["sequenceNumber"] for detail in details]
    assert numbers == sorted(set(numbers)), "the order of events"
    assert len({event["id"] for event in found}) == len({d["eventDeduplicationId"] for d in details}) == len(found)
    arn = ground.arn("package", f"{repository.domain}/app/generic/tools/thing")
    assert {tuple(event["resources"]) for event in found} == {(arn,)}


def test_retaining_ingesting_and_copying_tell_every_repository_that_gained(ground: Ground) -> None:
    app, team, _ = ground.chain("app", "team", "store", connected=True)
    name = ground.public("1.0.0")
    assert download(app.registry(), name, "1.0.0") == 200
    ground.repository(app.domain, "copies")
    ground.aws.copy_package_versions(
        domain=app.domain, sourceRepository="app", destinationRepository="copies", **npm_ids(name), versions=["1.0.0"]
    )
    found = events(ground, app.domain)
    gained = {(where, version) for where, version, _, kind in story(found) if kind == "Created"}
    assert gained == {("app", "1.0.0"), ("store", "1.0.0"), ("copies", "1.0.0")}
    assert {event["detail"]["packageNamespace"] for event in found} == {None}
    assert {event["resources"][0].split(":", 5)[5] for event in found} == {
        f"package/{app.domain}/{where}/npm//{name}" for where in ("app", "store", "copies")
    }
    assert team.name not in {where for where, *_ in story(found)}


def test_owner_and_administrator_each_get_an_event_of_their_own(ground: Ground) -> None:
    domain = ground.domain()
    other = account.key_client(ground.server, ground.server.create_key(OTHER), ground.region)
    theirs = {"Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"}}
    ground.aws.put_domain_permissions_policy(domain=domain, policyDocument=document(allow("codeartifact:*") | theirs))
    other.create_repository(domain=domain, domainOwner=ground.account, repository="theirs")
    ours = ground.repository(domain, "ours")
    ids = {"format": "generic", "namespace": "tools", "package": "thing"}
    ground.asset(ours, ids, "1.0.0", "a", b"a")
    other.publish_package_version(
        domain=domain, domainOwner=ground.account, repository="theirs", **ids, packageVersion="1.0.0",
        assetName="a", assetContent=b"a", assetSHA256=hashlib.sha256(b"a").hexdigest(),
    )  # fmt: skip
    found = events(ground, domain)
    receivers = {
        where: sorted(event["account"] for event in found if event["detail"]["repositoryName"] == where)
        for where in ("ours", "theirs")
    }
    assert receivers == {"ours": [ground.account], "theirs": sorted([ground.account, OTHER])}
    administrators = {event["detail"]["repositoryName"]: event["detail"]["repositoryAdministrator"] for event in found}
    assert administrators == {"ours": ground.account, "theirs": OTHER}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """An endpoint that fails twice."""
    one = Receiver(failures=2)
    yield one
    one.close()


def test_endpoints_get_each_event_in_order_and_signed(own_ground: Callable[..., Ground], receiver: Receiver) -> None:
    ground = own_ground(settings=knobs.event_endpoint("story", receiver.url))
    repository = ground.repository(ground.domain(), "app")
    ids = ground.generic(repository, "thing", "1.0.0", "2.0.0")
    ground.set_status(repository, ids, "1.0.0", "Archived")
    wait_until(lambda: len(receiver.received) >= 3, timeout_s=60)
    assert receiver.attempts == len(receiver.received) + 2, "failed deliveries are tried again"
    bodies = [json.loads(body) for _, body in receiver.received]
    assert story(bodies) == [
        ("app", "1.0.0", "Published", "Created"),
        ("app", "2.0.0", "Published", "Created"),
        ("app", "1.0.0", "Archived", "Updated"),
    ]
    printed = ground.server.events("--domain", repository.domain)
    assert [body["id"] for body in bodies] == [event["id"] for event in printed]
    for headers, body in receiver.received:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        signature = base64.b64encode(hmac.digest(knobs.EVENT_KEY, signed, "sha256")).decode()
        assert headers["webhook-signature"].split(" ")[0] == f"v1,{signature}"
