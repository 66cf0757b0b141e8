"""Section 16: a record of every API call and of every request of a package client."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from harness import knobs
from harness.errors import raises
from harness.identities import User
from harness.packages import Package
from harness.waiting import wait_until
from semantics.ground import Ground

STANDARD = {
    "eventVersion", "eventTime", "eventID", "requestID", "eventType", "recipientAccountId", "awsRegion",
    "sourceIPAddress", "userAgent", "userIdentity", "eventSource", "eventName", "readOnly",
}  # fmt: skip


def records(ground: Ground) -> list[dict[str, Any]]:
    """All records so far; a line that is being written is none yet."""
    lines: list[str] = []
    for path in sorted(knobs.audit_folder(ground.server.data_dir).iterdir()):
        text = path.read_text()
        lines += text[: text.rfind("\n") + 1].splitlines()
    return [json.loads(line) for line in lines]


def record_of(ground: Ground, name: str, domain: str) -> dict[str, Any]:
    """The record of an event about a domain; it is written a moment after the reply."""

    def found() -> list[dict[str, Any]]:
        return [
            one
            for one in records(ground)
            if one["eventName"] == name and (one.get("requestParameters") or {}).get("domainName") == domain
        ]

    wait_until(lambda: bool(found()), timeout_s=10)
    record = found()[-1]
    assert set(record) >= STANDARD
    assert record["eventType"] == "AwsApiCall"
    assert record["eventSource"] == "codeartifact.amazonaws.com"
    assert record["sourceIPAddress"] == "127.0.0.1"
    uuid.UUID(record["eventID"]), uuid.UUID(record["requestID"])
    return record


@pytest.mark.parametrize("read_only", [True, False])
def test_an_api_call_is_recorded(ground: Ground, read_only: bool) -> None:
    repository = ground.repository(ground.domain(), "app")
    if read_only:
        answer = ground.aws.describe_repository(**repository.ids)
    else:
        answer = ground.aws.update_repository(**repository.ids, description="x")
    record = record_of(ground, "DescribeRepository" if read_only else "UpdateRepository", repository.domain)
    assert record["readOnly"] is read_only
    assert record["requestID"] == answer["ResponseMetadata"]["RequestId"]
    parameters = record["requestParameters"]
    assert (parameters["domainName"], parameters["repositoryName"]) == (repository.domain, "app")
    assert record["userIdentity"]["arn"] == f"arn:aws:iam::{ground.account}:root"
    assert record["userIdentity"]["accountId"] == ground.account
    assert "boto" in record["userAgent"].lower()


def test_a_package_request_is_recorded_with_the_principal_of_its_token(ground: Ground) -> None:
    repository = ground.repository(ground.domain(), "app")
    repository.registry().publish(Package("parcel", "1.0.0"))
    repository.registry().tarball("parcel", "1.0.0")
    read = record_of(ground, "ReadFromRepository", repository.domain)
    assert read["readOnly"] is True
    assert read["additionalEventData"]["httpMethod"] == "GET"
    assert read["additionalEventData"]["requestUri"].endswith("/parcel/-/parcel-1.0.0.tgz")
    assert read["userIdentity"]["arn"] == f"arn:aws:iam::{ground.account}:root"
    parameters = read["requestParameters"]
    assert (parameters["packageFormat"], parameters["packageName"]) == ("npm", "parcel")
    written = record_of(ground, "PublishPackageVersion", repository.domain)
    assert written["readOnly"] is False
    assert written["additionalEventData"]["httpMethod"] == "PUT"


def test_tokens_are_hidden_and_nothing_secret_is_written(ground: Ground) -> None:
    repository = ground.repository(ground.domain(), "app")
    token = repository.token
    record = record_of(ground, "GetAuthorizationToken", repository.domain)
    assert record["readOnly"] is False
    assert record["responseElements"] == {"sessionToken": "HIDDEN_DUE_TO_SECURITY_REASONS"}
    repository.registry().get("absent")
    record_of(ground, "ReadFromRepository", repository.domain)
    text = json.dumps(records(ground))
    assert token not in text
    assert "Signature=" not in text and "Bearer " not in text


def test_refused_calls_are_recorded_with_their_error(ground: Ground) -> None:
    domain = ground.domain()
    jane = User(ground.server)
    client = jane.client(ground.region)
    with raises(client, "AccessDeniedException"):
        client.describe_domain(domain=domain)
    record = record_of(ground, "DescribeDomain", domain)
    assert record["errorCode"] in ("AccessDenied", "AccessDeniedException")
    assert "not authorized" in record["errorMessage"]
    assert (record["userIdentity"]["arn"], record["userIdentity"]["accessKeyId"]) == (jane.arn, jane.key.id)
