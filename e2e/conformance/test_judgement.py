"""The judge itself: replies with one fault each must not pass, and the one without must."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from conformance import service_model
from conformance.broken import faults_of_operation
from conformance.judgement import judge_error, judge_success
from conformance.wire import Reply

HEADERS = {"content-type": "application/json", "x-amzn-requestid": "5a7f0d0e-3c54-4e0e-9f5e-2f0b8f3d6c11"}
GOOD: dict[str, Any] = {
    "repository": {
        "name": "team-a",
        "administratorAccount": "111122223333",
        "domainName": "acme",
        "domainOwner": "111122223333",
        "arn": "arn:aws:codeartifact:us-west-2:111122223333:repository/acme/team-a",
        "description": "für alle",
        "upstreams": [{"repositoryName": "store"}],
        "externalConnections": [
            {"externalConnectionName": "public:npmjs", "packageFormat": "npm", "status": "Available"}
        ],
        "createdTime": 1767225600.123,
    }
}
Change = Callable[[dict[str, Any]], object]


def reply(body: object, status: int = 200, **headers: str) -> Reply:
    """A reply with a JSON body."""
    return Reply(status, HEADERS | headers, json.dumps(body).encode())


def test_a_good_reply_passes() -> None:
    verdict = judge_success("DescribeRepository", reply(GOOD))
    assert verdict.faults == []
    shape = service_model.operation("DescribeRepository").output_shape
    assert verdict.seen == set(service_model.output_paths(shape))


@pytest.mark.parametrize(
    ("change", "about"),
    [
        (lambda one: one.update(extra=1), "extra"),
        (lambda one: one.update(description=None), "description"),
        (lambda one: one.update(name=7), "name"),
        (lambda one: one.update(name="a"), "name"),
        (lambda one: one.update(name="-a"), "name"),
        (lambda one: one.update(administratorAccount="11112222333"), "administratorAccount"),
        (lambda one: one.update(description="a\x01b"), "description"),
        (lambda one: one.update(description="x" * 1001), "description"),
        (lambda one: one.update(createdTime="2026-01-01T00:00:00Z"), "createdTime"),
        (lambda one: one.update(createdTime=1767225600123), "createdTime"),
        (lambda one: one.update(createdTime=1767225600.1234), "createdTime"),
        (lambda one: one.update(upstreams={}), "upstreams"),
        (lambda one: one["upstreams"].append("x"), "upstreams[]"),
        (lambda one: one["externalConnections"][0].update(status="AVAILABLE"), "externalConnections[].status"),
        (lambda one: one["externalConnections"][0].update(packageFormat="rpm"), "externalConnections[].packageFormat"),
    ],
)
def test_a_reply_with_a_fault_does_not(change: Change, about: str) -> None:
    body = copy.deepcopy(GOOD)
    change(body["repository"])
    faults = judge_success("DescribeRepository", reply(body)).faults
    assert faults and all(fault.startswith(f"repository.{about}:") for fault in faults), faults


@pytest.mark.parametrize(
    "bad",
    [
        Reply(200, HEADERS, b""),
        Reply(200, HEADERS, b'{"repository":{"name":"ab","name":"ab"}}'),
        Reply(200, HEADERS | {"content-type": "text/plain"}, b"{}"),
        Reply(200, HEADERS | {"x-amzn-requestid": "1"}, b"{}"),
        Reply(201, HEADERS, b"{}"),
        Reply(404, HEADERS | {"x-amzn-errortype": "ResourceNotFoundException"}, b'{"message":"x"}'),
    ],
)
def test_a_reply_that_is_broken_as_a_whole_does_not(bad: Reply) -> None:
    assert judge_success("DescribeRepository", bad).faults


def test_a_missing_required_member_is_noticed() -> None:
    body = {"versions": [{"version": "1.0.0"}]}
    assert judge_success("ListPackageVersions", reply(body)).faults == ["versions[].status: the member is required"]


NOT_FOUND = {"message": "x", "resourceId": "acme", "resourceType": "domain"}


@pytest.mark.parametrize(
    ("operation", "body", "status", "exception"),
    [
        ("DescribeDomain", {**NOT_FOUND, "resourceType": "package-group"}, 404, "ResourceNotFoundException"),
        ("DescribeDomain", {**NOT_FOUND, "reason": "OTHER"}, 404, "ResourceNotFoundException"),
        ("DescribeDomain", {"Message": "x"}, 404, "ResourceNotFoundException"),
        ("DescribeDomain", NOT_FOUND, 400, "ResourceNotFoundException"),
        ("ListDomains", NOT_FOUND, 404, "ResourceNotFoundException"),
        ("DescribeDomain", {"message": "x", "reason": "BECAUSE"}, 400, "ValidationException"),
        ("DescribeDomain", {"message": "x"}, 400, "ValidationException"),
        ("DescribeDomain", {"message": "x"}, 429, "ThrottlingException"),
    ],
)
def test_an_exception_with_a_fault_is_noticed(
    operation: str, body: dict[str, str], status: int, exception: str
) -> None:
    assert judge_error(operation, reply(body, status, **{"x-amzn-errortype": exception}), exception).faults


def test_a_good_exception_passes() -> None:
    given = reply(NOT_FOUND, 404, **{"x-amzn-errortype": "ResourceNotFoundException:http://internal.example/"})
    assert judge_error("DescribeDomain", given, "ResourceNotFoundException").faults == []


def test_every_constraint_of_the_model_is_broken_somewhere() -> None:
    """The kinds of constraint that inputs have; each broken set of parameters differs from all the others."""
    for operation in service_model.operation_names():
        found = faults_of_operation(operation, [{}])
        assert {one.member for one in found if one.kind == "missing"} >= set(service_model.required(operation)) - {
            "assetContent"
        }
        for name, shape in service_model.members(operation).items():
            kinds = " ".join(one.kind for one in found if one.member == name)
            constraints = shape.metadata
            assert "longer" in kinds or "max" not in constraints or shape.type_name != "string", (operation, name)
            assert "shorter" in kinds or not constraints.get("min") or shape.type_name != "string", (operation, name)
            assert "pattern" in kinds or "pattern" not in constraints, (operation, name)
            assert "enumeration" in kinds or "enum" not in constraints, (operation, name)
