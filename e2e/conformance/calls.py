"""A valid call of every operation: what must be there first, and the parameters.

A function prepares fresh state and gives one or more sets of parameters; together they send every member of the input
and see every member of the output. They are called in their order. A test fails if the model has an operation that has
no function here.
"""

from __future__ import annotations

from collections.abc import Callable

from conformance.stage import MANIFEST, TAGS, Stage
from conformance.wire import Params
from harness import knobs

# The older form of a licence in a manifest has an address.
LICENSE = {"type": "MIT", "url": "https://widgets.example/license"}
Builder = Callable[[Stage], list[Params]]
CALLS: dict[str, Builder] = {}


def valid(operation: str) -> Callable[[Builder], Builder]:
    """Enter a function into the table."""

    def enter(build: Builder) -> Builder:
        assert operation not in CALLS, f"{operation} has two functions"
        CALLS[operation] = build
        return build

    return enter


def owned(stage: Stage, params: Params) -> Params:
    """The same with the owner of the domain named."""
    return {**params, "domainOwner": stage.server.account}


# Domains.


@valid("CreateDomain")
def create_domain(stage: Stage) -> list[Params]:
    key = f"arn:aws:kms:{stage.region}:{stage.server.account}:key/6f1c9a52-5a3e-4a6e-9d0e-0b4f0c7d2e11"
    return [
        {"domain": stage.fresh("created"), "encryptionKey": key, "tags": TAGS},
        {"domain": stage.fresh("created")},
    ]


@valid("DescribeDomain")
def describe_domain(stage: Stage) -> list[Params]:
    package = stage.package()
    return [owned(stage, {"domain": package["domain"]}), {"domain": package["domain"]}]


@valid("ListDomains")
def list_domains(stage: Stage) -> list[Params]:
    stage.domain(), stage.domain()
    token = stage.do("ListDomains", {"maxResults": 1}).json()["nextToken"]
    return [{"maxResults": 1, "nextToken": token}, {}]


@valid("DeleteDomain")
def delete_domain(stage: Stage) -> list[Params]:
    return [owned(stage, {"domain": stage.domain()}), {"domain": stage.fresh("never-was")}]


def with_domain_policy(stage: Stage) -> tuple[Params, str]:
    ids = {"domain": stage.domain()}
    put = stage.do("PutDomainPermissionsPolicy", {**ids, "policyDocument": stage.policy()}).json()
    return ids, put["policy"]["revision"]


@valid("PutDomainPermissionsPolicy")
def put_domain_policy(stage: Stage) -> list[Params]:
    ids, revision = with_domain_policy(stage)
    arn = stage.domain_arn(ids["domain"])
    return [
        owned(stage, {**ids, "policyRevision": revision, "policyDocument": stage.policy(arn)}),
        {**ids, "policyDocument": stage.policy()},
    ]


@valid("GetDomainPermissionsPolicy")
def get_domain_policy(stage: Stage) -> list[Params]:
    ids, _ = with_domain_policy(stage)
    return [owned(stage, ids)]


@valid("DeleteDomainPermissionsPolicy")
def delete_domain_policy(stage: Stage) -> list[Params]:
    ids, revision = with_domain_policy(stage)
    others, _ = with_domain_policy(stage)
    return [owned(stage, {**ids, "policyRevision": revision}), others]


# Repositories.


@valid("CreateRepository")
def create_repository(stage: Stage) -> list[Params]:
    store = stage.repository(name="store")
    ids = {"domain": store["domain"], "repository": "Made.here_1"}
    upstreams = [{"repositoryName": "store"}]
    full = owned(stage, {**ids, "description": "für alle – 全て", "upstreams": upstreams, "tags": TAGS})
    return [full, {"domain": store["domain"], "repository": "plain"}]


@valid("DescribeRepository")
def describe_repository(stage: Stage) -> list[Params]:
    domain = stage.domain()
    store = stage.repository(domain, "store")
    stage.do("AssociateExternalConnection", {**store, "externalConnection": knobs.NPM_CONNECTION})
    app = stage.repository(domain, "app", upstreams=[{"repositoryName": "store"}], description="x")
    return [owned(stage, app), store]


