"""Section 1: a domain is the unit of storage, ownership and names."""

from __future__ import annotations

import pytest

from harness import account
from harness.account import npm_ids
from harness.errors import raises
from harness.identities import allow, document
from semantics.ground import Ground

OTHER = "222233334444"


def test_equal_bytes_are_stored_once_however_many_repositories_hold_them(ground: Ground) -> None:
    one, two = (ground.repository(domain, name) for domain in [ground.domain()] for name in ("one", "two"))
    content = b"x" * 5000
    ids = {"format": "generic", "namespace": "tools", "package": "thing"}
    ground.asset(one, ids, "1.0.0", "a.bin", content)
    assert ground.size(one.domain) == len(content)
    ground.asset(two, ids, "1.0.0", "other-name.bin", content)
    ground.aws.copy_package_versions(
        domain=one.domain,
        sourceRepository="one",
        destinationRepository="two",
        **ids,
        versions=["1.0.0"],
        allowOverwrite=True,
    )
    assert ground.size(one.domain) == len(content)


@pytest.mark.parametrize("last", ["Deleted", "Disposed"])
def test_an_asset_stops_counting_with_the_last_version_that_refers_to_it(ground: Ground, last: str) -> None:
    one, two = (ground.repository(domain, name) for domain in [ground.domain()] for name in ("one", "two"))
    ids = ground.generic(one, "thing", "1.0.0")
    size = ground.size(one.domain)
    assert size > 0
    ground.aws.copy_package_versions(
        domain=one.domain, sourceRepository="one", destinationRepository="two", **ids, versions=["1.0.0"]
    )
    ground.set_status(one, ids, "1.0.0", "Deleted")
    assert ground.size(one.domain) == size, "the copy still has it"
    ground.set_status(two, ids, "1.0.0", last)
    assert ground.size(one.domain) == 0


def test_retention_takes_no_storage(ground: Ground) -> None:
    app, _, store = ground.chain("app", "team", "store", connected=True)
    name = ground.public("1.0.0")
    assert app.registry().tarball(name, "1.0.0").status == 200
    assert ground.npm_held(app, name) == ground.npm_held(store, name) == {"1.0.0"}
    assets = ground.aws.list_package_version_assets(**app.ids, **npm_ids(name), packageVersion="1.0.0")["assets"]
    assert ground.size(app.domain) == assets[0]["size"]


def test_two_accounts_may_own_the_same_name(ground: Ground) -> None:
    name = ground.domain()
    other = account.key_client(ground.server, ground.server.create_key(OTHER), ground.region)
    made = other.create_domain(domain=name)["domain"]
    assert made["owner"] == OTHER
    assert made["arn"] == ground.arn("domain", name, OTHER)
    other.create_repository(domain=name, repository="theirs")
    assert ground.aws.list_repositories_in_domain(domain=name)["repositories"] == []
    assert ground.aws.describe_domain(domain=name, domainOwner=ground.account)["domain"]["owner"] == ground.account


def test_without_an_owner_a_name_is_looked_for_in_the_callers_account(ground: Ground) -> None:
    name = ground.domain()
    other = account.key_client(ground.server, ground.server.create_key(OTHER), ground.region)
    with raises(other, "ResourceNotFoundException", resource=("domain", name)):
        other.describe_domain(domain=name)


def test_repositories_of_all_administrators_count(ground: Ground) -> None:
    domain = ground.domain()
    other = account.key_client(ground.server, ground.server.create_key(OTHER), ground.region)
    statement = allow("codeartifact:CreateRepository", Principal={"AWS": f"arn:aws:iam::{OTHER}:root"})
    ground.aws.put_domain_permissions_policy(domain=domain, policyDocument=document(statement))
    ground.aws.create_repository(domain=domain, repository="ours")
    made = other.create_repository(domain=domain, domainOwner=ground.account, repository="theirs")["repository"]
    assert (made["administratorAccount"], made["domainOwner"]) == (OTHER, ground.account)
    # The ARN carries the owner of the domain, whoever administers the repository.
    assert made["arn"] == ground.arn("repository", f"{domain}/theirs")
    assert ground.aws.describe_domain(domain=domain)["domain"]["repositoryCount"] == 2
    # Only the administrator sees it in the list of its own repositories.
    mine = ground.aws.get_paginator("list_repositories").paginate().build_full_result()["repositories"]
    assert "theirs" not in {one["name"] for one in mine if one["domainName"] == domain}
    theirs = other.list_repositories()["repositories"]
    assert [one["name"] for one in theirs if one["domainName"] == domain] == ["theirs"]
    in_domain = ground.aws.list_repositories_in_domain(domain=domain, administratorAccount=OTHER)["repositories"]
    assert [one["name"] for one in in_domain] == ["theirs"]


def test_the_encryption_key_is_shown_as_an_arn_whatever_was_sent(ground: Ground) -> None:
    by_default = ground.aws.create_domain(domain=ground.fresh("acme"))["domain"]["encryptionKey"]
    prefix = f"arn:aws:kms:{ground.region}:{ground.account}:"
    assert by_default.startswith(prefix)
    for sent in ("6f1c9a52-5a3e-4a6e-9d0e-0b4f0c7d2e11", f"{prefix}key/6f1c9a52-5a3e-4a6e-9d0e-0b4f0c7d2e11"):
        name = ground.fresh("acme")
        made = ground.aws.create_domain(domain=name, encryptionKey=sent)["domain"]
        assert made["encryptionKey"] == f"{prefix}key/6f1c9a52-5a3e-4a6e-9d0e-0b4f0c7d2e11"
        assert ground.aws.describe_domain(domain=name)["domain"]["encryptionKey"] == made["encryptionKey"]


def test_a_domain_goes_only_when_it_is_empty_and_takes_its_groups_tags_and_policy(ground: Ground) -> None:
    domain = ground.domain()
    aws = ground.aws
    aws.create_repository(domain=domain, repository="last")
    with raises(aws, "ConflictException", resource=("domain", domain)):
        aws.delete_domain(domain=domain)
    aws.create_package_group(domain=domain, packageGroup="/npm/*")
    aws.tag_resource(resourceArn=ground.arn("domain", domain), tags=[{"key": "a", "value": "b"}])
    aws.put_domain_permissions_policy(domain=domain, policyDocument=document(allow("codeartifact:*", Principal="*")))
    aws.delete_repository(domain=domain, repository="last")
    aws.delete_domain(domain=domain)
    aws.delete_domain(domain=domain)
    aws.create_domain(domain=domain)
    groups = aws.list_package_groups(domain=domain)["packageGroups"]
    assert [group["pattern"] for group in groups] == ["/*"]
    assert aws.list_tags_for_resource(resourceArn=ground.arn("domain", domain))["tags"] == []
    with raises(aws, "ResourceNotFoundException"):
        aws.get_domain_permissions_policy(domain=domain)
