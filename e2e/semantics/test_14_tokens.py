"""Section 14: authorization tokens."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from harness import account
from harness.errors import raises
from harness.identities import User, allow, deny
from harness.npm_wire import Registry
from harness.waiting import wait_until
from semantics.ground import Ground


@pytest.mark.parametrize(
    ("given", "seconds"), [({}, 43200), ({"durationSeconds": 900}, 900), ({"durationSeconds": 43200}, 43200)]
)
def test_a_token_lives_twelve_hours_or_as_long_as_asked(ground: Ground, given: dict[str, int], seconds: int) -> None:
    answer = ground.aws.get_authorization_token(domain=ground.domain(), **given)
    left = (answer["expiration"] - datetime.now(UTC)).total_seconds()
    assert seconds - 60 < left <= seconds + 5


@pytest.mark.parametrize("seconds", [1, 899, 43201])
def test_other_lifetimes_are_refused(ground: Ground, seconds: int) -> None:
    client = account.unchecked_client(ground.aws)
    with raises(client, "ValidationException"):
        client.get_authorization_token(domain=ground.domain(), durationSeconds=seconds)


def test_zero_is_for_sessions_only(ground: Ground) -> None:
    with raises(ground.aws, "ValidationException"):
        ground.aws.get_authorization_token(domain=ground.domain(), durationSeconds=0)


def test_a_token_looks_as_clients_expect(ground: Ground) -> None:
    token = ground.aws.get_authorization_token(domain=ground.domain())["authorizationToken"]
    assert token.startswith("eyJ")
    assert not set(token) & set(":@/%\\\"' \t\r\n")
    assert token.isascii() and token.isprintable()
    head = token.split(".")[0]
    assert base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)).startswith(b'{"ver":')
    assert isinstance(json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))), dict)


def test_a_token_is_for_one_domain(ground: Ground) -> None:
    one, two = (ground.repository(ground.domain(), "app") for _ in range(2))
    for repository, token, expected in ((one, one.token, 200), (one, two.token, 401)):
        status = repository.registry(token).ask("GET", "-/ping").status
        assert status == expected or (expected == 401 and status == 403)


@pytest.fixture
def reader(ground: Ground) -> User:
    """A user who may mint tokens and read everything."""
    user = User(ground.server, allow("codeartifact:GetAuthorizationToken", "sts:GetServiceBearerToken"))
    user.may(
        allow("codeartifact:GetAuthorizationToken", "codeartifact:ReadFromRepository", "sts:GetServiceBearerToken")
    )
    return user


def test_each_request_is_authorised_afresh(ground: Ground, reader: User) -> None:
    repository = ground.repository(ground.domain(), "app")
    ground.npm(repository, "parcel", "1.0.0")
    token = reader.client(ground.region).get_authorization_token(domain=repository.domain)["authorizationToken"]
    registry = Registry(repository.npm_url, token)
    assert registry.get("parcel").status == 200
    # Nothing is done to the token; what its principal may do has changed.
    reader.may(allow("codeartifact:GetAuthorizationToken", "sts:GetServiceBearerToken"))
    wait_for(lambda: registry.get("parcel").status == 403)
    reader.may(allow("*"), deny("codeartifact:ReadFromRepository"))
    wait_for(lambda: registry.get("parcel").status == 403)
    reader.may(allow("codeartifact:ReadFromRepository"))
    wait_for(lambda: registry.get("parcel").status == 200)
    registry.close()


@pytest.mark.parametrize("missing", ["codeartifact:GetAuthorizationToken", "sts:GetServiceBearerToken"])
def test_minting_needs_two_rights(ground: Ground, missing: str) -> None:
    both = {"codeartifact:GetAuthorizationToken", "sts:GetServiceBearerToken"}
    user = User(ground.server, allow(*(both - {missing})))
    client = user.client(ground.region)
    with raises(client, "AccessDeniedException") as raised:
        client.get_authorization_token(domain=ground.domain())
    assert raised.message.startswith(f"User: {user.arn} is not authorized to perform: {missing} on resource: ")


def wait_for(condition: Callable[[], bool]) -> None:
    """Policies that another process changed are seen within five seconds."""
    wait_until(condition, timeout_s=10)
