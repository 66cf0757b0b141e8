"""AssociateExternalConnection and its reverse through boto3: the answer, and every exception the model declares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aws import shapes
from harness import account, knobs
from harness.account import Repository
from harness.errors import raises
from harness.faults import writes_fail
from harness.server import Server

OTHER_ACCOUNT = "444455556666"


def associate(aws: Any, repository: Repository, connection: str = knobs.NPM_CONNECTION) -> dict[str, Any]:
    """The call of this file."""
    return aws.associate_external_connection(**repository.ids, externalConnection=connection)


def connections(aws: Any, repository: Repository) -> list[dict[str, str]]:
    """What the repository has now."""
    return aws.describe_repository(**repository.ids)["repository"]["externalConnections"]


@pytest.mark.parametrize(("name", "package_format"), knobs.PUBLIC_CONNECTIONS.items())
def test_each_public_connection_is_associated_by_name(
    aws: Any, server: Server, private: Repository, name: str, package_format: str
) -> None:
    before = aws.describe_repository(**private.ids)["repository"]
    answer = aws.associate_external_connection(**private.ids, domainOwner=server.account, externalConnection=name)
    repository = shapes.payload(answer)["repository"]
    shapes.assert_members(repository, shapes.REPOSITORY)
    assert repository["externalConnections"] == [
        {"externalConnectionName": name, "packageFormat": package_format, "status": "Available"}
    ]
    # Nothing else of the repository has changed.
    assert repository | {"externalConnections": []} == before
    assert aws.describe_repository(**private.ids)["repository"] == repository


def test_disassociation_gives_the_repository_back(aws: Any, private: Repository) -> None:
    associate(aws, private)
    answer = aws.disassociate_external_connection(**private.ids, externalConnection=knobs.NPM_CONNECTION)
    repository = shapes.payload(answer)["repository"]
    shapes.assert_members(repository, shapes.REPOSITORY)
    assert repository["externalConnections"] == []
    assert connections(aws, private) == []
    with raises(aws, "ResourceNotFoundException"):
        aws.disassociate_external_connection(**private.ids, externalConnection=knobs.NPM_CONNECTION)
    associate(aws, private, "public:pypi")


def test_conflict_the_connection_is_there_already(aws: Any, private: Repository) -> None:
    associate(aws, private)
    with raises(aws, "ConflictException", resource=("repository", private.name)):
        associate(aws, private)


def test_validation_a_repository_has_one_connection(aws: Any, private: Repository) -> None:
    associate(aws, private)
    with raises(aws, "ValidationException") as raised:
        associate(aws, private, "public:pypi")
    assert raised.message == "ExternalConnections for repositories are currently limited to 1"
    assert [connection["externalConnectionName"] for connection in connections(aws, private)] == ["public:npmjs"]


def test_validation_upstreams_and_a_connection_exclude_each_other(aws: Any, private: Repository) -> None:
    aws.create_repository(domain=private.domain, repository="store")
    aws.update_repository(**private.ids, upstreams=[{"repositoryName": "store"}])
    with raises(aws, "ValidationException"):
        associate(aws, private)
    assert connections(aws, private) == []
    # And the other way round; even an empty list is refused.
    store = {"domain": private.domain, "repository": "store"}
    aws.associate_external_connection(**store, externalConnection=knobs.NPM_CONNECTION)
    for upstreams in ([], [{"repositoryName": private.name}]):
        with raises(aws, "ValidationException"):
            aws.update_repository(**store, upstreams=upstreams)
    aws.update_repository(**store, description="a description may change")


@pytest.mark.parametrize("name", ["public npmjs", "-x", "a" * 101, "public/npmjs"])
def test_validation_of_the_name_is_in_the_words_of_aws(aws: Any, private: Repository, name: str) -> None:
    with raises(aws, "ValidationException", reason="FIELD_VALIDATION_FAILED") as raised:
        associate(aws, private, name)
    assert f"Value '{name}' at 'externalConnection' failed to satisfy constraint: " in raised.message


def test_validation_of_missing_members(aws: Any, private: Repository) -> None:
    client = account.unchecked_client(aws)
    with raises(client, "ValidationException", reason="FIELD_VALIDATION_FAILED") as raised:
        client.associate_external_connection(**private.ids)
    assert "'externalConnection'" in raised.message


def test_resource_not_found_names_what_is_missing(aws: Any, private: Repository) -> None:
    connection = {"externalConnection": knobs.NPM_CONNECTION}
    with raises(aws, "ResourceNotFoundException", resource=("domain", "nowhere")):
        aws.associate_external_connection(domain="nowhere", repository="app", **connection)
    with raises(aws, "ResourceNotFoundException", resource=("repository", "absent")):
        aws.associate_external_connection(domain=private.domain, repository="absent", **connection)
    with raises(aws, "ResourceNotFoundException") as raised:
        associate(aws, private, "public:no-such-source")
    assert "public:no-such-source" in raised.message
    # The same domain name in another account is another domain, of which this caller may not even know.
    with raises(aws, "AccessDeniedException"):
        aws.associate_external_connection(**private.ids, domainOwner="111122223333", **connection)


def test_access_denied_for_another_account(aws: Any, server: Server, private: Repository) -> None:
    stranger = account.key_client(server, server.create_key(OTHER_ACCOUNT), aws.meta.region_name)
    with raises(stranger, "AccessDeniedException") as raised:
        stranger.associate_external_connection(
            **private.ids, domainOwner=server.account, externalConnection=knobs.NPM_CONNECTION
        )
    assert "is not authorized to perform: codeartifact:AssociateExternalConnection on resource: " in raised.message
    assert OTHER_ACCOUNT in raised.message
    # What does not exist looks the same to a stranger as what does.
    with raises(stranger, "AccessDeniedException"):
        stranger.associate_external_connection(
            domain=private.domain,
            domainOwner=server.account,
            repository="absent",
            externalConnection=knobs.NPM_CONNECTION,
        )
    assert connections(aws, private) == []


def test_quota_of_connections(new_server: Callable[..., Server]) -> None:
    server = new_server(quotas={knobs.QUOTA_CONNECTIONS: 1}).start()
    aws = account.profile_client(server)
    domain = account.create_domain(aws)
    for name in ("one", "two"):
        aws.create_repository(domain=domain, repository=name)
    first, second = (Repository(server, aws, domain, name) for name in ("one", "two"))
    associate(aws, first)
    with raises(aws, "ServiceQuotaExceededException"):
        associate(aws, second)
    assert connections(aws, second) == []
    aws.disassociate_external_connection(**first.ids, externalConnection=knobs.NPM_CONNECTION)
    associate(aws, second)


def test_throttling_says_when_to_come_back(new_server: Callable[..., Server]) -> None:
    server = new_server().start()
    aws = account.profile_client(server)
    domain = account.create_domain(aws)
    aws.create_repository(domain=domain, repository="app")
    repository = Repository(server, aws, domain, "app")
    server.restart(quotas={knobs.QUOTA_REQUEST_RATE: 1})
    with raises(aws, "ThrottlingException") as raised:
        # The first may pass, and then conflicts would follow; so the name is one that is never found.
        for _ in range(20):
            with pytest.raises(aws.exceptions.ResourceNotFoundException):
                associate(aws, repository, "public:no-such-source")
    assert int(raised.headers["retry-after"]) >= 1
    assert int(raised.response["retryAfterSeconds"]) >= 1
    # An SDK with its usual retries gets through by itself.
    patient = account.profile_client(server, attempts=8)
    associate(patient, repository)


def test_internal_error_tells_nothing_and_writes_nothing(new_server: Callable[..., Server]) -> None:
    server = new_server().start()
    aws = account.profile_client(server)
    domain = account.create_domain(aws)
    aws.create_repository(domain=domain, repository="app")
    repository = Repository(server, aws, domain, "app")
    with writes_fail(server.data_dir), raises(aws, "InternalServerException") as raised:
        associate(aws, repository)
    assert "injected" not in raised.message and "sql" not in raised.message.lower(), "the cause reached the client"
    # Lines are written by a thread of their own, a moment after the reply.
    server.wait_for_log(raised.headers["x-amzn-requestid"])
    assert connections(aws, repository) == []
    associate(aws, repository)
    assert len(connections(aws, repository)) == 1
