"""Section 8: patterns, association, hierarchy, and what groups keep out."""

from __future__ import annotations

from typing import Any

import pytest

from harness.account import npm_ids
from harness.errors import raises
from harness.packages import Package
from semantics.ground import Ground, download

KINDS = ("PUBLISH", "EXTERNAL_UPSTREAM", "INTERNAL_UPSTREAM")
SPECIFIC = "ALLOW_SPECIFIC_REPOSITORIES"


def make(ground: Ground, domain: str, *patterns: str) -> None:
    """Create groups."""
    for pattern in patterns:
        ground.aws.create_package_group(domain=domain, packageGroup=pattern)


def restrict(ground: Ground, domain: str, pattern: str, **modes: str | list[str]) -> dict[str, Any]:
    """Set modes of a group: a mode, or the repositories that alone are allowed."""
    lists = {kind: names for kind, names in modes.items() if isinstance(names, list)}
    return ground.aws.update_package_group_origin_configuration(
        domain=domain,
        packageGroup=pattern,
        restrictions={kind: SPECIFIC if kind in lists else mode for kind, mode in modes.items()},
        addAllowedRepositories=[
            {"repositoryName": name, "originRestrictionType": kind} for kind, names in lists.items() for name in names
        ],
    )


def describe(ground: Ground, domain: str, pattern: str) -> dict[str, Any]:
    """A group as it is described."""
    return ground.aws.describe_package_group(domain=domain, packageGroup=pattern)["packageGroup"]


def associated(ground: Ground, domain: str, package_format: str, namespace: str, package: str) -> tuple[str, str]:
    """The pattern a package belongs to, and how firmly."""
    members = {"format": package_format, "package": package} | ({"namespace": namespace} if namespace else {})
    answer = ground.aws.get_associated_package_group(domain=domain, **members)
    return answer["packageGroup"]["pattern"], answer["associationType"]


# Patterns.


@pytest.mark.parametrize(
    "pattern",
    [
        "/npm/*", "/npm/types/*", "/npm//react$", "/npm//my~", "/npm/space/anycompany-ui~", "/pypi//requests$",
        "/nuget//acme~", "/cargo//serde~", "/maven/com.acme/*", "/maven/com.anycompany~",
        "/maven/org.apache.logging.log4j/log4j-core$", "/generic/tools/installer$", "/swift/acme/net~",
    ],
)  # fmt: skip
def test_the_shapes_of_the_grammar_are_accepted(ground: Ground, pattern: str) -> None:
    domain = ground.domain()
    made = ground.aws.create_package_group(domain=domain, packageGroup=pattern)["packageGroup"]
    assert made["pattern"] == pattern
    assert describe(ground, domain, pattern)["arn"] == made["arn"]


@pytest.mark.parametrize(
    "pattern",
    [
        "npm/*", "/npm", "/npm/", "/npm//my-~", "/npm*", "/npm/a*", "/npm/space/foo", "/npm/a/b/c$",
        "/rpm/*", "/python//requests$", "/npm//~", "/npm//$", "/pypi/space/requests$",
        "/nuget/space/*", "/cargo/space/serde$", "/ruby/space/rails$", "/pypi//Re_Quests$", "/nuget//Newtonsoft.Json$",
        "/maven//log4j$", "/generic//installer$", "/swift/Acme/net~", "/*/x$",
    ],
)  # fmt: skip
def test_what_is_not_of_the_grammar_is_refused(ground: Ground, pattern: str) -> None:
    domain = ground.domain()
    with raises(ground.aws, "ValidationException"):
        ground.aws.create_package_group(domain=domain, packageGroup=pattern)
    assert [one["pattern"] for one in ground.aws.list_package_groups(domain=domain)["packageGroups"]] == ["/*"]