@valid("UpdateRepository")
def update_repository(stage: Stage) -> list[Params]:
    store = stage.repository(name="store")
    ids = stage.repository(store["domain"], "app")
    upstreams = [{"repositoryName": "store"}]
    stage.do("AssociateExternalConnection", {**store, "externalConnection": knobs.NPM_CONNECTION})
    return [
        owned(stage, {**ids, "description": "new", "upstreams": upstreams}),
        {**ids, "upstreams": []},
        ids,
        {**store, "description": ""},
    ]


@valid("DeleteRepository")
def delete_repository(stage: Stage) -> list[Params]:
    store = stage.repository(name="store", description="x")
    stage.do("AssociateExternalConnection", {**store, "externalConnection": knobs.NPM_CONNECTION})
    app = stage.repository(store["domain"], "app", upstreams=[{"repositoryName": "store"}])
    return [owned(stage, app), store, {**app, "repository": "never-was"}]


@valid("ListRepositories")
def list_repositories(stage: Stage) -> list[Params]:
    prefix = stage.fresh("listed")
    domain = stage.domain()
    for number in range(3):
        stage.repository(domain, f"{prefix}-{number}", description="x")
    token = stage.do("ListRepositories", {"repositoryPrefix": prefix, "maxResults": 1}).json()["nextToken"]
    return [{"repositoryPrefix": prefix, "maxResults": 1, "nextToken": token}, {}]


@valid("ListRepositoriesInDomain")
def list_repositories_in_domain(stage: Stage) -> list[Params]:
    ids = {"domain": stage.domain()}
    for number in range(3):
        stage.repository(ids["domain"], f"listed-{number}", description="x")
    call = owned(stage, {**ids, "administratorAccount": stage.server.account, "repositoryPrefix": "listed-"})
    token = stage.do("ListRepositoriesInDomain", {**call, "maxResults": 1}).json()["nextToken"]
    return [{**call, "maxResults": 1, "nextToken": token}, ids]


@valid("AssociateExternalConnection")
def associate(stage: Stage) -> list[Params]:
    return [owned(stage, {**stage.repository(description="x"), "externalConnection": knobs.NPM_CONNECTION})]


@valid("DisassociateExternalConnection")
def disassociate(stage: Stage) -> list[Params]:
    ids = {**stage.repository(description="x"), "externalConnection": knobs.NPM_CONNECTION}
    stage.do("AssociateExternalConnection", ids)
    return [owned(stage, ids)]


@valid("GetRepositoryEndpoint")
def get_endpoint(stage: Stage) -> list[Params]:
    ids = stage.repository()
    full = owned(stage, {**ids, "format": "npm", "endpointType": "dualstack"})
    return [full, *({**ids, "format": name} for name in knobs.FORMATS)]


def with_repository_policy(stage: Stage) -> tuple[Params, str]:
    ids = stage.repository()
    put = stage.do("PutRepositoryPermissionsPolicy", {**ids, "policyDocument": stage.policy()}).json()
    return ids, put["policy"]["revision"]


@valid("PutRepositoryPermissionsPolicy")
def put_repository_policy(stage: Stage) -> list[Params]:
    ids, revision = with_repository_policy(stage)
    return [
        owned(stage, {**ids, "policyRevision": revision, "policyDocument": stage.policy()}),
        {**ids, "policyDocument": stage.policy()},
    ]


@valid("GetRepositoryPermissionsPolicy")
def get_repository_policy(stage: Stage) -> list[Params]:
    ids, _ = with_repository_policy(stage)
    return [owned(stage, ids)]


@valid("DeleteRepositoryPermissionsPolicy")
def delete_repository_policy(stage: Stage) -> list[Params]:
    ids, revision = with_repository_policy(stage)
    others, _ = with_repository_policy(stage)
    return [owned(stage, {**ids, "policyRevision": revision}), others]


@valid("GetAuthorizationToken")
def get_token(stage: Stage) -> list[Params]:
    ids = {"domain": stage.domain()}
    return [owned(stage, {**ids, "durationSeconds": 900}), {**ids, "durationSeconds": 43200}, ids]


# Packages and versions.


