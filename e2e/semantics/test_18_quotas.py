"""Section 18: quotas as documented, and adjustable where they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness import knobs
from harness.errors import raises
from harness.identities import allow, document
from harness.npm_wire import Registry
from harness.packages import Package
from harness.waiting import wait_until
from semantics.ground import Ground

THING = {"format": "generic", "namespace": "tools", "package": "thing"}


def test_350_assets_in_a_version(ground: Ground) -> None:
    repository = ground.repository(ground.domain(), "app")
    for number in range(350):
        ground.asset(repository, THING, "1.0.0", f"a-{number}", b"x", unfinished=True)
    with raises(ground.aws, "ServiceQuotaExceededException"):
        ground.asset(repository, THING, "1.0.0", "one-too-many", b"x", unfinished=True)
    # The same asset once more is none more.
    ground.asset(repository, THING, "1.0.0", "a-0", b"x")
    pages = ground.aws.get_paginator("list_package_version_assets").paginate(
        **repository.ids, **THING, packageVersion="1.0.0"
    )
    assert sum(len(page["assets"]) for page in pages) == 350


def test_the_size_of_an_asset(own_ground: Callable[..., Ground]) -> None:
    ground = own_ground(settings=knobs.asset_limit(4000))
    repository = ground.repository(ground.domain(), "app")
    ground.asset(repository, THING, "1.0.0", "fits", b"x" * 4000, unfinished=True)
    with raises(ground.aws, "ServiceQuotaExceededException"):
        ground.asset(repository, THING, "1.0.0", "does-not", b"x" * 4001, unfinished=True)
    assert ground.size(repository.domain) == 4000
    refused = repository.registry().publish(Package("parcel", "1.0.0", size_bytes=5000))
    assert refused.status in (402, 413), refused.status


def test_domains_of_an_account(own_ground: Callable[..., Ground]) -> None:
    # Ten, without any setting.
    ground = own_ground()
    names = [ground.domain() for _ in range(10)]
    with raises(ground.aws, "ServiceQuotaExceededException") as raised:
        ground.domain()
    assert raised.response["resourceType"] == "domain"
    ground.aws.delete_domain(domain=names[0])
    ground.domain()


def test_a_hundred_versions_in_a_batch(ground: Ground) -> None:
    repository = ground.repository(ground.domain(), "app")
    ids = ground.generic(repository, "thing", "1.0.0")
    versions = [f"1.0.{number}" for number in range(101)]
    for call, members in (
        (ground.aws.delete_package_versions, {}),
        (ground.aws.dispose_package_versions, {}),
        (ground.aws.update_package_versions_status, {"targetStatus": "Archived"}),
    ):
        with raises(ground.aws, "ValidationException"):
            call(**repository.ids, **ids, versions=versions, **members)
        answer = call(**repository.ids, **ids, versions=versions[:100], **members)
        assert len(answer["failedVersions"]) == 100
    assert ground.versions(repository, ids) == {"1.0.0": "Published"}


def test_a_hundred_edits_of_allowed_repositories(ground: Ground) -> None:
    domain = ground.domain()
    ground.repository(domain, "app")
    entry = {"repositoryName": "app", "originRestrictionType": "PUBLISH"}
    call = {"domain": domain, "packageGroup": "/*", "restrictions": {"PUBLISH": "ALLOW_SPECIFIC_REPOSITORIES"}}
    with raises(ground.aws, "ServiceQuotaExceededException"):
        ground.aws.update_package_group_origin_configuration(
            **call, addAllowedRepositories=[entry] * 50, removeAllowedRepositories=[entry] * 51
        )


def test_a_policy_of_7168_characters(ground: Ground) -> None:
    domain = ground.domain()
    text = document(allow("codeartifact:*", Principal="*"))
    ground.aws.put_domain_permissions_policy(domain=domain, policyDocument=text + " " * (7168 - len(text)))
    with raises(ground.aws, "ValidationException"):
        ground.aws.put_domain_permissions_policy(domain=domain, policyDocument=text + " " * (7169 - len(text)))


def test_rates_are_off_by_default(ground: Ground) -> None:
    domain = ground.domain()
    for _ in range(200):
        ground.aws.describe_domain(domain=domain)


def test_above_a_rate_the_answer_says_when_to_come_back(own_ground: Callable[..., Ground]) -> None:
    ground = own_ground(quotas={knobs.QUOTA_REQUEST_RATE: 5})
    domain = ground.domain()
    refused = None
    for _ in range(50):
        try:
            ground.aws.describe_domain(domain=domain)
        except ground.aws.exceptions.ThrottlingException as error:
            refused = error
            break
    assert refused is not None, "fifty calls at once, and five in a second allowed"
    assert int(refused.response["retryAfterSeconds"]) >= 1
    wait_until(lambda: works(ground, domain), timeout_s=10)


def statuses(registry: Registry, times: int) -> list[int]:
    """What as many requests get; whoever is refused is told when to come back."""
    found = []
    for _ in range(times):
        answer = registry.get("parcel")
        assert answer.status != 429 or int(answer.headers["retry-after"]) >= 1
        found.append(answer.status)
    return found


def test_package_clients_have_a_rate_per_token_and_one_without(own_ground: Callable[..., Ground]) -> None:
    ground = own_ground(settings=knobs.rates(per_token=20, per_address_without_token=5))
    repository = ground.repository(ground.domain(), "app")
    ground.npm(repository, "parcel", "1.0.0")
    with_token = statuses(repository.registry(), 60)
    assert set(with_token) == {200, 429} and with_token.count(200) >= 15
    without = statuses(repository.registry(token=None), 40)
    assert set(without) == {401, 429}
    # Another token has a rate of its own.
    other = ground.aws.get_authorization_token(domain=repository.domain)["authorizationToken"]
    assert statuses(repository.registry(other), 10) == [200] * 10


@pytest.mark.parametrize(
    "rate", ["list_packages", "get_authorization_token", "writes_per_account", "reads_per_account"]
)
def test_operations_have_rates_of_their_own(own_ground: Callable[..., Ground], rate: str) -> None:
    ground = own_ground(settings=knobs.rates(**{rate: 3}))
    repository = ground.repository(ground.domain(), "app")
    aws = ground.aws
    calls = {
        "list_packages": lambda: aws.list_packages(**repository.ids),
        "get_authorization_token": lambda: aws.get_authorization_token(domain=repository.domain),
        "writes_per_account": lambda: aws.update_repository(**repository.ids, description="x"),
        "reads_per_account": lambda: aws.describe_repository(**repository.ids),
    }
    with raises(aws, "ThrottlingException"):
        for _ in range(30):
            calls[rate]()
    # The others are not touched by it.
    other = "reads_per_account" if rate == "writes_per_account" else "writes_per_account"
    for _ in range(10):
        calls[other]()


def works(ground: Ground, domain: str) -> bool:
    """Whether a call is let through again."""
    try:
        ground.aws.describe_domain(domain=domain)
    except ground.aws.exceptions.ThrottlingException:
        return False
    return True