@pytest.mark.parametrize(
    ("pattern", "arn"),
    [
        ("/npm/*", "/npm/%2a"),
        ("/nuget//alpha$", "/nuget//alpha%24"),
        ("/nuget//alpha%beta~", "/nuget//alpha%25beta~"),
    ],
)
def test_patterns_are_encoded_in_arns(ground: Ground, pattern: str, arn: str) -> None:
    domain = ground.domain()
    make(ground, domain, pattern)
    expected = ground.arn("package-group", f"{domain}{arn}")
    assert describe(ground, domain, pattern)["arn"] == expected
    tags = [{"key": "team", "value": "x"}]
    ground.aws.tag_resource(resourceArn=expected, tags=tags)
    assert ground.aws.list_tags_for_resource(resourceArn=expected)["tags"] == tags


# Association.


@pytest.mark.parametrize(
    ("package", "matches"),
    [
        *((name, True) for name in ("foo", "foo-bar", "foo.bar", "foo_bar")),
        *((name, False) for name in ("food", "fooBar", "foo2")),
    ],
)
def test_a_prefix_ends_where_a_word_ends(ground: Ground, package: str, matches: bool) -> None:
    domain = ground.domain()
    make(ground, domain, "/npm/space/foo~")
    expected = ("/npm/space/foo~", "STRONG") if matches else ("/*", "STRONG")
    assert associated(ground, domain, "npm", "space", package) == expected


def test_the_most_specific_pattern_wins(ground: Ground) -> None:
    domain = ground.domain()
    chain = [
        "/npm/*",
        "/npm/space/*",
        "/npm/space/anycompany~",
        "/npm/space/anycompany-ui~",
        "/npm/space/anycompany-ui$",
    ]
    make(ground, domain, *chain)
    packages = {
        ("", "react"): "/npm/*",
        ("space", "other"): "/npm/space/*",
        ("space", "anycompany"): "/npm/space/anycompany~",
        ("space", "anycompany-x"): "/npm/space/anycompany~",
        ("space", "anycompany-ui-kit"): "/npm/space/anycompany-ui~",
        ("space", "anycompany-ui"): "/npm/space/anycompany-ui$",
    }
    found = {key: associated(ground, domain, "npm", *key) for key in packages}
    assert found == {key: (pattern, "STRONG") for key, pattern in packages.items()}
    assert associated(ground, domain, "maven", "com.acme", "core") == ("/*", "STRONG")
    parents = {pattern: describe(ground, domain, pattern)["parent"]["pattern"] for pattern in chain}
    assert parents == dict(zip(chain, ["/*", *chain], strict=False))
    assert "parent" not in describe(ground, domain, "/*")


@pytest.mark.parametrize("package", ["foo.bar", "foo..bar", "foo_bar", "Foo-Bar", "foo-._bar"])
def test_what_only_looks_alike_is_associated_weakly_and_blocked(ground: Ground, package: str) -> None:
    domain = ground.domain()
    make(ground, domain, "/npm//foo-bar$")
    assert associated(ground, domain, "npm", "", package) == ("/npm//foo-bar$", "WEAK")
    assert associated(ground, domain, "npm", "", "foobar") == ("/*", "STRONG")
    repository = ground.repository(domain, "app")
    refused = repository.registry().publish(Package(package, "1.0.0"))
    assert refused.status in (400, 403, 409), refused.status
    # The group allows everything; that does not help.
    restrict(ground, domain, "/npm//foo-bar$", PUBLISH="ALLOW")
    assert repository.registry().publish(Package(package, "1.0.0")).status in (400, 403, 409)
    ground.npm(repository, "foo-bar", "1.0.0")


def test_a_weakly_associated_public_package_is_not_ingested(ground: Ground) -> None:
    app, store = ground.chain("app", "store", connected=True)
    own = ground.fresh("parcel")
    make(ground, app.domain, f"/npm//{own}$")
    name = ground.public("1.0.0", name=own.replace("-", "."))
    assert associated(ground, app.domain, "npm", "", name) == (f"/npm//{own}$", "WEAK")
    assert download(app.registry(), name, "1.0.0") in (403, 404)
    assert ground.npm_held(store, name) == set()


