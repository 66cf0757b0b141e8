"""Every paginator of the model, walked page by page of one item while items come and go."""

from __future__ import annotations

import itertools
import threading

import pytest
from botocore import xform_name

from conformance import service_model
from conformance.stage import Stage
from conformance.table import Table
from conformance.walks import DOOMED_EVERY, WALKS, Walk

# The walker waits for a change after so many pages: where writing is slow, it would be through before any.
PAGES_PER_CHANGE = 5
PATIENCE_S = 60
# Where nothing can be deleted a quota is near: a version has 350 assets at most.
MOST_ADDED = 90


class Churn(threading.Thread):
    """Deletes the doomed items, one by one over the whole walk, and adds others everywhere in the order of names."""

    def __init__(self, walk: Walk, doomed: list[str]) -> None:
        super().__init__(daemon=True)
        self.walk = walk
        self.doomed = doomed
        self.added: list[str] = []
        self.changes = 0
        self.error: BaseException | None = None
        self._enough = threading.Event()
        self._progress = threading.Condition()

    def run(self) -> None:
        try:
            self._churn()
        except BaseException as error:
            with self._progress:
                self.error = error
                self._progress.notify_all()

    def _churn(self) -> None:
        doomed = list(self.doomed)
        for number in itertools.count():
            if self._enough.is_set() or (self.walk.remove is None and number == MOST_ADDED):
                return
            # Among the names there are, before them and after them.
            name = f"{self.walk.prefix}{number * 37 % 260:04d}x{number}"
            self.added.append(name)
            self.walk.add(name)
            if self.walk.remove is not None:
                if number % 2:
                    self.walk.remove(name)
                if doomed and number % 3 == 0:
                    self.walk.remove(doomed.pop(number % len(doomed)))
            with self._progress:
                self.changes += 1
                self._progress.notify_all()

    def wait_for(self, changes: int) -> None:
        """Wait until there were so many changes, or until it has failed."""
        with self._progress:
            done = self._progress.wait_for(lambda: self.changes >= changes or self.error is not None, PATIENCE_S)
        assert done, f"only {self.changes} changes"

    def finish(self) -> None:
        """Stop, and report what went wrong."""
        self._enough.set()
        self.join(60)
        assert not self.is_alive()
        if self.error is not None:
            raise self.error


def test_every_paginator_is_walked() -> None:
    assert sorted(WALKS) == sorted(service_model.paginators())


@pytest.mark.parametrize("operation", sorted(service_model.paginators()))
def test_a_walk_sees_all_that_stood_and_nothing_twice(operation: str, stage: Stage, table: Table) -> None:
    try:
        walked(operation, stage)
    except BaseException:
        table.count(operation, "pages", done=False)
        raise
    table.count(operation, "pages", done=True)


def walked(operation: str, stage: Stage) -> None:
    walk = WALKS[operation](stage)
    names = walk.fill()
    doomed = names[::DOOMED_EVERY] if walk.remove is not None else []
    churn = Churn(walk, doomed)
    churn.start()
    try:
        paginator = walk.client.get_paginator(xform_name(operation))
        key = service_model.paginators()[operation]["result_key"]
        pages = []
        for page in paginator.paginate(**walk.params, PaginationConfig={"PageSize": 1}):
            pages.append([walk.name_of(item) for item in page.get(key, [])])
            churn.wait_for(len(pages) // PAGES_PER_CHANGE)
    finally:
        churn.finish()
    assert max(len(page) for page in pages) == 1, "a page longer than asked for"
    seen = [name for page in pages for name in page]
    twice = sorted(name for name in set(seen) if seen.count(name) > 1)
    assert not twice, f"seen twice: {twice[:10]}"
    stood = set(names) - set(doomed)
    assert stood <= set(seen), f"missed: {sorted(stood - set(seen))[:10]}"
    invented = set(seen) - set(names) - set(churn.added) - walk.others
    assert not invented, f"never made: {sorted(invented)[:10]}"
