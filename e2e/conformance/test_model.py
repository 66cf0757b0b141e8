"""The published service model as judge of every operation.

For each one: valid calls whose replies are checked member by member, every constraint of the input broken in turn, and
every declared exception provoked. The parameters of each test come from the model, so an operation that the model has
and the server lacks fails here.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from conformance import service_model
from conformance.broken import WRONG_TYPE, faults_of_operation
from conformance.calls import CALLS
from conformance.judgement import FRAMEWORK_ERRORS, judge_error, judge_success
from conformance.provocations import (
    COMMON,
    DENIED,
    IMPOSSIBLE,
    INTERNAL,
    NOT_FOUND,
    PARTICULAR,
    QUOTA,
    THROTTLED,
    VALIDATION,
    deeper_absences,
    missing_domain,
    names_more_than_a_domain,
    particular_cells,
    provocation_of,
)
from conformance.stage import Stage
from conformance.table import Table
from conformance.wire import Params, Reply
from harness.faults import tables_gone

OPERATIONS = service_model.operation_names()
every_operation = pytest.mark.parametrize("operation", OPERATIONS)


def declaring(exception: str) -> list[str]:
    """The operations that declare an exception."""
    return [name for name in OPERATIONS if exception in service_model.declared_errors(name)]


# Members of outputs that no reply can have.
CONNECTION = {
    f"repository.externalConnections[].{name}" for name in ("externalConnectionName", "packageFormat", "status")
}
UPSTREAM = {"repository.upstreams[].repositoryName"}
NEVER_SEEN: dict[str, set[str]] = {
    # Upstreams and a connection exclude each other, and a new repository has no connection.
    "AssociateExternalConnection": UPSTREAM,
    "CreateRepository": CONNECTION,
    "DisassociateExternalConnection": CONNECTION | UPSTREAM,
    # The bucket is told by DescribeDomain alone.
    "CreateDomain": {"domain.s3BucketArn"},
    "DeleteDomain": {"domain.s3BucketArn"},
    # A new group has no list of its own.
    "CreatePackageGroup": {"packageGroup.originConfiguration.restrictions{}.repositoriesCount"},
}


def test_the_tables_of_this_suite_cover_the_model() -> None:
    assert sorted(CALLS) == OPERATIONS, "an operation without a valid call, or a call of no operation"
    declared = {(name, exception) for name in OPERATIONS for exception in service_model.declared_errors(name)}
    covered = {cell for cell in declared if cell[1] in COMMON or provocation_of(*cell)} | set(IMPOSSIBLE)
    assert declared - covered == set(), "exceptions that nothing provokes"
    assert set(IMPOSSIBLE) <= declared, "an impossibility that nobody asked for"
    assert set(IMPOSSIBLE) & set(PARTICULAR) == set(), "provoked although impossible"
    assert set(PARTICULAR) <= declared, "a provocation of what is not declared"


@every_operation
def test_a_valid_call_is_answered_as_the_model_says(operation: str, stage: Stage, table: Table) -> None:
    faults: list[str] = []
    seen: set[str] = set()
    sent: set[str] = set()
    try:
        for params in CALLS[operation](stage):
            verdict = judge_success(operation, stage.root.call(operation, params))
            faults += [f"{fault} [{sorted(params)}]" for fault in verdict.faults]
            seen |= verdict.seen
            sent |= set(params)
        assert not faults, "\n".join(faults)
        assert sent == set(service_model.members(operation)), "an input member that no valid call sends"
        wanted = set(service_model.output_paths(service_model.operation(operation).output_shape))
        unseen = wanted - seen - NEVER_SEEN.get(operation, set())
        assert not unseen, f"members of the output that no reply had: {sorted(unseen)}"
    except BaseException:
        table.count(operation, "valid", done=False)
        raise
    table.count(operation, "valid", done=True)


def state(stage: Stage, params: list[Params]) -> str:
    """A digest of what Describe and List calls show of everything that some calls are about."""
    shown: list[Any] = []

    def look(name: str, members: Params) -> Any:
        reply = stage.root.call(name, members)
        shown.append([name, reply.status, reply.json() | {"nextToken": None}])
        return reply.json()

    look("ListDomains", {"maxResults": 1000})
    domains = sorted({one["domain"] for one in params if "domain" in one} | domains_of_arns(params))
    for domain in domains:
        look("DescribeDomain", {"domain": domain})
        look("GetDomainPermissionsPolicy", {"domain": domain})
        look("ListTagsForResource", {"resourceArn": stage.domain_arn(domain)})
        for group in look("ListPackageGroups", {"domain": domain}).get("packageGroups", []):
            look("ListTagsForResource", {"resourceArn": group["arn"]})
        for repository in look("ListRepositoriesInDomain", {"domain": domain}).get("repositories", []):
            look_at_repository(look, {"domain": domain, "repository": repository["name"]}, repository["arn"])
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()


def look_at_repository(look: Any, ids: Params, arn: str) -> None:
    """The same for one repository."""
    look("DescribeRepository", ids)
    look("GetRepositoryPermissionsPolicy", ids)
    look("ListTagsForResource", {"resourceArn": arn})
    for package in look("ListPackages", ids).get("packages", []):
        members = {key: value for key, value in package.items() if key != "originConfiguration"}
        versions = look("ListPackageVersions", {**ids, **members}).get("versions", [])
        for version in versions:
            look("ListPackageVersionAssets", {**ids, **members, "packageVersion": version["version"]})


def domains_of_arns(params: list[Params]) -> set[str]:
    """The domains in the ARNs among some parameters."""
    return {one["resourceArn"].split(":", 5)[5].split("/")[1] for one in params if "resourceArn" in one}


@every_operation
def test_each_broken_constraint_is_refused_and_changes_nothing(operation: str, stage: Stage, table: Table) -> None:
    try:
        good = CALLS[operation](stage)
        faults = faults_of_operation(operation, good)
        before = state(stage, good)
    except BaseException:
        table.count(operation, "broken", done=False)
        raise
    wrong: list[str] = []
    for broken in faults:
        reply = stage.root.call(operation, broken.params)
        verdict = judge_error(operation, reply, VALIDATION)
        if not verdict.faults and WRONG_TYPE not in broken.kind and broken.member != "(the body)":
            verdict.faults += reason_faults(reply, broken.member)
        wrong += [f"{broken}: {fault}" for fault in verdict.faults]
        table.count(operation, "broken", done=not verdict.faults)
    assert not wrong, f"{len(wrong)} of {len(faults)}:\n" + "\n".join(wrong)
    assert state(stage, good) == before, "a refused call changed something"


def reason_faults(reply: Reply, member: str) -> list[str]:
    """A broken constraint is told as one, and names its member."""
    body = reply.json()
    faults = [] if body.get("reason") == "FIELD_VALIDATION_FAILED" else [f"reason {body.get('reason')}"]
    if member not in body["message"]:
        faults.append(f"the message does not name the member: {body['message']}")
    return faults


@pytest.mark.parametrize("operation", declaring(DENIED))
def test_somebody_without_rights_is_denied(operation: str, stage: Stage, table: Table) -> None:
    def provoke() -> list[str]:
        good = CALLS[operation](stage)
        before = state(stage, good)
        reply = stage.nobody.call(operation, good[0])
        faults = judge_error(operation, reply, DENIED).faults
        if not faults and f"codeartifact:{operation}" not in reply.json()["message"]:
            faults.append(f"the message does not name the action: {reply.json()['message']}")
        if state(stage, good) != before:
            faults.append("a denied call changed something")
        # What is not there is denied in the same way.
        if "domain" in good[0]:
            absent = stage.nobody.call(operation, missing_domain(good[0]).params)
            faults += [f"absent: {fault}" for fault in judge_error(operation, absent, DENIED).faults]
        return faults

    count_error(table, operation, provoke)


@pytest.mark.parametrize("operation", declaring(VALIDATION))
def test_an_unknown_enumeration_or_page_is_told_as_invalid(operation: str, stage: Stage, table: Table) -> None:
    """Every operation has a required text: without it the call is invalid."""

    def provoke() -> list[str]:
        names = service_model.required(operation)
        params = {} if names else {"nextToken": "forged"}
        return judge_error(operation, stage.root.call(operation, params), VALIDATION).faults

    count_error(table, operation, provoke)


@pytest.mark.parametrize("operation", declaring(THROTTLED))
def test_too_many_requests_are_throttled(operation: str, throttled_stage: Stage, table: Table) -> None:
    def provoke() -> list[str]:
        # The parameters need not name anything that exists: the rate comes first.
        params = plain_params(throttled_stage, operation)
        for _ in range(20):
            reply = throttled_stage.root.call(operation, params)
            if reply.error == THROTTLED:
                break
        return judge_error(operation, reply, THROTTLED).faults

    count_error(table, operation, provoke)


def plain_params(stage: Stage, operation: str) -> Params:
    """Well-formed parameters that name nothing that exists."""
    coordinates = {"format": "generic", "namespace": "tools", "package": "x"}
    known: Params = {
        **dict.fromkeys(("domain", "repository", "sourceRepository", "destinationRepository"), "never-was"),
        **coordinates,
        "packageVersion": "1.0.0",
        "asset": "a.bin",
        "assetName": "a.bin",
        "assetContent": b"x",
        "assetSHA256": hashlib.sha256(b"x").hexdigest(),
        "versions": ["1.0.0"],
        "targetStatus": "Archived",
        "externalConnection": "public:npmjs",
        "packageGroup": "/npm/*",
        "originRestrictionType": "PUBLISH",
        "policyDocument": stage.policy(),
        "resourceArn": stage.domain_arn("never-was"),
        "restrictions": {"publish": "ALLOW", "upstream": "ALLOW"},
        "tags": [],
        "tagKeys": [],
    }
    needed = [*service_model.required(operation), *(["versions"] if operation == "CopyPackageVersions" else [])]
    needed += ["namespace"] if "namespace" in service_model.members(operation) and "package" in needed else []
    return {name: known[name] for name in needed}


@pytest.mark.parametrize("operation", declaring(INTERNAL))
def test_a_broken_store_is_told_without_its_details(operation: str, doomed_stage: Stage, table: Table) -> None:
    def provoke() -> list[str]:
        # Nothing that a cache could know: every name is new to the server.
        params = {name: value for name, value in plain_params(doomed_stage, operation).items() if name != "domain"}
        if "domain" in service_model.members(operation):
            params["domain"] = doomed_stage.fresh("unheard-of")
        with tables_gone(doomed_stage.server.data_dir):
            reply = doomed_stage.root.call(operation, params)
        faults = judge_error(operation, reply, INTERNAL).faults
        return [*faults, *(f"the reply says {word!r}" for word in ("sql", "table") if word in str(reply).lower())]

    count_error(table, operation, provoke)


PARTICULAR_CELLS = [cell for cell in particular_cells() if cell not in IMPOSSIBLE]


@pytest.mark.parametrize(("operation", "exception"), PARTICULAR_CELLS)
def test_each_declared_exception_is_given(
    operation: str, exception: str, request: pytest.FixtureRequest, table: Table
) -> None:
    def provoke() -> list[str]:
        where = "stage"
        if exception == QUOTA:
            where = "full_stage" if operation == "CreateDomain" else "narrow_stage"
        stage: Stage = request.getfixturevalue(where)
        function = provocation_of(operation, exception)
        assert function is not None, f"nothing provokes {exception} of {operation}"
        provocation = function(stage)
        before = state(stage, [provocation.params])
        reply = stage.root.call(operation, provocation.params)
        faults = judge_error(operation, reply, exception).faults
        if not faults and provocation.resource is not None:
            found = (reply.json().get("resourceType"), reply.json().get("resourceId"))
            if found != provocation.resource:
                faults.append(f"about {found}, not about {provocation.resource}")
        if state(stage, [provocation.params]) != before:
            faults.append("a refused call changed something")
        return faults

    count_error(table, operation, provoke)


def count_error(table: Table, operation: str, provoke: Any) -> None:
    """Provoke, judge, and enter the outcome."""
    try:
        faults = provoke()
        assert not faults, "\n".join(faults)
    except BaseException:
        table.count(operation, "errors", done=False)
        raise
    table.count(operation, "errors", done=True)


@pytest.mark.parametrize("operation", [name for name in declaring(NOT_FOUND) if names_more_than_a_domain(name)])
def test_whatever_is_missing_is_named(operation: str, stage: Stage) -> None:
    """Below the domain too: repository, package, version and asset, each with its type."""
    wrong: list[str] = []
    good = CALLS[operation](stage)[0]
    for member, params, (kind, identifier) in deeper_absences(operation, good):
        reply = stage.root.call(operation, params)
        faults = judge_error(operation, reply, NOT_FOUND).faults
        if not faults:
            body = reply.json()
            if body.get("resourceType") != kind or not body.get("resourceId"):
                faults.append(f"about {body.get('resourceType')} {body.get('resourceId')}, not about a {kind}")
            if identifier is not None and body.get("resourceId") != identifier:
                faults.append(f"about {body.get('resourceId')}, not about {identifier}")
        wrong += [f"{member}: {fault}" for fault in faults]
    assert not wrong, "\n".join(wrong)


@every_operation
def test_nothing_but_declared_exceptions_is_ever_given(operation: str, stage: Stage) -> None:
    """Odd, but well-signed: whatever comes back is declared, or one that any AWS service gives."""
    allowed = set(service_model.declared_errors(operation)) | FRAMEWORK_ERRORS
    for params in ({}, plain_params(stage, operation)):
        reply = stage.root.call(operation, params)
        assert reply.error is None or reply.error in allowed - {"UnknownOperationException"}, str(reply)
