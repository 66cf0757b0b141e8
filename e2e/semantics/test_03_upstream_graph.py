"""Section 3: in which order upstreams are searched, what is retained where, and how lists are merged."""

from __future__ import annotations

import pytest

from harness.account import Repository, npm_ids
from harness.errors import raises
from harness.packages import Package
from semantics.ground import Ground, download, upstreams

DANGLING = "A repository referenced in your upstream graph no longer exists."


def graph(ground: Ground, edges: dict[str, list[str]]) -> dict[str, Repository]:
    """Repositories of a fresh domain; each is named after the ones above it."""
    domain = ground.domain()
    return {name: ground.repository(domain, name, *above) for name, above in edges.items()}


def served_from(ground: Ground, repositories: dict[str, Repository], asked: str) -> list[str]:
    """The repositories in the order they are searched: the nearest answer is taken away, and it is asked again."""
    name = ground.fresh("parcel")
    sizes: dict[int, str] = {}
    for number, (where, repository) in enumerate(repositories.items()):
        package = Package(name, "1.0.0", size_bytes=100 + 50 * number)
        sizes[len(package.tarball())] = where
        repository.aws.put_package_origin_configuration(
            **repository.ids, **npm_ids(name), restrictions={"publish": "ALLOW", "upstream": "BLOCK"}
        )
        assert repository.registry().publish(package).status in (200, 201)
    # Published behind a block; now everybody may look further up.
    for repository in repositories.values():
        ground.set_restrictions(repository, npm_ids(name), "ALLOW", "ALLOW")
    order = []
    for _ in repositories:
        answer = repositories[asked].registry().tarball(name, "1.0.0")
        if answer.status != 200:
            break
        where = sizes[len(answer.body)]
        order.append(where)
        for repository in {repositories[asked].name: repositories[asked], where: repositories[where]}.values():
            if ground.npm_held(repository, name):
                ground.aws.delete_package_versions(**repository.ids, **npm_ids(name), versions=["1.0.0"])
    return order


def test_the_worked_example_my_a_c_d_e_b(ground: Ground) -> None:
    edges = {"xE": [], "xC": [], "xD": ["xE"], "xA": ["xC", "xD"], "xB": [], "my": ["xA", "xB"]}
    assert served_from(ground, graph(ground, edges), "my") == ["my", "xA", "xC", "xD", "xE", "xB"]


def test_the_order_of_the_list_is_the_priority_and_can_be_turned(ground: Ground) -> None:
    repositories = graph(ground, {"one": [], "two": [], "my": ["one", "two"]})
    assert served_from(ground, repositories, "my") == ["my", "one", "two"]
    ground.aws.update_repository(**repositories["my"].ids, upstreams=upstreams("two", "one"))
    assert served_from(ground, repositories, "my") == ["my", "two", "one"]


def test_a_diamond_is_searched_once_at_its_first_position(ground: Ground) -> None:
    edges = {"base": [], "left": ["base"], "right": ["base"], "my": ["left", "right"]}
    assert served_from(ground, graph(ground, edges), "my") == ["my", "left", "base", "right"]


def test_ten_direct_upstreams_and_no_more(ground: Ground) -> None:
    domain = ground.domain()
    names = [f"store-{number}" for number in range(11)]
    for name in names:
        ground.aws.create_repository(domain=domain, repository=name)
    ground.aws.create_repository(domain=domain, repository="ten", upstreams=upstreams(*names[:10]))
    for call in (ground.aws.create_repository, ground.aws.update_repository):
        name = "eleven" if call == ground.aws.create_repository else "ten"
        with raises(ground.aws, "ValidationException"):
            call(domain=domain, repository=name, upstreams=upstreams(*names))
    assert len(ground.aws.describe_repository(domain=domain, repository="ten")["repository"]["upstreams"]) == 10


def test_twenty_five_repositories_are_searched_and_the_next_is_not(ground: Ground) -> None:
    names = [f"level-{number:02d}" for number in range(26)]
    chain = ground.chain(*names)
    near, far = ground.fresh("near"), ground.fresh("far")
    ground.npm(chain[24], near, "1.0.0")
    ground.npm(chain[25], far, "1.0.0")
    registry = chain[0].registry()
    assert download(registry, near, "1.0.0") == 200, "the twenty-fifth"
    assert download(registry, far, "1.0.0") == 404, "the twenty-sixth"
    assert download(chain[1].registry(), far, "1.0.0") == 200, "from one nearer it is the twenty-fifth"