@valid("ListPackages")
def list_packages(stage: Stage) -> list[Params]:
    repository = stage.repository()
    for name in ("alpha", "alpine", "beta"):
        stage.publish(stage.package_ids(repository, name))
    filters = {"format": "generic", "namespace": "to", "packagePrefix": "al", "publish": "ALLOW", "upstream": "BLOCK"}
    call = owned(stage, {**repository, **filters, "maxResults": 1})
    token = stage.do("ListPackages", call).json()["nextToken"]
    return [{**call, "nextToken": token}, call, repository]


@valid("DescribePackage")
def describe_package(stage: Stage) -> list[Params]:
    return [owned(stage, stage.package()), stage.ingested()]


@valid("DeletePackage")
def delete_package(stage: Stage) -> list[Params]:
    return [owned(stage, stage.package())]


@valid("PutPackageOriginConfiguration")
def put_origin_configuration(stage: Stage) -> list[Params]:
    repository = stage.repository()
    closed = {"publish": "BLOCK", "upstream": "ALLOW"}
    return [
        owned(stage, {**stage.package_ids(repository, "absent-yet"), "restrictions": closed}),
        {**stage.package(), "restrictions": {"publish": "ALLOW", "upstream": "BLOCK"}},
        {**repository, "format": "npm", "package": "absent-too", "restrictions": closed},
    ]


@valid("ListPackageVersions")
def list_versions(stage: Stage) -> list[Params]:
    package = stage.package("1.0.0", "1.1.0")
    filters = {"status": "Published", "sortBy": "PUBLISHED_TIME", "originType": "INTERNAL"}
    call = owned(stage, {**package, **filters, "maxResults": 1})
    token = stage.do("ListPackageVersions", call).json()["nextToken"]
    ingested = stage.ingested()
    return [{**call, "nextToken": token}, {**call, "nextToken": token, "maxResults": 1000}, call, package, ingested]


@valid("DescribePackageVersion")
def describe_version(stage: Stage) -> list[Params]:
    return [
        owned(stage, {**stage.package(), "packageVersion": "1.0.0"}),
        {**stage.npm_package(), "packageVersion": "1.0.0"},
        {**stage.npm_package(license=LICENSE), "packageVersion": "1.0.0"},
        {**stage.ingested(), "packageVersion": "1.0.0"},
    ]


@valid("ListPackageVersionAssets")
def list_assets(stage: Stage) -> list[Params]:
    package = stage.package_ids(stage.repository())
    for name in ("a.bin", "b.bin", "c d.bin"):
        stage.do("PublishPackageVersion", {**stage.asset(package, "1.0.0", name), "unfinished": True})
    call = owned(stage, {**package, "packageVersion": "1.0.0", "maxResults": 1})
    token = stage.do("ListPackageVersionAssets", call).json()["nextToken"]
    return [{**call, "nextToken": token}, {**stage.npm_package(), "packageVersion": "1.0.0"}]


@valid("GetPackageVersionAsset")
def get_asset(stage: Stage) -> list[Params]:
    package = stage.package_ids(stage.repository())
    revision = stage.publish(package)
    call = {**package, "packageVersion": "1.0.0", "asset": "a.bin"}
    npm = {**stage.npm_package(), "packageVersion": "1.0.0", "asset": "package.tgz"}
    return [owned(stage, {**call, "packageVersionRevision": revision}), call, npm]


@valid("GetPackageVersionReadme")
def get_readme(stage: Stage) -> list[Params]:
    return [owned(stage, {**stage.npm_package(), "packageVersion": "1.0.0"})]


@valid("ListPackageVersionDependencies")
def list_dependencies(stage: Stage) -> list[Params]:
    # More than a page of any sensible size, so that a token is given.
    many = {f"dependency-{number}": "1.x" for number in range(1500)}
    package = stage.npm_package(dependencies=MANIFEST["dependencies"] | many)
    call = owned(stage, {**package, "packageVersion": "1.0.0"})
    token = stage.do("ListPackageVersionDependencies", call).json()["nextToken"]
    return [{**call, "nextToken": token}, call]


@valid("PublishPackageVersion")
def publish(stage: Stage) -> list[Params]:
    package = stage.package_ids(stage.repository())
    first = stage.asset(package, "1.0.0", "größe ~!@^&()-_+[]{};,.`.bin")
    return [
        owned(stage, {**first, "unfinished": True}),
        # The same again is no fault while the version is unfinished.
        {**first, "unfinished": True},
        {**stage.asset(package, "1.0.0", "last.bin", b""), "unfinished": False},
        stage.asset(package, "2.0.0"),
    ]


