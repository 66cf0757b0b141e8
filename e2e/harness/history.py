"""A history of what clients did and saw, and its judge.

An operation has an interval: from before its request was sent to after its answer was read. Where there was no answer,
or one that says nothing, it may have taken effect at any time after its beginning, or never. The judge finds what no
order of effects could explain: a write that was acknowledged and is not seen by a read which began later, something
seen that was taken away before, one version with two contents, a value that was replaced before.
"""

from __future__ import annotations

import math
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

ADD, REMOVE, HIDE, SHOW = "publish", "delete", "archive", "unarchive"
# A value that has one at any time, each in the place of the one before: where a tag points, what is upstream.
SET = "set"
Version = tuple[str, str]


@dataclass
class Operation:
    """One change of a version or a value, or one look at a package, at the content of a version or at a value."""

    kind: str
    subject: Version
    node: int
    began: float
    ended: float = math.inf
    # What was published, or what a look found: a digest, or the versions of a package.
    content: str | frozenset[str] | None = None

    @property
    def is_acknowledged(self) -> bool:
        """Whether it is known to have taken effect."""
        return self.ended < math.inf


@dataclass
class History:
    """What clients did, from any number of threads."""

    changes: list[Operation] = field(default_factory=list)
    looks: list[Operation] = field(default_factory=list)
    refused: int = 0
    unanswered: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def change(
        self, kind: str, subject: Version, node: int, content: str | None, act: Callable[[], bool | None]
    ) -> None:
        """Make a change: `act` tells True when it was done, False when it was refused, None when nobody knows."""
        one = Operation(kind, subject, node, monotonic(), content=content)
        outcome = act()
        with self._lock:
            if outcome is False:
                self.refused += 1
                return
            if outcome is True:
                one.ended = monotonic()
            else:
                self.unanswered += 1
            self.changes.append(one)

    @contextmanager
    def look(self, kind: str, subject: Version, node: int) -> Iterator[Operation]:
        """Look at something; who looks sets the content. Without one, nothing was seen."""
        one = Operation(kind, subject, node, monotonic())
        yield one
        if one.content is not None:
            one.ended = monotonic()
            with self._lock:
                self.looks.append(one)

    def violations(self) -> list[str]:
        """What cannot be explained; empty for a history that is in order."""
        by_version: dict[Version, list[Operation]] = defaultdict(list)
        by_package: dict[str, set[str]] = defaultdict(set)
        for one in self.changes:
            by_version[one.subject].append(one)
            by_package[one.subject[0]].add(one.subject[1])
        found = []
        for look in self.looks:
            if look.kind == "versions":
                assert isinstance(look.content, frozenset)
                package = look.subject[0]
                for version in look.content | by_package[package]:
                    changes = by_version[package, version]
                    found += _judge_listing(look, (package, version), version in look.content, changes)
            elif look.kind == "value":
                found += _judge_value(look, by_version[look.subject])
            else:
                found += _judge_content(look, by_version[look.subject])
        for subject, changes in by_version.items():
            found += _judge_contents(subject, changes)
        return found


def _judge_listing(look: Operation, subject: Version, is_listed: bool, changes: list[Operation]) -> Iterable[str]:
    """Whether a version may be listed, or may be missing."""
    added = [one for one in changes if one.kind == ADD and one.began < look.ended]
    if is_listed and not added:
        yield f"{subject} is listed by node {look.node}, and nobody has published it yet"
    # Two things keep a version from being listed, each with a way back.
    for there, gone in ((ADD, REMOVE), (SHOW, HIDE)):
        one = _latest(gone, look, changes)
        if is_listed and one and _must_hold(one, look, changes, {there, ADD}):
            yield f"{subject} is listed {_seen(look)}, after a {gone} that ended {one.ended:.3f}"
    for kind in (ADD, SHOW):
        one = _latest(kind, look, changes)
        if not is_listed and one and _must_hold(one, look, changes, {REMOVE, HIDE}):
            yield f"{subject} is missing {_seen(look)}, after a {kind} that ended {one.ended:.3f}"


def _latest(kind: str, look: Operation, changes: list[Operation]) -> Operation | None:
    """The last change of a kind that was over before the look: what was not undone since then was not undone at all."""
    before = (one for one in changes if one.kind == kind and one.ended < look.began)
    return max(before, key=lambda one: one.began, default=None)


def _seen(look: Operation) -> str:
    return f"at node {look.node} at {look.began:.3f}"


def _must_hold(one: Operation, look: Operation, changes: list[Operation], undoing: set[str]) -> bool:
    """Whether nothing that undoes a change can have come between it and the look."""
    return not any(
        other.kind in undoing and other.ended > one.began and other.began < look.ended
        for other in changes
        if other is not one
    )


def _judge_content(look: Operation, changes: list[Operation]) -> Iterable[str]:
    """Whether the bytes of a version are those of a publish that can have been the last one."""
    published = [one for one in changes if one.kind == ADD and one.began < look.ended]
    candidates = [one for one in published if one.content == look.content]
    if not candidates:
        yield f"{look.subject} has bytes at node {look.node} that nobody published"
        return
    # Who publishes another content with success does it after the one before was deleted.
    for later in published:
        if later.ended < look.began and all(one.ended < later.began for one in candidates):
            yield f"{look.subject} has old bytes at node {look.node} at {look.began:.3f}, replaced at {later.ended:.3f}"
            return


def _judge_value(look: Operation, changes: list[Operation]) -> Iterable[str]:
    """Whether a value is one that can have been the last."""
    candidates = [one for one in changes if one.content == look.content and one.began < look.ended]
    if not candidates:
        yield f"{look.subject} has a value {_seen(look)} that nobody set yet: {look.content}"
        return
    for later in changes:
        if later.ended < look.began and all(one.ended < later.began for one in candidates):
            yield f"{look.subject} has the old value {look.content} {_seen(look)}, replaced at {later.ended:.3f}"
            return


def _judge_contents(subject: Version, changes: list[Operation]) -> Iterable[str]:
    """Whether a version was acknowledged with two contents without a deletion that can have come between."""
    added = [one for one in changes if one.kind == ADD and one.is_acknowledged]
    for first in added:
        for second in added:
            if first.content == second.content or first.began > second.began:
                continue
            can_be_deleted = any(
                other.kind == REMOVE and other.began < second.ended and other.ended > first.began for other in changes
            )
            if not can_be_deleted:
                yield f"{subject} was acknowledged with two contents, at {first.ended:.3f} and {second.ended:.3f}"