@pytest.mark.parametrize("cycle", [["one"], ["three"], ["two", "three"]])
def test_cycles_are_refused(ground: Ground, cycle: list[str]) -> None:
    repositories = graph(ground, {"one": [], "two": ["one"], "three": ["two"]})
    with raises(ground.aws, "ValidationException"):
        ground.aws.update_repository(**repositories["one"].ids, upstreams=upstreams(*cycle))
    assert ground.aws.describe_repository(**repositories["one"].ids)["repository"]["upstreams"] == []


def test_upstreams_are_of_the_same_domain(ground: Ground) -> None:
    elsewhere = ground.repository(ground.domain(), "elsewhere")
    domain = ground.domain()
    with raises(ground.aws, "ResourceNotFoundException", resource=("repository", elsewhere.name)):
        ground.aws.create_repository(domain=domain, repository="app", upstreams=upstreams(elsewhere.name))


def test_a_deleted_upstream_dangles_until_the_list_is_written_again(ground: Ground) -> None:
    aws = ground.aws
    app, store = ground.chain("app", "store")
    name = ground.fresh("parcel")
    ground.npm(store, name, "1.0.0")
    aws.delete_repository(**store.ids)
    answer = app.registry().get(name)
    assert answer.status >= 400 and DANGLING in answer.body.decode()
    # Another repository of the same name is another repository.
    again = ground.repository(app.domain, "store")
    ground.npm(again, name, "1.0.0")
    assert DANGLING in app.registry().get(name).body.decode()
    aws.update_repository(**app.ids)
    assert DANGLING not in app.registry().get(name).body.decode()
    aws.update_repository(**app.ids, upstreams=upstreams("store"))
    assert download(app.registry(), name, "1.0.0") == 200


# What is retained where.


def test_what_the_repository_has_itself_is_retained_nowhere_else(ground: Ground) -> None:
    app, store = ground.chain("app", "store")
    name = ground.fresh("parcel")
    ground.npm(app, name, "1.0.0")
    assert download(app.registry(), name, "1.0.0") == 200
    assert ground.npm_held(store, name) == set()


def test_what_an_upstream_has_is_retained_where_it_was_asked_for_only(ground: Ground) -> None:
    app, team, base, store = ground.chain("app", "team", "base", "store")
    name = ground.fresh("parcel")
    ground.npm(store, name, "1.0.0")
    assert download(app.registry(), name, "1.0.0") == 200
    assert ground.npm_held(app, name) == {"1.0.0"}
    assert ground.npm_held(team, name) == ground.npm_held(base, name) == set()
    described = ground.aws.describe_package_version(**app.ids, **npm_ids(name), packageVersion="1.0.0")
    assert described["packageVersion"]["origin"]["domainEntryPoint"] == {"repositoryName": "store"}


def test_what_the_public_source_has_is_retained_there_and_at_the_connection(ground: Ground) -> None:
    app, team, base, store = ground.chain("app", "team", "base", "store", connected=True)
    name = ground.public("1.0.0", "2.0.0")
    assert download(app.registry(), name, "1.0.0") == 200
    assert ground.npm_held(app, name) == ground.npm_held(store, name) == {"1.0.0"}, "only what was installed"
    assert ground.npm_held(team, name) == ground.npm_held(base, name) == set()


def test_reading_metadata_retains_nothing(ground: Ground) -> None:
    app, store = ground.chain("app", "store", connected=True)
    name = ground.public("1.0.0")
    assert ground.offered(app, name) == {"1.0.0"}
    assert ground.npm_held(app, name) == ground.npm_held(store, name) == set()


@pytest.mark.parametrize("later", ["delete the version", "archive it", "disconnect", "delete the repository"])
def test_what_is_retained_stays_whatever_becomes_of_the_upstream(ground: Ground, later: str) -> None:
    aws = ground.aws
    app, store = ground.chain("app", "store")
    name = ground.fresh("parcel")
    (package,) = ground.npm(store, name, "1.0.0")
    assert download(app.registry(), name, "1.0.0") == 200
    if later == "delete the version":
        ground.set_status(store, npm_ids(name), "1.0.0", "Deleted")
    elif later == "archive it":
        ground.set_status(store, npm_ids(name), "1.0.0", "Archived")
    else:
        if later == "delete the repository":
            aws.delete_repository(**store.ids)
        aws.update_repository(**app.ids, upstreams=[])
    answer = app.registry().tarball(name, "1.0.0")
    assert (answer.status, answer.body) == (200, package.tarball())
    assert ground.versions(app, npm_ids(name)) == {"1.0.0": "Published"}