@valid("CopyPackageVersions")
def copy(stage: Stage) -> list[Params]:
    package = stage.package_ids(stage.repository(name="source"))
    revision = stage.publish(package)
    stage.publish(package, "2.0.0")
    stage.repository(package["domain"], "target")
    ids = {key: value for key, value in package.items() if key != "repository"}
    call = owned(stage, {**ids, "sourceRepository": "source", "destinationRepository": "target"})
    return [
        {**call, "versions": ["1.0.0"], "allowOverwrite": True, "includeFromUpstream": True},
        {**call, "versionRevisions": {"1.0.0": revision}},
        {**call, "versions": ["2.0.0", "9.9.9"]},
        {**call, "versions": ["2.0.0"]},
    ]


@valid("UpdatePackageVersionsStatus")
def update_status(stage: Stage) -> list[Params]:
    package = stage.package_ids(stage.repository())
    revision = stage.publish(package)
    stage.publish(package, "2.0.0")
    full = {
        **package,
        "versions": ["1.0.0"],
        "versionRevisions": {"1.0.0": revision},
        "expectedStatus": "Published",
        "targetStatus": "Unlisted",
    }
    return [
        owned(stage, full),
        {**package, "versions": ["1.0.0", "2.0.0"], "expectedStatus": "Published", "targetStatus": "Archived"},
        {**package, "versions": ["1.0.0", "2.0.0"], "targetStatus": "Archived"},
    ]


@valid("DisposePackageVersions")
def dispose(stage: Stage) -> list[Params]:
    package = stage.package_ids(stage.repository())
    revision = stage.publish(package)
    stage.publish(package, "2.0.0")
    full = {
        **package,
        "versions": ["1.0.0"],
        "versionRevisions": {"1.0.0": revision},
        "expectedStatus": "Published",
    }
    return [owned(stage, full), {**package, "versions": ["2.0.0", "9.9.9"]}]


@valid("DeletePackageVersions")
def delete_versions(stage: Stage) -> list[Params]:
    package = stage.package("1.0.0", "2.0.0")
    full = owned(stage, {**package, "versions": ["1.0.0"], "expectedStatus": "Published"})
    return [full, {**package, "versions": ["2.0.0", "9.9.9"]}]


# Package groups.


@valid("CreatePackageGroup")
def create_group(stage: Stage) -> list[Params]:
    ids = {"domain": stage.domain(), "packageGroup": "/npm/team/*"}
    full = {**ids, "contactInfo": "team@widgets.example", "description": "the team's", "tags": TAGS}
    return [owned(stage, full), {**ids, "packageGroup": "/npm/team/ui~"}]


def blocked_family(stage: Stage) -> Params:
    """A group with all members set, that inherits from one with a list of repositories."""
    domain = stage.domain()
    stage.repository(domain)
    parent = stage.group(domain, "/generic/*")
    stage.do(
        "UpdatePackageGroupOriginConfiguration",
        {
            **parent,
            "restrictions": {"PUBLISH": "ALLOW_SPECIFIC_REPOSITORIES"},
            "addAllowedRepositories": [{"repositoryName": "repo", "originRestrictionType": "PUBLISH"}],
        },
    )
    return stage.group(domain, "/generic/tools/*", contactInfo="x", description="y")


@valid("DescribePackageGroup")
def describe_group(stage: Stage) -> list[Params]:
    group = blocked_family(stage)
    return [owned(stage, group), {**group, "packageGroup": "/generic/*"}, {**group, "packageGroup": "/*"}]


@valid("UpdatePackageGroup")
def update_group(stage: Stage) -> list[Params]:
    group = blocked_family(stage)
    return [owned(stage, {**group, "contactInfo": "new", "description": "newer"}), group, {**group, "description": ""}]


