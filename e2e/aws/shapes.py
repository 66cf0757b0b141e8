"""Output members, as the published model of the API has them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

DOMAIN_SUMMARY = {"name", "owner", "arn", "status", "createdTime", "encryptionKey"}
DOMAIN = DOMAIN_SUMMARY | {"repositoryCount", "assetSizeBytes", "s3BucketArn"}
REPOSITORY = {
    "name", "administratorAccount", "domainName", "domainOwner", "arn", "description", "upstreams",
    "externalConnections", "createdTime",
}  # fmt: skip
REPOSITORY_SUMMARY = {"name", "administratorAccount", "domainName", "domainOwner", "arn", "description", "createdTime"}
VERSION = {
    "format", "namespace", "packageName", "displayName", "version", "summary", "homePage", "sourceCodeRepository",
    "publishedTime", "licenses", "revision", "status", "origin",
}  # fmt: skip


def payload(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer without the SDK's own part, after a look at the request id that every reply carries."""
    metadata = answer["ResponseMetadata"]
    assert metadata["HTTPStatusCode"] == 200
    uuid.UUID(metadata["RequestId"])
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def assert_members(value: dict[str, Any], allowed: set[str], *, optional: set[str] = frozenset()) -> None:
    """Exactly the members of the model, save for the optional ones."""
    present = set(value)
    assert present <= allowed, f"members the model does not have: {present - allowed}"
    assert allowed - optional <= present, f"members missing: {allowed - optional - present}"


def assert_recent(moment: datetime) -> None:
    """A time the server has just set."""
    age_s = (datetime.now(moment.tzinfo) - moment).total_seconds()
    assert -5 < age_s < 600, f"{moment} is {age_s} s old"
