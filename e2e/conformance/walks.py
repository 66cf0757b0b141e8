"""Every paginator of the model: 250 items, and how one more is added and one of them deleted."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from conformance.stage import CONTENT, Stage
from conformance.wire import Caller, Params
from harness import account

ITEMS = 250
# Every so many-th item is deleted while somebody walks.
DOOMED_EVERY = 6


@dataclass
class Walk:
    """One list: how to ask for it, what names an item, and how items come and go."""

    client: Any
    params: Params
    name_of: Callable[[Any], str]
    add: Callable[[str], Any]
    # None where the API cannot delete a single item.
    remove: Callable[[str], Any] | None
    # What the list holds besides the items of the walk.
    others: set[str] = field(default_factory=set)
    prefix: str = "item-"

    def fill(self) -> list[str]:
        """Make the items, several at a time."""
        names = [f"{self.prefix}{number:04d}" for number in range(ITEMS)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self.add, names))
        return names


Prepare = Callable[[Stage], Walk]
WALKS: dict[str, Prepare] = {}


def walk_of(operation: str) -> Callable[[Prepare], Prepare]:
    """Enter a function into the table."""

    def enter(function: Prepare) -> Prepare:
        WALKS[operation] = function
        return function

    return enter


@walk_of("ListDomains")
def domains(stage: Stage) -> Walk:
    # An account of its own: the list is of all that an account has.
    key = stage.server.create_key("777788889999")
    caller: Caller = stage.caller(key)

    def call(operation: str, name: str) -> None:
        reply = caller.call(operation, {"domain": name})
        assert reply.status == 200, str(reply)

    return Walk(
        account.key_client(stage.server, key, stage.region),
        {},
        lambda item: item["name"],
        lambda name: call("CreateDomain", name),
        lambda name: call("DeleteDomain", name),
    )


def repositories(stage: Stage, prefix: str, members: Params, domain: str) -> Walk:
    return Walk(
        stage.aws,
        members,
        lambda item: item["name"],
        lambda name: stage.do("CreateRepository", {"domain": domain, "repository": name}),
        lambda name: stage.do("DeleteRepository", {"domain": domain, "repository": name}),
        prefix=prefix,
    )


@walk_of("ListRepositories")
def all_repositories(stage: Stage) -> Walk:
    prefix = stage.fresh("walked") + "-"
    return repositories(stage, prefix, {"repositoryPrefix": prefix}, stage.domain())


@walk_of("ListRepositoriesInDomain")
def repositories_in_domain(stage: Stage) -> Walk:
    domain = stage.domain()
    return repositories(stage, "item-", {"domain": domain}, domain)


@walk_of("ListPackages")
def packages(stage: Stage) -> Walk:
    repository = stage.repository()
    return Walk(
        stage.aws,
        repository,
        lambda item: item["package"],
        lambda name: stage.publish(stage.package_ids(repository, name)),
        lambda name: stage.do("DeletePackage", stage.package_ids(repository, name)),
    )


@walk_of("ListPackageVersions")
def versions(stage: Stage) -> Walk:
    package = stage.package("0.0.0-first")
    return Walk(
        stage.aws,
        package,
        lambda item: item["version"],
        lambda name: stage.publish(package, name),
        lambda name: stage.do("DeletePackageVersions", {**package, "versions": [name]}),
        others={"0.0.0-first"},
        prefix="1.0.",
    )


@walk_of("ListPackageVersionAssets")
def assets(stage: Stage) -> Walk:
    package = stage.package_ids(stage.repository())

    def add(name: str) -> None:
        content = CONTENT + name.encode()
        stage.do("PublishPackageVersion", {**stage.asset(package, "1.0.0", name, content), "unfinished": True})

    return Walk(stage.aws, {**package, "packageVersion": "1.0.0"}, lambda item: item["name"], add, None)


def groups(stage: Stage, operation: str) -> Walk:
    domain = stage.domain()

    def call(name: str, pattern: str) -> None:
        stage.do(name, {"domain": domain, "packageGroup": pattern})

    members = {"domain": domain} | ({"packageGroup": "/*"} if operation == "ListSubPackageGroups" else {})
    return Walk(
        stage.aws,
        members,
        lambda item: item["pattern"],
        lambda pattern: call("CreatePackageGroup", f"{pattern}/*"),
        lambda pattern: call("DeletePackageGroup", f"{pattern}/*"),
        others={"/*"},
        prefix="/npm/item-",
    )


@walk_of("ListPackageGroups")
def all_groups(stage: Stage) -> Walk:
    return suffixed(groups(stage, "ListPackageGroups"))


@walk_of("ListSubPackageGroups")
def sub_groups(stage: Stage) -> Walk:
    return suffixed(groups(stage, "ListSubPackageGroups"))


def suffixed(walk: Walk) -> Walk:
    """Names without the `/*` that their patterns end with."""
    walk.name_of = lambda item: item["pattern"] if item["pattern"] == "/*" else item["pattern"].removesuffix("/*")
    return walk


@walk_of("ListAssociatedPackages")
def associated(stage: Stage) -> Walk:
    repository = stage.repository()
    group = stage.group(repository["domain"])
    return Walk(
        stage.aws,
        group,
        lambda item: item["package"],
        lambda name: stage.publish(stage.package_ids(repository, name)),
        lambda name: stage.do("DeletePackage", stage.package_ids(repository, name)),
    )


@walk_of("ListAllowedRepositoriesForGroup")
def allowed(stage: Stage) -> Walk:
    group = stage.guarded("keeper")

    def entry(name: str) -> dict[str, str]:
        return {"repositoryName": name, "originRestrictionType": "PUBLISH"}

    def add(name: str) -> None:
        stage.do("CreateRepository", {"domain": group["domain"], "repository": name})
        stage.do("UpdatePackageGroupOriginConfiguration", {**group, "addAllowedRepositories": [entry(name)]})

    def remove(name: str) -> None:
        stage.do("UpdatePackageGroupOriginConfiguration", {**group, "removeAllowedRepositories": [entry(name)]})

    return Walk(stage.aws, {**group, "originRestrictionType": "PUBLISH"}, str, add, remove, others={"keeper"})
