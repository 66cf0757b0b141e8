"""The judge itself: it finds what is wrong, and nothing in what is in order."""

from __future__ import annotations

from math import inf

from harness.history import ADD, HIDE, REMOVE, SET, SHOW, History, Operation

PARCEL = ("parcel", "1.0.0")


def history(*changes: tuple[str, float, float], looks: tuple[tuple[float, float, bool], ...] = ()) -> History:
    """Changes of one version, and looks at its package that saw it or not."""
    made = History()
    made.changes = [Operation(kind, PARCEL, 0, began, ended, kind) for kind, began, ended in changes]
    made.looks = [
        Operation("versions", ("parcel", ""), 1, began, ended, frozenset({"1.0.0"} if seen else ()))
        for began, ended, seen in looks
    ]
    return made


def test_a_look_after_an_acknowledged_publish_must_see_it() -> None:
    assert history((ADD, 1, 2), looks=((3, 4, False),)).violations()
    assert not history((ADD, 1, 2), looks=((3, 4, True), (1.5, 2.5, False), (1.5, 1.7, True))).violations()
    assert not history((ADD, 1, inf), looks=((3, 4, False), (5, 6, True))).violations()
    assert history((ADD, 3, 4), looks=((1, 2, True),)).violations()


def test_a_look_after_an_acknowledged_deletion_or_archiving_must_not_see_it() -> None:
    for kind in (REMOVE, HIDE):
        assert history((ADD, 1, 2), (kind, 3, 4), looks=((5, 6, True),)).violations()
        assert not history((ADD, 1, 2), (kind, 3, 4), looks=((5, 6, False), (3.5, 6, True))).violations()
        assert not history((ADD, 1, 2), (kind, 3, inf), looks=((5, 6, True), (7, 8, False))).violations()
    assert not history((ADD, 1, 2), (HIDE, 3, 4), (SHOW, 5, 6), looks=((7, 8, True),)).violations()
    assert history((ADD, 1, 2), (HIDE, 3, 4), (SHOW, 5, 6), looks=((7, 8, False),)).violations()
    assert not history((ADD, 1, 2), (REMOVE, 3, 4), (ADD, 5, 6), looks=((7, 8, True),)).violations()


def test_a_version_has_one_content_unless_it_was_deleted_between() -> None:
    made = history((ADD, 1, 2), (ADD, 3, 4))
    made.changes[1].content = "other"
    assert made.violations()
    made.changes.append(Operation(REMOVE, PARCEL, 0, 2.5, inf))
    assert not made.violations()


def test_bytes_must_be_some_that_were_published() -> None:
    made = history((ADD, 1, 2))
    made.looks = [Operation("content", PARCEL, 2, 3, 4, "strange")]
    assert made.violations()
    made.looks = [Operation("content", PARCEL, 2, 3, 4, ADD)]
    assert not made.violations()
    made.changes += [Operation(REMOVE, PARCEL, 0, 2.1, 2.2), Operation(ADD, PARCEL, 0, 2.3, 2.4, "other")]
    assert made.violations()
    made.looks[0].content = "other"
    assert not made.violations()


def test_a_value_must_be_one_that_can_have_been_the_last() -> None:
    tag = ("parcel", "stable")

    def judged(*sets: tuple[str, float, float], look: tuple[str, float, float]) -> list[str]:
        made = History()
        made.changes = [Operation(SET, tag, 0, began, ended, value) for value, began, ended in sets]
        value, began, ended = look
        made.looks = [Operation("value", tag, 1, began, ended, value)]
        return made.violations()

    assert judged(("a", 1, 2), ("b", 3, 4), look=("a", 5, 6))
    assert judged(("a", 1, 2), look=("b", 3, 4))
    assert judged(("a", 3, 4), look=("a", 1, 2))
    assert not judged(("a", 1, 2), ("b", 3, 4), look=("b", 5, 6))
    # While it is replaced, or set at the same time, either may be there.
    assert not judged(("a", 1, 2), ("b", 3, 5), look=("a", 4, 6))
    assert not judged(("a", 1, 4), ("b", 2, 3), look=("a", 5, 6))
    # What was not acknowledged may come late, or never.
    assert not judged(("a", 1, inf), ("b", 3, 4), look=("a", 5, 6))
    assert not judged(("a", 1, 2), ("b", 3, inf), look=("a", 5, 6))
