"""Section 2: repositories hold any formats side by side, under names that may come back empty."""

from __future__ import annotations

from harness.account import npm_ids
from harness.errors import raises
from semantics.ground import Ground


def test_formats_live_side_by_side_under_the_same_names(ground: Ground) -> None:
    repository = ground.repository(ground.domain(), "mixed")
    ground.npm(repository, "@tools/thing", "1.0.0")
    ground.generic(repository, "thing", "1.0.0", "2.0.0")
    packages = ground.aws.list_packages(**repository.ids)["packages"]
    found = {(one["format"], one["namespace"], one["package"]) for one in packages}
    assert found == {("npm", "tools", "thing"), ("generic", "tools", "thing")}
    assert set(ground.versions(repository, npm_ids("@tools/thing"))) == {"1.0.0"}
    endpoints = {
        name: ground.aws.get_repository_endpoint(**repository.ids, format=name)["repositoryEndpoint"]
        for name in ("npm", "generic")
    }
    assert endpoints["npm"] != endpoints["generic"]


def test_description_upstreams_tags_and_policy_change_and_the_rest_does_not(ground: Ground) -> None:
    domain = ground.domain()
    ground.repository(domain, "store")
    repository = ground.repository(domain, "app")
    before = ground.aws.describe_repository(**repository.ids)["repository"]
    ground.aws.update_repository(**repository.ids, description="new", upstreams=[{"repositoryName": "store"}])
    after = ground.aws.describe_repository(**repository.ids)["repository"]
    assert after == before | {"description": "new", "upstreams": [{"repositoryName": "store"}]}


def test_a_name_may_be_used_again_and_its_content_does_not_come_back(ground: Ground) -> None:
    aws = ground.aws
    repository = ground.repository(ground.domain(), "app")
    ids = ground.generic(repository, "thing", "1.0.0")
    arn = ground.arn("repository", f"{repository.domain}/app")
    aws.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "b"}])
    aws.delete_repository(**repository.ids)
    aws.create_repository(**repository.ids)
    assert aws.list_packages(**repository.ids)["packages"] == []
    assert aws.list_tags_for_resource(resourceArn=arn)["tags"] == []
    with raises(aws, "ResourceNotFoundException") as raised:
        aws.list_package_versions(**repository.ids, **ids)
    assert raised.response["resourceType"] == "package"
