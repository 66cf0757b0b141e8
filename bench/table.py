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

    @property
    def peers(self) -> list[str]:
        """The contenders that are programs of the same kind."""
        return [who for who in self.samples if who not in (RELIQUARY, NGINX)]

    def best_peer(self) -> str | None:
        """The best of them."""
        measured = [(self.median(who), who) for who in self.peers]
        ranked = sorted((median, who) for median, who in measured if median is not None)
        if not ranked:
            return None
        return ranked[0 if self.unit in SMALLER_IS_BETTER else -1][1]

    def judge_best_peer(self, *, at_least: float) -> None:
        """Set the bar from the ratio to the best of the peers."""
        best = self.best_peer()
        if best is not None:
            ratio = self.ratio(RELIQUARY, best)
            self.bar = Bar(f"≥ {at_least:g} × the best peer", ratio is not None and ratio >= at_least)

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
TITLES = {RELIQUARY: "Reliquary", NGINX: "nginx", VERDACCIO: "Verdaccio"}
SMALLER_IS_BETTER = ("s", "ms")


def markdown(rows: list[Row]) -> str:
    """The whole table, a section per group."""
    lines: list[str] = []
    for group in dict.fromkeys(row.group for row in rows):
        lines += [f"### {group}", ""]
        inside = [row for row in rows if row.group == group]
        peers = list(dict.fromkeys(who for row in inside for who in row.peers))
        titles = ["what", "unit", "Reliquary", "nginx", *(TITLES.get(who, who) for who in peers), "to nginx"]
        if peers:
            titles.append(f"to {TITLES.get(peers[0], peers[0])}" if len(peers) == 1 else "to the best peer")
        lines += ["| " + " | ".join([*titles, "bar", ""]).rstrip() + " |"]
        lines += ["| " + " | ".join([*("---" if n < 2 else "---:" for n in range(len(titles))), "---", "---"]) + " |"]
        lines += [_line(row, peers) for row in inside]
        lines.append("")
    return "\n".join(lines)


def _line(row: Row, peers: list[str]) -> str:
    cells = [row.what + (f" ({row.note})" if row.note else ""), row.unit]
    cells += [_number(row.median(contender)) for contender in (RELIQUARY, NGINX, *peers)]
    cells.append(_ratio(row.ratio(RELIQUARY, NGINX)))
    if peers:
        best = row.best_peer()
        cells.append("" if best is None else _ratio(row.ratio(RELIQUARY, best)))
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
