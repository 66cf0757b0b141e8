"""How each declared exception is provoked, operation by operation; and where one cannot occur, why.

AccessDenied, Validation, Throttling, InternalServer and the missing domain are provoked alike everywhere. What is
particular stands in the tables below. A test fails if an operation declares an exception that none of them covers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conformance import service_model
from conformance.calls import CALLS
from conformance.stage import CONTENT, TAGS, Stage
from conformance.wire import Params
from harness import knobs

CONFLICT, NOT_FOUND = "ConflictException", "ResourceNotFoundException"
QUOTA, DENIED = "ServiceQuotaExceededException", "AccessDeniedException"
VALIDATION, THROTTLED = "ValidationException", "ThrottlingException"
INTERNAL = "InternalServerException"
# Provoked in the same way for every operation.
COMMON = {DENIED, VALIDATION, THROTTLED, INTERNAL}


@dataclass(frozen=True)
class Provocation:
    """Parameters that must end in an exception, and what the exception must be about."""

    params: Params
    resource: tuple[str, str] | None = None


Provoke = Callable[[Stage], Provocation]
PARTICULAR: dict[tuple[str, str], Provoke] = {}


def provoked(operation: str, exception: str) -> Callable[[Provoke], Provoke]:
    """Enter a function into the table."""

    def enter(function: Provoke) -> Provoke:
        assert (operation, exception) not in PARTICULAR
        PARTICULAR[operation, exception] = function
        return function

    return enter


# What cannot occur here, although the model declares it. Each entry is printed with the table.
SERIALISED = "writes of a domain take turns here, so no call ever meets another one half done"
TOLD_PER_VERSION = "what is wrong with a version is told in failedVersions, and writes of a domain take turns"
NO_LIMIT = "the operation makes nothing that a quota limits"
IMPOSSIBLE: dict[tuple[str, str], str] = {
    ("CopyPackageVersions", CONFLICT): TOLD_PER_VERSION,
    ("CopyPackageVersions", QUOTA): "100 versions per call is a constraint of the model, and copies take no storage",
    ("CreateDomain", NOT_FOUND): "a new domain refers to nothing: keys are taken as they are, see docs/quirks.md",
    ("DeletePackage", CONFLICT): SERIALISED,
    ("DeletePackageGroup", CONFLICT): SERIALISED,
    ("DeletePackageGroup", QUOTA): NO_LIMIT,
    ("DeletePackageVersions", CONFLICT): TOLD_PER_VERSION,
    ("DeleteRepository", CONFLICT): "a repository may be deleted whatever it holds and whoever has it upstream",
    ("DescribePackageVersion", CONFLICT): "a read meets no conflict; the public documents name no condition",
    ("DisassociateExternalConnection", CONFLICT): SERIALISED,
    ("DisassociateExternalConnection", QUOTA): NO_LIMIT,
    ("DisposePackageVersions", CONFLICT): TOLD_PER_VERSION,
    ("ListAllowedRepositoriesForGroup", QUOTA): NO_LIMIT,
    ("PutDomainPermissionsPolicy", QUOTA): "the length of a policy is a constraint of the model, and there is one",
    ("PutRepositoryPermissionsPolicy", QUOTA): "the length of a policy is a constraint of the model, and there is one",
    ("UpdatePackageGroup", QUOTA): NO_LIMIT,
    ("UpdatePackageVersionsStatus", CONFLICT): TOLD_PER_VERSION,
    ("UpdateRepository", CONFLICT): SERIALISED,
    ("UpdateRepository", QUOTA): "more than ten upstreams is a ValidationException, see docs/quirks.md",
}


def particular_cells() -> list[tuple[str, str]]:
    """Every exception that is not provoked alike everywhere."""
    return [
        (operation, exception)
        for operation in service_model.operation_names()
        for exception in service_model.declared_errors(operation)
        if exception not in COMMON
    ]


def provocation_of(operation: str, exception: str) -> Provoke | None:
    """How it is provoked; a missing domain is what most operations have in common."""
    if found := PARTICULAR.get((operation, exception)):
        return found
    if exception == NOT_FOUND and "domain" in service_model.required(operation):
        return lambda stage: missing_domain(CALLS[operation](stage)[0])
    return None


def missing_domain(params: Params) -> Provocation:
    """The same call about a domain that is not there."""
    params = {name: value for name, value in params.items() if name != "nextToken"}
    return Provocation({**params, "domain": "never-was"}, ("domain", "never-was"))


# Conflicts.


@provoked("CreateDomain", CONFLICT)
def domain_taken(stage: Stage) -> Provocation:
    domain = stage.domain()
    return Provocation({"domain": domain}, ("domain", domain))


@provoked("DeleteDomain", CONFLICT)
def domain_full(stage: Stage) -> Provocation:
    domain = stage.repository()["domain"]
    return Provocation({"domain": domain}, ("domain", domain))


@provoked("CreateRepository", CONFLICT)
def repository_taken(stage: Stage) -> Provocation:
    return Provocation(stage.repository(), ("repository", "repo"))


@provoked("AssociateExternalConnection", CONFLICT)
def connected_already(stage: Stage) -> Provocation:
    ids = {**stage.repository(), "externalConnection": knobs.NPM_CONNECTION}
    stage.do("AssociateExternalConnection", ids)
    return Provocation(ids, ("repository", "repo"))


@provoked("CreatePackageGroup", CONFLICT)
def group_taken(stage: Stage) -> Provocation:
    return Provocation(stage.group())


def stale(stage: Stage, operation: str) -> Provocation:
    """A revision of a policy that has been replaced."""
    if "Domain" in operation:
        ids, put = {"domain": stage.domain()}, "PutDomainPermissionsPolicy"
    else:
        ids, put = stage.repository(), "PutRepositoryPermissionsPolicy"
    first = stage.do(put, {**ids, "policyDocument": stage.policy()}).json()["policy"]["revision"]
    other = stage.policy("arn:aws:codeartifact:*:*:package/*")
    stage.do(put, {**ids, "policyDocument": other})
    body = {"policyDocument": stage.policy()} if operation.startswith("Put") else {}
    return Provocation({**ids, **body, "policyRevision": first})


for _operation in (
    "PutDomainPermissionsPolicy",
    "DeleteDomainPermissionsPolicy",
    "PutRepositoryPermissionsPolicy",
    "DeleteRepositoryPermissionsPolicy",
):
    provoked(_operation, CONFLICT)(lambda stage, operation=_operation: stale(stage, operation))


@provoked("PublishPackageVersion", CONFLICT)
def version_complete(stage: Stage) -> Provocation:
    package = stage.package("1.0.0")
    return Provocation(stage.asset(package, "1.0.0", "another.bin"))


@provoked("GetPackageVersionAsset", CONFLICT)
def other_revision(stage: Stage) -> Provocation:
    ids = {**stage.package("1.0.0"), "packageVersion": "1.0.0", "asset": "a.bin"}
    return Provocation({**ids, "packageVersionRevision": "A" * 43 + "="})


# What is not there.


def missing_resource(stage: Stage) -> str:
    """The ARN of a repository that is not there."""
    return f"{stage.domain_arn(stage.domain()).replace(':domain/', ':repository/')}/never-was"


@provoked("TagResource", NOT_FOUND)
def tag_nothing(stage: Stage) -> Provocation:
    return Provocation({"resourceArn": missing_resource(stage), "tags": TAGS}, ("repository", "never-was"))


@provoked("UntagResource", NOT_FOUND)
def untag_nothing(stage: Stage) -> Provocation:
    return Provocation({"resourceArn": missing_resource(stage), "tagKeys": ["x"]}, ("repository", "never-was"))


@provoked("ListTagsForResource", NOT_FOUND)
def tags_of_nothing(stage: Stage) -> Provocation:
    return Provocation({"resourceArn": missing_resource(stage)}, ("repository", "never-was"))


# Quotas. These run on a server with small limits.

SMALL_QUOTAS = {
    knobs.QUOTA_REPOSITORIES: 3,
    knobs.QUOTA_CONNECTIONS: 1,
}
SMALL_ASSET_BYTES = 1000
# On a server of its own: once an account is full nothing else can be made in it.
FEW_DOMAINS = 2


@provoked("CreateDomain", QUOTA)
def too_many_domains(stage: Stage) -> Provocation:
    for _ in range(FEW_DOMAINS):
        stage.domain()
    return Provocation({"domain": stage.fresh("one-too-many")})


@provoked("CreateRepository", QUOTA)
def too_many_repositories(stage: Stage) -> Provocation:
    domain = stage.domain()
    for number in range(SMALL_QUOTAS[knobs.QUOTA_REPOSITORIES]):
        stage.repository(domain, f"repo-{number}")
    return Provocation({"domain": domain, "repository": "one-too-many"})


@provoked("AssociateExternalConnection", QUOTA)
def too_many_connections(stage: Stage) -> Provocation:
    first = {**stage.repository(), "externalConnection": knobs.NPM_CONNECTION}
    stage.do("AssociateExternalConnection", first)
    second = stage.repository(first["domain"], "second")
    return Provocation({**second, "externalConnection": "public:pypi"})


@provoked("PublishPackageVersion", QUOTA)
def too_large(stage: Stage) -> Provocation:
    package = stage.package_ids(stage.repository())
    return Provocation(stage.asset(package, "1.0.0", content=CONTENT * SMALL_ASSET_BYTES))


def too_many_tags() -> list[dict[str, str]]:
    """One tag more than a resource may have."""
    return [{"key": f"key-{number}", "value": "x"} for number in range(51)]


@provoked("TagResource", QUOTA)
def tagged_too_often(stage: Stage) -> Provocation:
    return Provocation({"resourceArn": stage.domain_arn(stage.domain()), "tags": too_many_tags()})


@provoked("CreatePackageGroup", QUOTA)
def group_with_too_many_tags(stage: Stage) -> Provocation:
    return Provocation({"domain": stage.domain(), "packageGroup": "/npm/*", "tags": too_many_tags()})


@provoked("UpdatePackageGroupOriginConfiguration", QUOTA)
def too_many_edits(stage: Stage) -> Provocation:
    group = stage.group()
    entries = [{"repositoryName": f"repo-{number}", "originRestrictionType": "PUBLISH"} for number in range(101)]
    narrow = {"PUBLISH": "ALLOW_SPECIFIC_REPOSITORIES"}
    return Provocation({**group, "restrictions": narrow, "addAllowedRepositories": entries})


# What is missing below the domain, level by level, where an operation must notice.

ABSENT = "absent-here"
VERSION = "9.9.9"


def names_more_than_a_domain(operation: str) -> bool:
    """Whether there is a level below the domain at all."""
    levels = {"repository", "sourceRepository", "package", "packageVersion", "asset"} & set(
        service_model.members(operation)
    )
    return {(operation, level) for level in levels} - UNNOTICED != set()


def deeper_absences(operation: str, params: Params) -> list[tuple[str, Params, tuple[str, str | None]]]:
    """The same call with one name of something that is not there: member, parameters, resource of the exception."""
    found: list[tuple[str, Params, tuple[str, str | None]]] = []
    # A token is bound to the list it was given for.
    params = {name: value for name, value in params.items() if name != "nextToken"}
    names = set(params)

    def put(member: str, value: Any, kind: str, identifier: str | None) -> None:
        if member in names and (operation, member) not in UNNOTICED:
            found.append((member, {**params, member: value}, (kind, identifier)))

    for member in ("repository", "sourceRepository", "destinationRepository"):
        put(member, ABSENT, "repository", ABSENT)
    put("package", ABSENT, "package", None)
    put("packageVersion", VERSION, "package-version", None)
    put("asset", "absent.bin", "asset", None)
    if operation in ("CreateRepository", "UpdateRepository"):
        put("upstreams", [{"repositoryName": ABSENT}], "repository", ABSENT)
    return found


# Where an absent name is as good as any other: it is made, or nothing is looked up.
UNNOTICED = {
    ("CreateRepository", "repository"),
    ("DeleteRepository", "repository"),
    ("PutPackageOriginConfiguration", "package"),
    ("PublishPackageVersion", "package"),
    ("PublishPackageVersion", "packageVersion"),
    ("GetAssociatedPackageGroup", "package"),
}