def test_a_retained_package_begins_closed_for_publishing(ground: Ground) -> None:
    app, store = ground.chain("app", "store")
    name = ground.fresh("parcel")
    ground.npm(store, name, "1.0.0")
    assert download(app.registry(), name, "1.0.0") == 200
    assert ground.restrictions(app, npm_ids(name)) == {"publish": "BLOCK", "upstream": "ALLOW"}
    assert ground.restrictions(store, npm_ids(name)) == {"publish": "ALLOW", "upstream": "BLOCK"}


# Lists.


def test_version_lists_are_the_union_and_the_nearest_wins(ground: Ground) -> None:
    app, team, store = ground.chain("app", "team", "store", connected=True)
    name = ground.public("1.0.0", "1.1.0", "2.0.0")
    for repository in (app, team):
        ground.set_restrictions(repository, npm_ids(name), "ALLOW", "BLOCK")
    ground.npm(team, name, "1.1.0", "3.0.0")
    ground.npm(app, name, "4.0.0")
    for repository in (app, team):
        ground.set_restrictions(repository, npm_ids(name), "ALLOW", "ALLOW")
    assert ground.offered(app, name) == {"1.0.0", "1.1.0", "2.0.0", "3.0.0", "4.0.0"}
    assert ground.offered(store, name) == {"1.0.0", "1.1.0", "2.0.0"}
    taken = app.registry().tarball(name, "1.1.0")
    assert taken.body == Package(name, "1.1.0").tarball()
    described = ground.aws.describe_package_version(**app.ids, **npm_ids(name), packageVersion="1.1.0")
    assert described["packageVersion"]["origin"]["domainEntryPoint"] == {"repositoryName": "team"}


def test_a_tag_that_both_have_is_the_upstreams(ground: Ground) -> None:
    app, store = ground.chain("app", "store")
    name = ground.fresh("parcel")
    ground.set_restrictions(app, npm_ids(name), "ALLOW", "BLOCK")
    ground.npm(app, name, "1.0.2")
    ground.npm(app, name, "1.1.0-rc", tag="next")
    ground.npm(store, name, "1.0.1")
    ground.npm(store, name, "0.9.0", tag="old")
    assert app.registry().packument(name)["dist-tags"] == {"latest": "1.0.2", "next": "1.1.0-rc"}
    ground.set_restrictions(app, npm_ids(name), "ALLOW", "ALLOW")
    tags = app.registry().packument(name)["dist-tags"]
    assert tags == {"latest": "1.0.1", "next": "1.1.0-rc", "old": "0.9.0"}


def test_the_api_never_looks_upstream(ground: Ground) -> None:
    aws = ground.aws
    app, store = ground.chain("app", "store")
    name = ground.fresh("parcel")
    ground.npm(store, name, "1.0.0")
    ids = {**app.ids, **npm_ids(name)}
    version = {**ids, "packageVersion": "1.0.0"}
    assert aws.list_packages(**app.ids)["packages"] == []
    calls = (
        lambda: aws.describe_package(**ids),
        lambda: aws.list_package_versions(**ids),
        lambda: aws.describe_package_version(**version),
        lambda: aws.list_package_version_assets(**version),
        lambda: aws.list_package_version_dependencies(**version),
        lambda: aws.get_package_version_readme(**version),
        lambda: aws.get_package_version_asset(**version, asset="package.tgz"),
        lambda: aws.update_package_versions_status(**ids, versions=["1.0.0"], targetStatus="Archived"),
        lambda: aws.dispose_package_versions(**ids, versions=["1.0.0"]),
        lambda: aws.delete_package_versions(**ids, versions=["1.0.0"]),
        lambda: aws.delete_package(**ids),
    )
    for call in calls:
        with raises(aws, "ResourceNotFoundException"):
            call()
    assert ground.npm_held(store, name) == {"1.0.0"}
    assert ground.npm_held(app, name) == set(), "a read through the API retains nothing"