def test_groups_are_case_sensitive_as_identifiers(ground: Ground) -> None:
    domain = ground.domain()
    make(ground, domain, "/npm//AsyncStorage$", "/npm//asyncstorage$")
    assert associated(ground, domain, "npm", "", "AsyncStorage") == ("/npm//AsyncStorage$", "STRONG")
    assert associated(ground, domain, "npm", "", "asyncstorage") == ("/npm//asyncstorage$", "STRONG")
    with raises(ground.aws, "ConflictException"):
        make(ground, domain, "/npm//asyncstorage$")


def test_associated_packages_are_listed_once_per_domain_and_previewed(ground: Ground) -> None:
    domain = ground.domain()
    one, two = ground.repository(domain, "one"), ground.repository(domain, "two")
    for repository in (one, two):
        ground.npm(repository, "@team/ui-kit", "1.0.0")
    ground.npm(one, "@team/core", "1.0.0")
    make(ground, domain, "/npm/team/*")

    def listed(pattern: str, **more: Any) -> set[tuple[str, str]]:
        answer = ground.aws.list_associated_packages(domain=domain, packageGroup=pattern, **more)
        names = [(one["package"], one["associationType"]) for one in answer["packages"]]
        assert len(names) == len(set(names)), "a package is listed twice"
        return set(names)

    assert listed("/npm/team/*") == {("ui-kit", "STRONG"), ("core", "STRONG")}
    assert listed("/*") == set()
    with raises(ground.aws, "ResourceNotFoundException"):
        listed("/npm/team/ui~")
    assert listed("/npm/team/ui~", preview=True) == {("ui-kit", "STRONG")}
    make(ground, domain, "/npm/team/ui~")
    assert listed("/npm/team/*") == {("core", "STRONG")}


# Hierarchy.


def test_making_and_deleting_a_group_moves_its_neighbours(ground: Ground) -> None:
    domain = ground.domain()
    make(ground, domain, "/npm/*", "/npm/space/a~", "/npm/space/b$")

    def children(pattern: str) -> set[str]:
        answer = ground.aws.list_sub_package_groups(domain=domain, packageGroup=pattern)
        return {one["pattern"] for one in answer["packageGroups"]}

    assert children("/npm/*") == {"/npm/space/a~", "/npm/space/b$"}
    make(ground, domain, "/npm/space/*")
    assert children("/npm/*") == {"/npm/space/*"}
    assert children("/npm/space/*") == {"/npm/space/a~", "/npm/space/b$"}
    restrict(ground, domain, "/npm/space/*", PUBLISH="BLOCK")
    inherited = describe(ground, domain, "/npm/space/b$")["originConfiguration"]["restrictions"]["PUBLISH"]
    assert (inherited["effectiveMode"], inherited["inheritedFrom"]["pattern"]) == ("BLOCK", "/npm/space/*")
    ground.aws.delete_package_group(domain=domain, packageGroup="/npm/space/*")
    assert children("/npm/*") == {"/npm/space/a~", "/npm/space/b$"}
    inherited = describe(ground, domain, "/npm/space/b$")["originConfiguration"]["restrictions"]["PUBLISH"]
    assert (inherited["effectiveMode"], inherited["inheritedFrom"]["pattern"]) == ("ALLOW", "/*")


def test_the_root_is_always_there(ground: Ground) -> None:
    domain = ground.domain()
    root = describe(ground, domain, "/*")
    assert set(root["originConfiguration"]["restrictions"]) == set(KINDS)
    for restriction in root["originConfiguration"]["restrictions"].values():
        assert (restriction["mode"], restriction["effectiveMode"]) == ("ALLOW", "ALLOW")
        assert "inheritedFrom" not in restriction
    ground.aws.update_package_group(domain=domain, packageGroup="/*", description="everything")
    assert describe(ground, domain, "/*")["description"] == "everything"
    with raises(ground.aws, "ValidationException"):
        ground.aws.delete_package_group(domain=domain, packageGroup="/*")
    with raises(ground.aws, "ValidationException"):
        restrict(ground, domain, "/*", PUBLISH="INHERIT")


