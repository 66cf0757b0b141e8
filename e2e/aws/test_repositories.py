"""The repository operations and GetRepositoryEndpoint through boto3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aws import shapes
from harness import account, knobs
from harness.account import Repository
from harness.errors import raises
from harness.server import Server

FORMATS = ["npm", "pypi", "maven", "nuget", "generic", "ruby", "swift", "cargo"]


def names(upstreams: list[dict[str, str]]) -> list[str]:
    """The names in an upstream list."""
    return [upstream["repositoryName"] for upstream in upstreams]


def as_upstreams(*repositories: str) -> list[dict[str, str]]:
    """The reverse."""
    return [{"repositoryName": repository} for repository in repositories]


def test_create_repository_describes_what_was_made(aws: Any, server: Server, domain: str) -> None:
    aws.create_repository(domain=domain, repository="b-store")
    aws.create_repository(domain=domain, repository="a-store")
    answer = aws.create_repository(
        domain=domain,
        domainOwner=server.account,
        repository="Team.A_1-x",
        description="for the team – größer",
        upstreams=as_upstreams("b-store", "a-store"),
        tags=[{"key": "team", "value": "a"}],
    )
    created = shapes.payload(answer)["repository"]
    shapes.assert_members(created, shapes.REPOSITORY)
    assert created["name"] == "Team.A_1-x"
    assert created["administratorAccount"] == created["domainOwner"] == server.account
    assert created["domainName"] == domain
    region = aws.meta.region_name
    assert created["arn"] == f"arn:aws:codeartifact:{region}:{server.account}:repository/{domain}/Team.A_1-x"
    assert created["description"] == "for the team – größer"
    assert names(created["upstreams"]) == ["b-store", "a-store"], "the order is the priority"
    assert created["externalConnections"] == []
    shapes.assert_recent(created["createdTime"])
    described = shapes.payload(aws.describe_repository(domain=domain, repository="Team.A_1-x"))["repository"]
    assert described == created


def test_a_repository_name_is_taken_once_per_domain(aws: Any, private: Repository) -> None:
    with raises(aws, "ConflictException", resource=("repository", private.name)):
        aws.create_repository(**private.ids)


def test_repositories_of_unknown_domains_are_not_found(aws: Any, domain: str) -> None:
    with raises(aws, "ResourceNotFoundException", resource=("domain", "nowhere")):
        aws.create_repository(domain="nowhere", repository="app")
    with raises(aws, "ResourceNotFoundException", resource=("repository", "absent")):
        aws.describe_repository(domain=domain, repository="absent")


@pytest.mark.parametrize("name", ["-app", "a b", "ä-store", "x" * 101])
def test_a_malformed_repository_name_is_refused(aws: Any, domain: str, name: str) -> None:
    with raises(aws, "ValidationException", reason="FIELD_VALIDATION_FAILED") as raised:
        aws.create_repository(domain=domain, repository=name)
    assert f"Value '{name}' at 'repository' failed to satisfy constraint" in raised.message
    assert aws.list_repositories_in_domain(domain=domain)["repositories"] == [], "a refused call wrote something"


def test_several_faults_are_reported_together(aws: Any, domain: str) -> None:
    client = account.unchecked_client(aws)
    with raises(client, "ValidationException") as raised:
        client.create_repository(domain="x", repository="y")
    assert raised.message.startswith("2 validation errors detected: ")
    assert "at 'domain'" in raised.message and "at 'repository'" in raised.message


def test_upstreams_must_exist(aws: Any, domain: str) -> None:
    with raises(aws, "ResourceNotFoundException", resource=("repository", "absent")):
        aws.create_repository(domain=domain, repository="app", upstreams=as_upstreams("absent"))
    with raises(aws, "ResourceNotFoundException"):
        aws.describe_repository(domain=domain, repository="app")


def test_cycles_and_too_many_upstreams_are_refused(aws: Any, domain: str) -> None:
    aws.create_repository(domain=domain, repository="one")
    aws.create_repository(domain=domain, repository="two", upstreams=as_upstreams("one"))
    for cycle in ("one", "two"):
        with raises(aws, "ValidationException"):
            aws.update_repository(domain=domain, repository="one", upstreams=as_upstreams(cycle))
    stores = [f"store-{number}" for number in range(11)]
    for store in stores:
        aws.create_repository(domain=domain, repository=store)
    with raises(aws, "ValidationException"):
        aws.create_repository(domain=domain, repository="wide", upstreams=as_upstreams(*stores))
    aws.create_repository(domain=domain, repository="wide", upstreams=as_upstreams(*stores[:10]))


def test_update_repository_tells_absent_from_empty(aws: Any, domain: str) -> None:
    for store in ("one", "two"):
        aws.create_repository(domain=domain, repository=store)
    ids = {"domain": domain, "repository": "app"}
    aws.create_repository(**ids, description="first", upstreams=as_upstreams("one"))
    updated = shapes.payload(aws.update_repository(**ids, description="second"))["repository"]
    shapes.assert_members(updated, shapes.REPOSITORY)
    assert (updated["description"], names(updated["upstreams"])) == ("second", ["one"])
    updated = aws.update_repository(**ids, upstreams=as_upstreams("two", "one"))["repository"]
    assert (updated["description"], names(updated["upstreams"])) == ("second", ["two", "one"])
    updated = aws.update_repository(**ids, upstreams=[])["repository"]
    assert updated["upstreams"] == []
    assert aws.update_repository(**ids, description="")["repository"].get("description", "") == ""


def test_delete_repository_describes_what_is_gone(aws: Any, private: Repository) -> None:
    deleted = shapes.payload(aws.delete_repository(**private.ids))["repository"]
    assert deleted["name"] == private.name
    with raises(aws, "ResourceNotFoundException"):
        aws.describe_repository(**private.ids)
    aws.delete_repository(**private.ids)
    with raises(aws, "ResourceNotFoundException", resource=("domain", "nowhere")):
        aws.delete_repository(domain="nowhere", repository="app")


def test_repositories_are_listed_by_domain_prefix_and_administrator(aws: Any, server: Server, domain: str) -> None:
    made = [f"svc-{number}" for number in range(5)]
    for repository in [*made, "other"]:
        aws.create_repository(domain=domain, repository=repository)
    paginator = aws.get_paginator("list_repositories_in_domain")
    pages = list(paginator.paginate(domain=domain, repositoryPrefix="svc-", maxResults=2))
    listed = [repository for page in pages for repository in page["repositories"]]
    assert [repository["name"] for repository in listed] == made
    assert len(pages) == 3
    for summary in listed:
        shapes.assert_members(summary, shapes.REPOSITORY_SUMMARY, optional={"description"})
        assert summary["domainName"] == domain
    mine = aws.list_repositories_in_domain(domain=domain, administratorAccount=server.account)
    assert len(shapes.payload(mine)["repositories"]) == 6
    others = aws.list_repositories_in_domain(domain=domain, administratorAccount="999999999999")
    assert others["repositories"] == []
    with raises(aws, "ResourceNotFoundException", resource=("domain", "nowhere")):
        aws.list_repositories_in_domain(domain="nowhere")


def test_list_repositories_spans_domains(aws: Any) -> None:
    prefix = "spanning-repository"
    domains = {account.create_domain(aws) for _ in range(2)}
    for domain in domains:
        aws.create_repository(domain=domain, repository=f"{prefix}-x")
    pages = list(aws.get_paginator("list_repositories").paginate(repositoryPrefix=prefix, maxResults=1))
    listed = [repository for page in pages for repository in page["repositories"]]
    assert {repository["domainName"] for repository in listed} == domains
    for summary in listed:
        shapes.assert_members(summary, shapes.REPOSITORY_SUMMARY, optional={"description"})


@pytest.mark.parametrize("call", ["list_repositories", "list_domains"])
def test_s14_a_forged_page_token_is_refused(aws: Any, call: str) -> None:
    with raises(aws, "ValidationException"):
        getattr(aws, call)(nextToken="forged-token")


@pytest.mark.parametrize("package_format", FORMATS)
def test_every_format_has_an_endpoint(aws: Any, private: Repository, package_format: str) -> None:
    answer = shapes.payload(aws.get_repository_endpoint(**private.ids, format=package_format))
    endpoint = answer["repositoryEndpoint"]
    # Clients join file names to it without looking.
    assert endpoint.endswith("/")
    assert f"/{package_format}/" in endpoint
    assert private.name in endpoint and private.domain in endpoint
    for kind in ("ipv4", "dualstack"):
        typed = aws.get_repository_endpoint(**private.ids, format=package_format, endpointType=kind)
        assert typed["repositoryEndpoint"].endswith("/")


def test_endpoints_are_checked(aws: Any, private: Repository) -> None:
    with raises(aws, "ValidationException"):
        aws.get_repository_endpoint(**private.ids, format="rpm")
    with raises(aws, "ValidationException"):
        aws.get_repository_endpoint(**private.ids, format="npm", endpointType="ipv6")
    with raises(aws, "ResourceNotFoundException", resource=("repository", "absent")):
        aws.get_repository_endpoint(domain=private.domain, repository="absent", format="npm")


def test_the_quota_of_repositories_holds(new_server: Callable[..., Server]) -> None:
    server = new_server(quotas={knobs.QUOTA_REPOSITORIES: 2}).start()
    aws = account.profile_client(server)
    domain = account.create_domain(aws)
    for name in ("one", "two"):
        aws.create_repository(domain=domain, repository=name)
    with raises(aws, "ServiceQuotaExceededException"):
        aws.create_repository(domain=domain, repository="three")