@valid("UpdatePackageGroupOriginConfiguration")
def update_group_origins(stage: Stage) -> list[Params]:
    group = blocked_family(stage)
    stage.repository(group["domain"], "other")
    entry = {"repositoryName": "repo", "originRestrictionType": "PUBLISH"}
    other = {"repositoryName": "other", "originRestrictionType": "PUBLISH"}
    return [
        owned(
            stage,
            {
                **group,
                "restrictions": {"PUBLISH": "ALLOW_SPECIFIC_REPOSITORIES", "INTERNAL_UPSTREAM": "BLOCK"},
                "addAllowedRepositories": [entry, other],
                "removeAllowedRepositories": [],
            },
        ),
        {**group, "removeAllowedRepositories": [entry]},
        group,
    ]


@valid("DeletePackageGroup")
def delete_group(stage: Stage) -> list[Params]:
    group = blocked_family(stage)
    return [owned(stage, group), {**group, "packageGroup": "/generic/*"}]


@valid("ListPackageGroups")
def list_groups(stage: Stage) -> list[Params]:
    group = blocked_family(stage)
    call = owned(stage, {"domain": group["domain"], "prefix": "/generic/", "maxResults": 1})
    token = stage.do("ListPackageGroups", call).json()["nextToken"]
    domain = {"domain": group["domain"]}
    return [{**call, "nextToken": token}, call, domain, {**domain, "prefix": ""}]


@valid("ListSubPackageGroups")
def list_sub_groups(stage: Stage) -> list[Params]:
    domain = stage.domain()
    stage.repository(domain)
    for pattern in ("/npm/one/*", "/npm/two/*", "/npm/three/*"):
        stage.group(domain, pattern, contactInfo="x", description="y")
    parent = {"domain": domain, "packageGroup": "/*"}
    narrow = {"PUBLISH": "ALLOW_SPECIFIC_REPOSITORIES"}
    stage.do("UpdatePackageGroupOriginConfiguration", {**parent, "restrictions": narrow})
    call = owned(stage, {**parent, "maxResults": 1})
    token = stage.do("ListSubPackageGroups", call).json()["nextToken"]
    return [{**call, "nextToken": token}, parent]


@valid("ListAssociatedPackages")
def list_associated(stage: Stage) -> list[Params]:
    repository = stage.repository()
    for name in ("one", "two", "three"):
        stage.publish(stage.package_ids(repository, name))
    group = stage.group(repository["domain"])
    call = owned(stage, {**group, "maxResults": 1, "preview": False})
    token = stage.do("ListAssociatedPackages", call).json()["nextToken"]
    preview = {"domain": repository["domain"], "packageGroup": "/generic/tools/t~", "preview": True}
    return [{**call, "nextToken": token}, group, preview]


@valid("GetAssociatedPackageGroup")
def get_associated(stage: Stage) -> list[Params]:
    group = blocked_family(stage)
    ids = {"domain": group["domain"], "format": "generic", "namespace": "tools", "package": "anything"}
    return [owned(stage, ids), {"domain": group["domain"], "format": "npm", "package": "react"}]


@valid("ListAllowedRepositoriesForGroup")
def list_allowed(stage: Stage) -> list[Params]:
    group = stage.guarded("one", "two", "three")
    call = owned(stage, {**group, "originRestrictionType": "PUBLISH", "maxResults": 1})
    token = stage.do("ListAllowedRepositoriesForGroup", call).json()["nextToken"]
    return [{**call, "nextToken": token}, {**group, "originRestrictionType": "EXTERNAL_UPSTREAM"}]


# Tags.


def taggable(stage: Stage) -> list[str]:
    """One resource of every kind that has tags."""
    repository = stage.repository()
    domain = stage.domain_arn(repository["domain"])
    group = stage.group(repository["domain"])
    return [domain, f"{domain.replace(':domain/', ':repository/')}/repo", stage.group_arn(group)]


@valid("TagResource")
def tag(stage: Stage) -> list[Params]:
    return [{"resourceArn": arn, "tags": TAGS} for arn in taggable(stage)]


@valid("UntagResource")
def untag(stage: Stage) -> list[Params]:
    arns = taggable(stage)
    for arn in arns:
        stage.do("TagResource", {"resourceArn": arn, "tags": TAGS})
    return [{"resourceArn": arn, "tagKeys": ["team", "never-was"]} for arn in arns]


@valid("ListTagsForResource")
def list_tags(stage: Stage) -> list[Params]:
    arns = taggable(stage)
    stage.do("TagResource", {"resourceArn": arns[0], "tags": TAGS})
    return [{"resourceArn": arn} for arn in arns]
