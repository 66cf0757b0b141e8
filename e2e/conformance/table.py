"""The table operation x check that stands at the end of a run."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

CHECKS = ("valid", "broken", "errors", "pages")


@dataclass
class Cell:
    """How much of a check was done, of how much."""

    done: int = 0
    wanted: int = 0
    failed: bool = False

    def __str__(self) -> str:
        if not self.wanted:
            return "-"
        mark = "  FAILED" if self.failed or self.done < self.wanted else ""
        return f"{self.done}/{self.wanted}{mark}"


@dataclass
class Table:
    """All cells, what cannot occur, and which output members were never seen."""

    cells: dict[tuple[str, str], Cell] = field(default_factory=lambda: defaultdict(Cell))
    impossible: dict[tuple[str, str], str] = field(default_factory=dict)

    def count(self, operation: str, check: str, *, done: bool) -> None:
        """One more of a check."""
        cell = self.cells[operation, check]
        cell.wanted += 1
        cell.done += done
        cell.failed |= not done

    def render(self, operations: list[str]) -> list[str]:
        """As lines of text."""
        width = max((len(name) for name in operations), default=0)
        lines = [f"{'operation':{width}}  " + "  ".join(f"{check:>15}" for check in CHECKS)]
        for name in operations:
            cells = "  ".join(f"{self.cells.get((name, check), '-')!s:>15}" for check in CHECKS)
            lines.append(f"{name:{width}}  {cells}")
        totals = [sum(cell.done for (_, check), cell in self.cells.items() if check == one) for one in CHECKS]
        lines.append(f"{'in all':{width}}  " + "  ".join(f"{total:>15}" for total in totals))
        lines.append("")
        lines.append(f"{len(self.impossible)} declared exceptions cannot occur here:")
        lines += [f"  {name} {exception}: {why}" for (name, exception), why in sorted(self.impossible.items())]
        return lines
