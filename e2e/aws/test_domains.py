"""CreateDomain, DescribeDomain, ListDomains, DeleteDomain, GetAuthorizationToken through boto3."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aws import shapes
from harness import account, knobs
from harness.account import Repository, fresh_domain_name
from harness.errors import raises
from harness.server import Server

PATTERN_TEXT = "failed to satisfy constraint: Member must satisfy regular expression pattern: "


def test_create_domain_describes_what_was_made(aws: Any, server: Server) -> None:
    name = fresh_domain_name()
    created = shapes.payload(aws.create_domain(domain=name, tags=[{"key": "team", "value": "build"}]))["domain"]
    shapes.assert_members(created, shapes.DOMAIN, optional={"s3BucketArn"})
    assert created["name"] == name
    assert created["owner"] == server.account
    assert created["arn"] == f"arn:aws:codeartifact:{aws.meta.region_name}:{server.account}:domain/{name}"
    assert created["status"] == "Active"
    assert created["repositoryCount"] == 0
    assert created["assetSizeBytes"] == 0
    assert created["encryptionKey"].startswith("arn:aws:kms:")
    shapes.assert_recent(created["createdTime"])


def test_create_domain_echoes_a_key_arn(aws: Any, server: Server) -> None:
    key = f"arn:aws:kms:{aws.meta.region_name}:{server.account}:key/6f1c9a52-5a3e-4a6e-9d0e-0b4f0c7d2e11"
    created = aws.create_domain(domain=fresh_domain_name(), encryptionKey=key)["domain"]
    assert created["encryptionKey"] == key


def test_describe_domain_agrees_with_create_and_counts_repositories(aws: Any) -> None:
    name = fresh_domain_name()
    created = aws.create_domain(domain=name)["domain"]
    aws.create_repository(domain=name, repository="one")
    described = shapes.payload(aws.describe_domain(domain=name, domainOwner=created["owner"]))["domain"]
    shapes.assert_members(described, shapes.DOMAIN)
    assert described["repositoryCount"] == 1
    unchanged = set(created) - {"repositoryCount"}
    assert {member: described[member] for member in unchanged} == {member: created[member] for member in unchanged}


def test_asset_size_counts_equal_bytes_once(aws: Any, private: Repository) -> None:
    from harness.packages import Package, fresh_name

    package = Package(fresh_name(), "1.0.0", size_bytes=5000)
    assert private.registry().publish(package).status in (200, 201)
    size = aws.describe_domain(domain=private.domain)["domain"]["assetSizeBytes"]
    assert size == len(package.tarball())
    aws.create_repository(domain=private.domain, repository="second")
    second = Repository(private.server, aws, private.domain, "second")
    assert second.registry().publish(package).status in (200, 201)
    assert aws.describe_domain(domain=private.domain)["domain"]["assetSizeBytes"] == size
    second.close()


def test_list_domains_pages_through_all_of_the_account(aws: Any) -> None:
    names = {aws.create_domain(domain=fresh_domain_name())["domain"]["name"] for _ in range(3)}
    pages = list(aws.get_paginator("list_domains").paginate(maxResults=2))
    listed = [domain for page in pages for domain in page["domains"]]
    assert len(pages) > 1
    assert all(len(page["domains"]) <= 2 for page in pages)
    assert names <= {domain["name"] for domain in listed}
    assert len({domain["arn"] for domain in listed}) == len(listed), "a domain was listed twice"
    for summary in listed:
        shapes.assert_members(summary, shapes.DOMAIN_SUMMARY)


def test_a_domain_name_is_taken_once(aws: Any, domain: str) -> None:
    with raises(aws, "ConflictException", resource=("domain", domain)):
        aws.create_domain(domain=domain)


@pytest.mark.parametrize("name", ["my_domain", "1domain", "Domain", "domain-", "a" * 51])
def test_a_malformed_domain_name_is_refused_in_the_words_of_aws(aws: Any, name: str) -> None:
    with raises(aws, "ValidationException", reason="FIELD_VALIDATION_FAILED") as raised:
        aws.create_domain(domain=name)
    assert raised.message.startswith("1 validation error detected: ") or raised.message.startswith(
        "2 validation errors detected: "
    )
    assert f"Value '{name}' at 'domain' failed to satisfy constraint" in raised.message
    with raises(aws, "ValidationException"):
        aws.describe_domain(domain=name)


def test_an_unknown_domain_is_not_found(aws: Any) -> None:
    with raises(aws, "ResourceNotFoundException", resource=("domain", "nowhere")):
        aws.describe_domain(domain="nowhere")


def test_a_domain_with_repositories_is_not_deleted(aws: Any, private: Repository) -> None:
    with raises(aws, "ConflictException", resource=("domain", private.domain)):
        aws.delete_domain(domain=private.domain)
    aws.delete_repository(**private.ids)
    deleted = shapes.payload(aws.delete_domain(domain=private.domain))["domain"]
    assert deleted["name"] == private.domain
    with raises(aws, "ResourceNotFoundException"):
        aws.describe_domain(domain=private.domain)


def test_deleting_an_absent_domain_succeeds(aws: Any) -> None:
    shapes.payload(aws.delete_domain(domain="never-was"))


def test_a_deleted_name_starts_empty_again(aws: Any, private: Repository) -> None:
    aws.delete_repository(**private.ids)
    aws.delete_domain(domain=private.domain)
    aws.create_domain(domain=private.domain)
    assert aws.list_repositories_in_domain(domain=private.domain)["repositories"] == []


def test_the_quota_of_domains_holds(new_server: Callable[..., Server]) -> None:
    server = new_server(quotas={knobs.QUOTA_DOMAINS: 2}).start()
    aws = account.profile_client(server)
    for name in ("first", "second"):
        aws.create_domain(domain=name)
    with raises(aws, "ServiceQuotaExceededException"):
        aws.create_domain(domain="third")
    assert {domain["name"] for domain in aws.list_domains()["domains"]} == {"first", "second"}


@pytest.mark.parametrize(("duration_s", "expected_s"), [(None, 43_200), (900, 900), (43_200, 43_200)])
def test_a_token_lives_as_long_as_asked(aws: Any, domain: str, duration_s: int | None, expected_s: int) -> None:
    asked = {} if duration_s is None else {"durationSeconds": duration_s}
    before = datetime.now(UTC)
    answer = shapes.payload(aws.get_authorization_token(domain=domain, **asked))
    assert set(answer) == {"authorizationToken", "expiration"}
    assert abs(answer["expiration"] - before - timedelta(seconds=expected_s)) < timedelta(seconds=30)
    token = answer["authorizationToken"]
    assert token.isascii() and token.isprintable()
    # Clients put it into addresses, headers and INI files.
    assert not set(token) & set(":@/%\\'\" \t\r\n"), "the token has a character that a client would mangle"


@pytest.mark.parametrize("duration_s", [1, 899, 43_201, -1])
def test_a_token_lifetime_outside_the_bounds_is_refused(aws: Any, domain: str, duration_s: int) -> None:
    # The SDK itself refuses what is below its minimum, so the request is sent unchecked.
    client = account.unchecked_client(aws)
    with raises(client, "ValidationException"):
        client.get_authorization_token(domain=domain, durationSeconds=duration_s)


def test_a_token_for_an_unknown_domain_is_refused(aws: Any) -> None:
    with raises(aws, "ResourceNotFoundException", resource=("domain", "nowhere")):
        aws.get_authorization_token(domain="nowhere")
