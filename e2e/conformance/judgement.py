"""Replies held against the model: every member of the body, every header, every exception."""

from __future__ import annotations

import json
import uuid
from typing import Any

from botocore.model import Shape, StructureShape
from botocore.parsers import create_parser

from conformance import service_model
from conformance.patterns import compiled
from conformance.wire import Reply

# Exceptions that any AWS service gives before it looks at the operation.
FRAMEWORK_ERRORS = {
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "UnknownOperationException",
}


class Verdict:
    """What is wrong with one reply, and which members of the output it had."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.seen: set[str] = set()

    def fault(self, path: str, text: str) -> None:
        """Note a fault."""
        self.faults.append(f"{path or 'the reply'}: {text}")


def judge_success(operation: str, reply: Reply) -> Verdict:
    """A reply that must be a success in the form of the model."""
    verdict = Verdict()
    model = service_model.operation(operation)
    if reply.status != model.http.get("responseCode", 200):
        verdict.fault("", f"expected success, but {reply}")
        return verdict
    _judge_request_id(reply, verdict)
    shape = model.output_shape
    payload = shape.serialization.get("payload")
    for name, member in shape.members.items():
        where, wire_name = service_model.place(member)
        if where == "header":
            value = reply.headers.get(str(wire_name).lower())
            if value is None:
                verdict.fault(name, f"the header {wire_name} is missing")
            else:
                verdict.seen.add(name)
                _judge_text(member, value, name, verdict)
    if payload is not None:
        verdict.seen.add(payload)
        if reply.headers.get("content-length") != str(len(reply.body)):
            verdict.fault(payload, "Content-Length is not the length of the body")
    else:
        _judge_json_body(shape, reply, verdict)
    if not verdict.faults:
        _judge_parse(operation, reply, verdict)
    return verdict


def _judge_request_id(reply: Reply, verdict: Verdict) -> None:
    try:
        uuid.UUID(reply.headers.get("x-amzn-requestid", ""))
    except ValueError:
        verdict.fault("x-amzn-RequestId", f"no UUID: {reply.headers.get('x-amzn-requestid')!r}")


def _json_of(reply: Reply, verdict: Verdict) -> Any:
    if reply.headers.get("content-type") != "application/json":
        verdict.fault("Content-Type", f"{reply.headers.get('content-type')!r}")

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in found]
        if len(set(names)) != len(names):
            verdict.fault("", f"a member is there twice: {names}")
        return dict(found)

    try:
        return json.loads(reply.body, object_pairs_hook=pairs)
    except ValueError as error:
        verdict.fault("", f"no JSON ({error}): {reply.body[:200]!r}")
        return None


def _judge_json_body(shape: StructureShape, reply: Reply, verdict: Verdict) -> None:
    body = _json_of(reply, verdict)
    if body is not None:
        judge_value(shape, body, "", verdict)


def judge_value(shape: Shape, value: Any, path: str, verdict: Verdict) -> None:
    """A JSON value against its shape."""
    kind = shape.type_name
    if value is None:
        verdict.fault(path, "null: absent members are left out")
    elif kind == "structure":
        _judge_structure(shape, value, path, verdict)
    elif kind == "list":
        if not isinstance(value, list):
            verdict.fault(path, f"no list: {value!r}")
            return
        _judge_bounds(shape, len(value), path, verdict)
        for item in value:
            judge_value(shape.member, item, f"{path}[]", verdict)
    elif kind == "map":
        if not isinstance(value, dict):
            verdict.fault(path, f"no object: {value!r}")
            return
        for key, item in value.items():
            _judge_text(shape.key, key, f"{path} (key)", verdict)
            judge_value(shape.value, item, f"{path}{{}}", verdict)
    elif kind == "string":
        _judge_text(shape, value, path, verdict)
    elif kind in ("integer", "long"):
        if isinstance(value, bool) or not isinstance(value, int):
            verdict.fault(path, f"no whole number: {value!r}")
        else:
            _judge_bounds(shape, value, path, verdict)
    elif kind == "boolean":
        if not isinstance(value, bool):
            verdict.fault(path, f"no boolean: {value!r}")
    elif kind == "timestamp":
        _judge_time(value, path, verdict)
    else:
        verdict.fault(path, f"the suite does not know the type {kind}")


def _judge_structure(shape: StructureShape, value: Any, path: str, verdict: Verdict) -> None:
    if not isinstance(value, dict):
        verdict.fault(path, f"no object: {value!r}")
        return
    for name, member in value.items():
        inner = f"{path}.{name}" if path else name
        if name not in shape.members:
            verdict.fault(inner, "the model has no such member")
            continue
        verdict.seen.add(inner)
        judge_value(shape.members[name], member, inner, verdict)
    for name in shape.required_members:
        if name not in value:
            verdict.fault(f"{path}.{name}", "the member is required")


def _judge_text(shape: Shape, value: Any, path: str, verdict: Verdict) -> None:
    if not isinstance(value, str):
        verdict.fault(path, f"no string: {value!r}")
        return
    _judge_bounds(shape, len(value), path, verdict)
    if (allowed := shape.metadata.get("enum")) and value not in allowed:
        verdict.fault(path, f"{value!r} is none of {allowed}")
    if (pattern := shape.metadata.get("pattern")) and not compiled(pattern).fullmatch(value):
        verdict.fault(path, f"{value!r} does not match {pattern}")


def _judge_bounds(shape: Shape, size: int, path: str, verdict: Verdict) -> None:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if (low is not None and size < low) or (high is not None and size > high):
        verdict.fault(path, f"{size} is not within {low} and {high}")


def _judge_time(value: Any, path: str, verdict: Verdict) -> None:
    """Seconds since the epoch as a number; this century, and with milliseconds at most."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        verdict.fault(path, f"a time must be a number: {value!r}")
    elif not 946_684_800 < value < 4_102_444_800:
        verdict.fault(path, f"no time in seconds: {value!r}")
    elif abs(value * 1000 - round(value * 1000)) > 1e-3:
        verdict.fault(path, f"finer than milliseconds: {value!r}")


