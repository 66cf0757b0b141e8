"""Rows of the result: what was measured, each contender's median, ratios, and whether a bar is met."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Bar:
    """What a row must reach. `at_least` looks at a ratio to nginx or to Verdaccio, `at_most` likewise."""

    text: str
    met: bool


@dataclass
class Row:
    """One line of the table."""

    group: str
    what: str
    unit: str
    samples: dict[str, list[float]] = field(default_factory=dict)
    # Rates are better when larger, times and sizes when smaller; this decides how ratios read.
    bar: Bar | None = None
    note: str = ""

    def add(self, contender: str, value: float) -> None:
        """One more sample."""
        self.samples.setdefault(contender, []).append(value)

    def median(self, contender: str) -> float | None:
        """The median of a contender's samples."""
        values = self.samples.get(contender)
        return statistics.median(values) if values else None

    def spread(self, contender: str) -> float:
        """Largest over smallest sample: how far to trust the median."""
        values = self.samples[contender]
        return max(values) / min(values) if min(values) > 0 else float("inf")

    def ratio(self, contender: str, to: str) -> float | None:
        """The ratio of two medians."""
        left, right = self.median(contender), self.median(to)
        return None if left is None or not right else left / right

    def judge_ratio(
        self, contender: str, to: str, *, at_least: float | None = None, at_most: float | None = None
    ) -> None:
        """Set the bar from a ratio of medians."""
        ratio = self.ratio(contender, to)
        if ratio is None:
            return
        if at_least is not None:
            self.bar = Bar(f"≥ {at_least:g} × {to}", ratio >= at_least)
        elif at_most is not None:
            self.bar = Bar(f"≤ {at_most:g} × {to}", ratio <= at_most)

    def judge_value(self, contender: str, at_most: float) -> None:
        """Set the bar from a median alone."""
        median = self.median(contender)
        if median is not None:
            self.bar = Bar(f"< {at_most:g} {self.unit}", median < at_most)


RELIQUARY, NGINX, VERDACCIO = "reliquary", "nginx", "verdaccio"


def markdown(rows: list[Row]) -> str:
    """The whole table, a section per group."""
    lines: list[str] = []
    for group in dict.fromkeys(row.group for row in rows):
        lines += [f"### {group}", ""]
        lines += ["| what | unit | Reliquary | nginx | Verdaccio | to nginx | to Verdaccio | bar | |"]
        lines += ["| --- | --- | ---: | ---: | ---: | ---: | ---: | --- | --- |"]
        for row in rows:
            if row.group == group:
                lines.append(_line(row))
        lines.append("")
    return "\n".join(lines)


def _line(row: Row) -> str:
    cells = [row.what + (f" ({row.note})" if row.note else ""), row.unit]
    cells += [_number(row.median(contender)) for contender in (RELIQUARY, NGINX, VERDACCIO)]
    cells += [_ratio(row.ratio(RELIQUARY, to)) for to in (NGINX, VERDACCIO)]
    cells += [row.bar.text, "met" if row.bar.met else "**missed**"] if row.bar else ["", ""]
    return "| " + " | ".join(cells) + " |"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
