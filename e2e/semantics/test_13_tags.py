"""Section 13: tags of domains, repositories and package groups."""

from __future__ import annotations

import pytest

from harness.errors import raises
from semantics.ground import Ground

KINDS = ("domain", "repository", "package-group")


def taggable(ground: Ground, kind: str) -> str:
    """The ARN of a fresh resource."""
    repository = ground.repository(ground.domain(), "app")
    if kind == "package-group":
        made = ground.aws.create_package_group(domain=repository.domain, packageGroup="/npm/*")
        return made["packageGroup"]["arn"]
    return ground.arn(kind, repository.domain if kind == "domain" else f"{repository.domain}/app")


def tags(ground: Ground, arn: str) -> dict[str, str]:
    """The tags of a resource."""
    return {one["key"]: one["value"] for one in ground.aws.list_tags_for_resource(resourceArn=arn)["tags"]}


def as_list(**pairs: str) -> list[dict[str, str]]:
    """Tags as the API takes them."""
    return [{"key": key, "value": value} for key, value in pairs.items()]


@pytest.mark.parametrize("kind", KINDS)
def test_tags_are_added_overwritten_and_taken_away(ground: Ground, kind: str) -> None:
    arn = taggable(ground, kind)
    assert tags(ground, arn) == {}
    ground.aws.tag_resource(resourceArn=arn, tags=as_list(team="a", größe=""))
    # Keys are case sensitive.
    ground.aws.tag_resource(resourceArn=arn, tags=as_list(Team="b"))
    assert tags(ground, arn) == {"team": "a", "Team": "b", "größe": ""}
    ground.aws.tag_resource(resourceArn=arn, tags=as_list(team="c"))
    assert tags(ground, arn) == {"team": "c", "Team": "b", "größe": ""}
    ground.aws.untag_resource(resourceArn=arn, tagKeys=["team", "never-was"])
    assert tags(ground, arn) == {"Team": "b", "größe": ""}


@pytest.mark.parametrize("kind", KINDS)
def test_fifty_tags_and_no_more(ground: Ground, kind: str) -> None:
    arn = taggable(ground, kind)
    fifty = as_list(**{f"key-{number}": "x" for number in range(50)})
    ground.aws.tag_resource(resourceArn=arn, tags=fifty)
    with raises(ground.aws, "ServiceQuotaExceededException"):
        ground.aws.tag_resource(resourceArn=arn, tags=as_list(more="x"))
    ground.aws.tag_resource(resourceArn=arn, tags=fifty)
    assert len(tags(ground, arn)) == 50


@pytest.mark.parametrize("key", ["aws:team", "aws:x", "AWS:team"])
def test_keys_of_aws_are_reserved(ground: Ground, key: str) -> None:
    arn = taggable(ground, "domain")
    with raises(ground.aws, "ValidationException"):
        ground.aws.tag_resource(resourceArn=arn, tags=[{"key": key, "value": "x"}])
    assert tags(ground, arn) == {}


def test_tags_can_be_given_at_creation(ground: Ground) -> None:
    given = as_list(team="a", empty="")
    domain = ground.fresh("acme")
    aws = ground.aws
    made = [
        aws.create_domain(domain=domain, tags=given)["domain"]["arn"],
        aws.create_repository(domain=domain, repository="app", tags=given)["repository"]["arn"],
        aws.create_package_group(domain=domain, packageGroup="/npm/*", tags=given)["packageGroup"]["arn"],
    ]
    for arn in made:
        assert tags(ground, arn) == {"team": "a", "empty": ""}


def test_tags_go_with_the_resource(ground: Ground) -> None:
    arn = taggable(ground, "package-group")
    ground.aws.tag_resource(resourceArn=arn, tags=as_list(team="a"))
    domain = arn.split("/")[1]
    ground.aws.delete_package_group(domain=domain, packageGroup="/npm/*")
    with raises(ground.aws, "ResourceNotFoundException"):
        tags(ground, arn)
    ground.aws.create_package_group(domain=domain, packageGroup="/npm/*")
    assert tags(ground, arn) == {}


@pytest.mark.parametrize("path", ["domain/never-was", "repository/never-was/app", "package-group/never-was/npm/%2a"])
def test_unknown_resources_are_not_found(ground: Ground, path: str) -> None:
    arn = f"arn:aws:codeartifact:{ground.region}:{ground.account}:{path}"
    with raises(ground.aws, "ResourceNotFoundException"):
        tags(ground, arn)


@pytest.mark.parametrize(
    "arn",
    ["x", "arn:aws:s3:::bucket", "arn:aws:codeartifact:::domain/acme", "arn:aws:codeartifact:us-east-1:0:domain/acme"],
)
def test_what_is_no_arn_of_a_resource_is_invalid(ground: Ground, arn: str) -> None:
    with raises(ground.aws, "ValidationException"):
        tags(ground, arn)