def _judge_parse(operation: str, reply: Reply, verdict: Verdict) -> None:
    """The SDK's own parser must get along with it too."""
    parser = create_parser("rest-json")
    response = {"status_code": reply.status, "headers": reply.headers, "body": reply.body, "context": {}}
    shape = service_model.operation(operation).output_shape
    if shape.serialization.get("payload"):
        return
    parsed = parser.parse(response, shape)
    if "Error" in parsed:
        verdict.fault("", f"the SDK reads an error: {parsed['Error']}")


def judge_error(operation: str, reply: Reply, expected: str) -> Verdict:
    """A reply that must be a declared exception with its status and members."""
    verdict = Verdict()
    if reply.error != expected:
        verdict.fault("", f"expected {expected}, but {reply}")
        return verdict
    _judge_request_id(reply, verdict)
    shape = service_model.service().shape_for(expected)
    if reply.status != shape.metadata["error"]["httpStatusCode"]:
        verdict.fault("", f"status {reply.status}")
    if expected not in service_model.declared_errors(operation):
        verdict.fault("", f"{operation} does not declare {expected}")
    body = _json_of(reply, verdict)
    if not isinstance(body, dict):
        return verdict
    in_body = {name for name, member in shape.members.items() if service_model.place(member)[0] == "body"}
    for name, value in body.items():
        if name not in in_body:
            verdict.fault(name, "the model has no such member in this exception")
        else:
            judge_value(shape.members[name], value, name, verdict)
    if not body.get("message"):
        verdict.fault("message", "the member is required")
    if expected == "ThrottlingException" and not reply.headers.get("retry-after", "").isdigit():
        verdict.fault("Retry-After", f"no whole seconds: {reply.headers.get('retry-after')!r}")
    if expected == "ValidationException" and "reason" not in body:
        verdict.fault("reason", "a fault without its reason")
    return verdict