def test_a_new_group_inherits_everything(ground: Ground) -> None:
    domain = ground.domain()
    ground.repository(domain, "app")
    restrict(ground, domain, "/*", PUBLISH="BLOCK", EXTERNAL_UPSTREAM=["app"])
    make(ground, domain, "/npm/*")
    restrictions = describe(ground, domain, "/npm/*")["originConfiguration"]["restrictions"]
    assert {kind: one["mode"] for kind, one in restrictions.items()} == dict.fromkeys(KINDS, "INHERIT")
    assert {kind: one["effectiveMode"] for kind, one in restrictions.items()} == {
        "PUBLISH": "BLOCK",
        "EXTERNAL_UPSTREAM": SPECIFIC,
        "INTERNAL_UPSTREAM": "ALLOW",
    }
    assert {one["inheritedFrom"]["pattern"] for one in restrictions.values()} == {"/*"}


# Allowed repositories.


def allowed(ground: Ground, domain: str, pattern: str, kind: str) -> set[str]:
    """The repositories on a list."""
    answer = ground.aws.list_allowed_repositories_for_group(
        domain=domain, packageGroup=pattern, originRestrictionType=kind
    )
    return set(answer["allowedRepositories"])


def test_lists_are_edited_by_adding_and_then_removing(ground: Ground) -> None:
    domain = ground.domain()
    for name in ("one", "two", "three"):
        ground.repository(domain, name)
    make(ground, domain, "/npm/*")
    answer = restrict(ground, domain, "/npm/*", PUBLISH=["one", "two"])
    assert {name: set(names) for name, names in answer["allowedRepositoryUpdates"]["PUBLISH"].items() if names} == {
        "ADDED": {"one", "two"}
    }
    restriction = answer["packageGroup"]["originConfiguration"]["restrictions"]["PUBLISH"]
    assert (restriction["mode"], restriction["repositoriesCount"]) == (SPECIFIC, 2)
    entries = {name: {"repositoryName": name, "originRestrictionType": "PUBLISH"} for name in ("one", "two", "three")}
    ground.aws.update_package_group_origin_configuration(
        domain=domain,
        packageGroup="/npm/*",
        addAllowedRepositories=[entries["three"]],
        removeAllowedRepositories=[entries["one"], entries["three"]],
    )
    assert allowed(ground, domain, "/npm/*", "PUBLISH") == {"two"}
    with raises(ground.aws, "ResourceNotFoundException", resource=("repository", "absent")):
        restrict(ground, domain, "/npm/*", PUBLISH=["absent"])
    with raises(ground.aws, "ValidationException"):
        # The type has another mode.
        ground.aws.update_package_group_origin_configuration(
            domain=domain,
            packageGroup="/npm/*",
            addAllowedRepositories=[{"repositoryName": "one", "originRestrictionType": "EXTERNAL_UPSTREAM"}],
        )
    assert allowed(ground, domain, "/npm/*", "EXTERNAL_UPSTREAM") == set()


def test_a_deleted_repository_leaves_the_lists(ground: Ground) -> None:
    domain = ground.domain()
    ground.repository(domain, "one")
    ground.repository(domain, "two")
    restrict(ground, domain, "/*", PUBLISH=["one", "two"])
    ground.aws.delete_repository(domain=domain, repository="one")
    assert allowed(ground, domain, "/*", "PUBLISH") == {"two"}
    ground.repository(domain, "one")
    assert allowed(ground, domain, "/*", "PUBLISH") == {"two"}, "another repository of the same name"


# What restrictions keep out.


def test_publish_is_allowed_where_the_group_says_so(ground: Ground) -> None:
    domain = ground.domain()
    trusted, other = ground.repository(domain, "trusted"), ground.repository(domain, "other")
    make(ground, domain, "/npm/team/*", "/generic/tools/*")
    restrict(ground, domain, "/npm/team/*", PUBLISH=["trusted"])
    restrict(ground, domain, "/generic/tools/*", PUBLISH=["trusted"])
    ground.npm(trusted, "@team/ui", "1.0.0")
    assert other.registry().publish(Package("@team/ui", "1.0.0")).status in (403, 409)
    ground.generic(trusted, "thing", "1.0.0")
    with raises(ground.aws, "ConflictException"):
        ground.generic(other, "thing", "1.0.0")
    ground.npm(other, "@free/ui", "1.0.0")
    # A change takes effect at once.
    restrict(ground, domain, "/npm/team/*", PUBLISH="ALLOW")
    ground.npm(other, "@team/ui", "1.0.0")
    restrict(ground, domain, "/npm/team/*", PUBLISH="BLOCK")
    assert trusted.registry().publish(Package("@team/ui", "2.0.0")).status in (403, 409)


