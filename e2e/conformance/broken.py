"""Every constraint of an input broken, one at a time, from the model alone.

Each `Broken` is a set of parameters that differs from a good one in exactly one respect and must be refused.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.model import Shape, StructureShape

from conformance import service_model
from conformance.patterns import compiled
from conformance.wire import Params, Raw

# Tried in this order; those that a pattern allows are no faults of it.
ODD_TEXTS = (
    "a b", "-ab", "a#b", "a/b", "ab\tcd", "ab\x01", "ab\u200bcd", "AB", "ab\n", "ab_", "abä", "a,b",
    *(text * 6 for text in ("a ", "0x", "g0")), "G" * 64, "ab:cd", "a\u00a0b",
)  # fmt: skip
# What stands for "valid" where a long text is needed.
FILLERS = ("a", "0", "A", "x")
ODD_TEXTS_EACH = 4
WRONG_TYPE = "wrong type"


@dataclass(frozen=True)
class Broken:
    """Parameters with one fault."""

    member: str
    kind: str
    params: Params

    def __str__(self) -> str:
        return f"{self.member}: {self.kind}"


# A value and what is wrong with it.
Fault = tuple[str, Any]


def faults_of_operation(operation: str, bases: list[Params]) -> list[Broken]:
    """All the faults. For each member the first of the good parameter sets that has it is broken."""
    found: list[Broken] = []
    has_body = False
    for name, shape in service_model.members(operation).items():
        where, _ = service_model.place(shape)
        if shape.type_name == "blob":
            continue
        has_body |= where == "body"
        base = next((params for params in bases if name in params), bases[0])
        if name != "nextToken":
            # A token is bound to the list it was given for: with another member broken it would be a second fault.
            base = {key: value for key, value in base.items() if key != "nextToken"}
        if name in service_model.required(operation):
            found.append(Broken(name, "missing", {key: value for key, value in base.items() if key != name}))
        for kind, value in _faults(shape, where, base.get(name)):
            found.append(Broken(name, kind, {**base, name: value}))
    if has_body:
        for kind, text in (("no JSON", b'{"'), ("a list", b"[]"), ("a text", b'"x"'), ("no UTF-8", b'{"\xff":1}')):
            found.append(Broken("(the body)", kind, {**bases[0], "*body": Raw(text)}))
    return found


def _faults(shape: Shape, where: str, good: Any) -> Iterator[Fault]:
    """What can be wrong with a value of a shape, at a place of the wire."""
    if isinstance(shape, StructureShape):
        yield from _structure_faults(shape, good)
    elif shape.type_name == "string":
        yield from _text_faults(shape, where, good)
    elif shape.type_name in ("integer", "long"):
        yield from _number_faults(shape, where)
    elif shape.type_name == "boolean":
        odd: tuple[Any, ...] = ("", "maybe", "True ") if where == "querystring" else ("true", 1, [], {})
        for value in odd:
            yield f"{WRONG_TYPE} {value!r}", value
    elif shape.type_name == "list":
        yield from _list_faults(shape, good)
    elif shape.type_name == "map":
        yield from _map_faults(shape, good)
    else:
        raise AssertionError(f"the suite does not know the type {shape.type_name}")


def _text_faults(shape: Shape, where: str, good: Any) -> Iterator[Fault]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    pattern, allowed = shape.metadata.get("pattern"), shape.metadata.get("enum")
    if low:
        yield f"shorter than {low}", filler(shape, low - 1)
    if high:
        yield f"longer than {high}", filler(shape, high + 1)
    if pattern:
        odd = [text for text in ODD_TEXTS if _fits(shape, text) and not compiled(pattern).fullmatch(text)]
        for text in odd[:ODD_TEXTS_EACH]:
            yield f"against the pattern {text!r}", text
        if low and low == high:
            # No odd text has just that length by chance.
            yield "against the pattern, of the right length", "!" * low
    if allowed:
        for text in ("", "NOT_ONE_OF_THEM", allowed[0] + "x", _other_case(allowed[0])):
            yield f"not in the enumeration {text!r}", text
    if where == "body":
        for value in (7, True, ["x"], {"x": "y"}):
            yield f"{WRONG_TYPE} {value!r}", value


def _other_case(text: str) -> str:
    return text.lower() if text != text.lower() else text.upper()


def _fits(shape: Shape, text: str) -> bool:
    return shape.metadata.get("min", 0) <= len(text) <= shape.metadata.get("max", len(text))


def filler(shape: Shape, length: int) -> str:
    """A text of a length that has no other fault than that, as far as possible."""
    pattern = shape.metadata.get("pattern")
    for character in FILLERS:
        if not pattern or length == 0 or compiled(pattern).fullmatch(character * max(2, min(length, 12))):
            return character * length
    return FILLERS[0] * length


def _number_faults(shape: Shape, where: str) -> Iterator[Fault]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None:
        yield f"less than {low}", low - 1
    if high is not None:
        yield f"more than {high}", high + 1
        yield f"{WRONG_TYPE}: more than any number", 10**30
    odd: tuple[Any, ...] = ("", "x", "1.5", "1e2", "0x10", " 5") if where == "querystring" else ("5", 1.5, True, [], {})
    for value in odd:
        yield f"{WRONG_TYPE} {value!r}", value


def _list_faults(shape: Shape, good: Any) -> Iterator[Fault]:
    for value in ("x", 7, {"0": "x"}):
        yield f"{WRONG_TYPE} {value!r}", value
    item = copy.deepcopy(good[0]) if good else _good(shape.member)
    if (high := shape.metadata.get("max")) is not None:
        yield f"more than {high} items", [_numbered(item, number) for number in range(high + 1)]
    yield "null as an item", [None]
    for kind, value in _faults(shape.member, "body", item):
        yield f"item {kind}", [value]


def _numbered(item: Any, number: int) -> Any:
    """Items that differ, so that being repeated is not their fault."""
    if isinstance(item, str):
        return f"{item[:8]}{number}"
    return {key: f"{value}{number}" if key == "key" else value for key, value in item.items()}


def _map_faults(shape: Shape, good: Any) -> Iterator[Fault]:
    for value in ("x", 7, ["x"]):
        yield f"{WRONG_TYPE} {value!r}", value
    key, item = next(iter(good.items())) if good else (_good(shape.key), _good(shape.value))
    for kind, value in _text_faults(shape.key, "key", key):
        yield f"key {kind}", {value: item}
    yield "null as a value", {key: None}
    for kind, value in _faults(shape.value, "body", item):
        yield f"value {kind}", {key: value}


def _structure_faults(shape: StructureShape, good: Any) -> Iterator[Fault]:
    for value in ("x", 7, ["x"]):
        yield f"{WRONG_TYPE} {value!r}", value
    base = copy.deepcopy(good) if good else _good(shape)
    for name in shape.required_members:
        yield f"{name} missing", {key: value for key, value in base.items() if key != name}
    for name, member in shape.members.items():
        for kind, value in _faults(member, "body", base.get(name)):
            yield f"{name} {kind}", {**base, name: value}


def _good(shape: Shape) -> Any:
    """Some value without a fault, where a scenario gives none."""
    if isinstance(shape, StructureShape):
        return {name: _good(member) for name, member in shape.members.items()}
    if allowed := shape.metadata.get("enum"):
        return allowed[0]
    return filler(shape, max(shape.metadata.get("min", 1), 2))
