"""The table as a whole: after a full run no cell may be empty or short. It stands in the last file on purpose."""

from __future__ import annotations

import pytest

from conformance import service_model
from conformance.provocations import IMPOSSIBLE
from conformance.table import Table


def test_the_table_has_no_hole(request: pytest.FixtureRequest, table: Table) -> None:
    if request.config.getoption("keyword"):
        # A part of the run has a part of the table.
        return
    holes = []
    for operation in service_model.operation_names():
        impossible = {exception for name, exception in IMPOSSIBLE if name == operation}
        errors = len(set(service_model.declared_errors(operation)) - impossible)
        pages = 1 if operation in service_model.paginators() else 0
        for check, least in (("valid", 1), ("broken", 1), ("errors", errors), ("pages", pages)):
            cell = table.cells[operation, check]
            if cell.failed or cell.done < max(least, cell.wanted):
                holes.append(f"{operation} {check}: {cell.done} of {max(least, cell.wanted)}")
    assert not holes, f"{len(holes)} holes:\n" + "\n".join(holes)