def test_the_worked_example_of_one_path_from_the_public_source(ground: Ground) -> None:
    """repoA -> repoB -> public registry, and no other way for a group's packages."""
    domain = ground.domain()
    repo_b = ground.repository(domain, "repoB", connected=True)
    repo_a = ground.repository(domain, "repoA", "repoB")
    by_side = ground.repository(domain, "by-side", "repoB")
    second_store = ground.repository(domain, "second-store", connected=True)
    second_app = ground.repository(domain, "second-app", "second-store")
    scope = ground.fresh("scope")
    make(ground, domain, f"/npm/{scope}/*")
    restrict(
        ground, domain, f"/npm/{scope}/*", PUBLISH="BLOCK", EXTERNAL_UPSTREAM=["repoB"], INTERNAL_UPSTREAM=["repoA"]
    )
    name = ground.public("1.0.0", name=f"@{scope}/lib")
    for closed in (by_side, second_store, second_app):
        assert ground.offered(closed, name) == set(), closed.name
        assert download(closed.registry(), name, "1.0.0") in (403, 404), closed.name
    assert repo_a.registry().publish(Package(name, "2.0.0")).status in (403, 409)
    assert ground.offered(repo_a, name) == {"1.0.0"}
    assert download(repo_a.registry(), name, "1.0.0") == 200
    assert ground.npm_held(repo_a, name) == ground.npm_held(repo_b, name) == {"1.0.0"}
    # Held in repoB now, and still not for the neighbour.
    assert download(by_side.registry(), name, "1.0.0") in (403, 404)
    assert ground.npm_held(by_side, name) == set()
    # Packages of other groups come by every way.
    free = ground.public("1.0.0")
    for repository in (repo_a, by_side, second_app):
        assert download(repository.registry(), free, "1.0.0") == 200


def test_what_is_held_already_stays_when_a_group_closes(ground: Ground) -> None:
    app, store = ground.chain("app", "store", connected=True)
    name = ground.public("1.0.0", "2.0.0")
    assert download(app.registry(), name, "1.0.0") == 200
    restrict(ground, app.domain, "/*", EXTERNAL_UPSTREAM="BLOCK", INTERNAL_UPSTREAM="BLOCK")
    for repository in (app, store):
        assert ground.offered(repository, name) == {"1.0.0"}
        assert download(repository.registry(), name, "1.0.0") == 200
        assert download(repository.registry(), name, "2.0.0") in (403, 404)


@pytest.mark.parametrize(("package", "group"), [("BLOCK", "ALLOW"), ("ALLOW", "BLOCK")])
def test_a_block_at_either_level_wins(ground: Ground, package: str, group: str) -> None:
    app, _ = ground.chain("app", "store", connected=True)
    name = ground.public("1.0.0")
    make(ground, app.domain, f"/npm//{name}$")
    restrict(ground, app.domain, f"/npm//{name}$", **dict.fromkeys(KINDS, group))
    ground.set_restrictions(app, npm_ids(name), package, package)
    assert app.registry().publish(Package(name, "9.0.0")).status in (403, 409)
    assert download(app.registry(), name, "1.0.0") in (403, 404)
    assert ground.npm_held(app, name) == set()


def test_copies_are_not_stopped_by_groups(ground: Ground) -> None:
    domain = ground.domain()
    source = ground.repository(domain, "source")
    target = ground.repository(domain, "target")
    ids = ground.generic(source, "thing", "1.0.0")
    restrict(ground, domain, "/*", **dict.fromkeys(KINDS, "BLOCK"))
    ground.aws.copy_package_versions(
        domain=domain, sourceRepository="source", destinationRepository="target", **ids, versions=["1.0.0"]
    )
    assert ground.versions(target, ids) == {"1.0.0": "Published"}
