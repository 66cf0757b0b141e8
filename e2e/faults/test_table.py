"""Each fault, and what a client gets that wants something meanwhile; then it ends and everything goes on by itself."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from crash.mixture import File, Item, Npm, Wheel, Wire
from faults import expectations as table
from faults.grounds import Faults, Ground
from harness.account import fresh_domain_name
from harness.npm_wire import Answer
from harness.packages import Package, fresh_name
from harness.python_packages import Distribution
from harness.waiting import wait_until

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
# No answer may take longer, whatever has happened: clients of packages give up after half a minute or a minute.
BOUND_S = 25.0
RESUMED_WITHIN_S = 30.0


def fresh_items() -> list[Item]:
    """A new package of each of three formats, one of them too large to wait in memory."""
    name = fresh_name("parcel")
    return [
        Npm(Package(name, "1.0.0", size_bytes=3_000)),
        File(f"tools/{name}/1.0.0/box.bin", random.Random(name).randbytes(300_000)),
        Wheel(Distribution(name, "1.0", size_bytes=20_000)),
    ]


class Asking:
    """One thing that a client wants, one or several requests of it."""

    def __init__(self, ground: Ground, operation: str) -> None:
        self._ground = ground
        # What is to be there afterwards, and how it is asked for.
        self.items: list[Item] = []
        self.repository = fresh_domain_name()
        self.asks: list[Callable[[], Answer]] = []
        self.asks_of_api: list[Callable[[], Answer]] = []
        app = ground.app
        if operation == table.PUBLISH:
            self.items = fresh_items()
            self.asks = [lambda item=item: self._over_wire(item.write) for item in self.items]
        elif operation == table.COLD_PULL:
            self.items = [ground.public_item()]
            self.asks = [lambda: self._over_wire(self.items[0].write)]
        elif operation == table.CACHED_READ:
            self.asks = [lambda: self._over_wire(ground.held.read)]
        elif operation == table.CONTROL_WRITE:
            create = ground.aws.create_repository
            self.asks_of_api = [lambda: _called(lambda: create(domain=app.domain, repository=self.repository))]
        else:
            package = {"format": "npm", "package": ground.held.package.name}
            listing = ground.aws.list_package_versions
            self.asks = [lambda: self._over_wire(lambda wire: wire.npm.get(ground.held.package.name))]
            self.asks_of_api = [lambda: _called(lambda: listing(**app.ids, **package))]

    def expecting(self, expected: table.Answer | table.Split) -> list[tuple[Callable[[], Answer], table.Answer]]:
        """Each request, with what it is to get."""
        split = expected if isinstance(expected, table.Split) else table.Split(expected.text, expected, expected)
        return [(ask, split.packages) for ask in self.asks] + [(ask, split.api) for ask in self.asks_of_api]

    def _over_wire(self, ask: Callable[[Wire], Answer]) -> Answer:
        wire = Wire(self._ground.app)
        try:
            return ask(wire)
        except (OSError, HTTPException) as error:
            # An answer that breaks off is one that no client can take for whole, and nothing that was promised.
            raise AssertionError(f"no answer: {error!r}") from error
        finally:
            wire.close()


def _called(call: Callable[[], object]) -> Answer:
    try:
        call()
    except ClientError as error:
        metadata = error.response["ResponseMetadata"]
        return Answer(metadata["HTTPStatusCode"], metadata["HTTPHeaders"], str(error).encode())
    return Answer(200, {}, b"")


def assert_as_expected(answer: Answer, expected: table.Answer) -> None:
    if answer.status in (200, 201):
        assert expected.may_serve, f"served, expected {expected.text}"
        warning = '110 - "Response is Stale"' if expected.is_stale else ""
        assert answer.headers.get("warning", "") == warning, answer.headers
    else:
        assert expected.may_refuse, f"expected {expected.text}: {answer}"
        assert answer.status == 503, answer
        assert int(answer.headers["retry-after"]) > 0, answer.headers


CELLS = [
    pytest.param(fault, operation, expected, id=f"{fault}-{operation}".replace(" ", "-"))
    for fault, answers in table.TABLE.items()
    for operation, expected in zip(table.OPERATIONS, answers, strict=True)
]


@pytest.mark.parametrize(("fault", "operation", "expected"), CELLS)
def test_d03_during_a_fault(
    befallen: tuple[Ground, Faults], fault: str, operation: str, expected: table.Answer | table.Split
) -> None:
    ground, faults = befallen
    asking = Asking(ground, operation)
    if operation in (table.CACHED_READ, table.READ):
        wait_until(lambda: lies_ready(asking), timeout_s=RESUMED_WITHIN_S)
    struck = faults.struck()
    with faults.make(fault):
        for ask, wanted in asking.expecting(expected):
            began = time.monotonic()
            answer = ask()
            took_s = time.monotonic() - began
            print(f"{fault}, {operation}: {answer.status} after {took_s:.1f} s")
            assert_as_expected(answer, wanted)
            assert took_s < BOUND_S
    # What is served from memory, or from the half of the storage that is well, never comes near the fault.
    feels = expected is table.REFUSED or operation in (table.PUBLISH, table.COLD_PULL)
    assert faults.struck() > struck or not feels, "the fault was not felt"
    assert_resumes(ground, asking)


def lies_ready(asking: Asking) -> bool:
    """Whether what is asked for was read, and once more: what was pulled a moment ago is noted behind the answer."""
    return all(ask().status == 200 for ask in asking.asks * 2)


def assert_resumes(ground: Ground, asking: Asking) -> None:
    """Everything works again without anybody's doing, what was refused too, and nothing was lost or broken."""
    for ask, _ in asking.expecting(table.SERVED):
        wait_until(lambda ask=ask: ask().status in (200, 201, 409), timeout_s=RESUMED_WITHIN_S)
    ground.kept += asking.items
    wire = Wire(ground.app)
    try:
        for item in fresh_items():
            wait_until(lambda item=item: item.write(wire).status in (200, 201), timeout_s=RESUMED_WITHIN_S)
            ground.kept.append(item)
        for item in ground.kept:
            answer = item.read(wire)
            assert answer.status == 200, f"{item}: {answer}"
            assert hashlib.sha256(answer.body).hexdigest() == item.sha256, f"{item} has other bytes"
            assert item.is_listed(wire), item
    finally:
        wire.close()


def test_the_table_of_the_documentation_is_this_one() -> None:
    lines = DOCUMENT.read_text().splitlines()
    head = "| during | " + " | ".join(table.OPERATIONS) + " |"
    assert head in lines, head
    written = lines[lines.index(head) + 2 :]
    rows = [f"| {fault} | {' | '.join(one.text for one in answers)} |" for fault, answers in table.TABLE.items()]
    assert written[: len(rows)] == rows
    assert not written[len(rows)].startswith("|")
