"""Inline SVG: horizontal bars on a logarithmic scale, each with its number in words."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10
from typing import TYPE_CHECKING

from convert.report.markup import Markup, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convert.prove.details import Spread

WIDTH, VALUE, STEP, BAR, LETTER = 360, 64, 22, 14, 6.7
"""Units of the drawing; on a narrow screen one of them is a little less than a pixel."""


@dataclass(frozen=True)
class Bar:
    """One bar, as long as the logarithm of its value."""

    label: str
    value: float
    shown: str
    kind: str = "bar"


def bars(name: str, title: str, rows: Sequence[Bar]) -> Markup:
    """A chart; `title` and the rows in words are what a screen reader says.

    `name` is unique on the page.
    """
    most = max((row.value for row in rows), default=1.0)
    left = round(10 + LETTER * max((len(row.label) for row in rows), default=0))
    parts = [
        tag("title", title, id=f"{name}-title"),
        tag("desc", "; ".join(f"{row.label}: {row.shown}" for row in rows), id=f"{name}-desc"),
    ]
    for position, row in enumerate(rows):
        top = position * STEP
        length = _length(row.value, most, WIDTH - left - VALUE)
        parts += [
            tag("text", row.label, x=left - 6, y=top + 13, text_anchor="end", class_="soft"),
            tag("rect", x=left, y=top + 2, width=length, height=BAR, rx=2, class_=row.kind),
            tag("text", row.shown, x=left + length + 6, y=top + 13),
        ]
    height = len(rows) * STEP
    parts.append(tag("line", x1=left, x2=left, y1=0, y2=height, class_="axis"))
    return tag(
        "svg",
        *parts,
        viewBox=f"0 0 {WIDTH} {height}",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
    )


def histogram(name: str, spread: Spread, tolerance: float | None) -> Markup:
    """How many answers differ from scikit-learn's, and by how much, decade by decade.

    `tolerance` is None for labels, which are equal or not.
    """
    same = "equal" if tolerance is None else "same bits"
    rows = [Bar(same, spread.equal, f"{spread.equal:,}")]
    by_exponent = {decade.exponent: decade.answers for decade in spread.decades}
    for exponent in range(min(by_exponent, default=0), max(by_exponent, default=-1) + 1):
        answers = by_exponent.get(exponent, 0)
        rows.append(Bar(f"≤ 1e{exponent}", answers, f"{answers:,}"))
    if spread.tied:
        rows.append(Bar("tied answer", spread.tied, f"{spread.tied:,}", "tied"))
    rows.append(
        Bar("different" if tolerance is None else f"> {shown_tolerance(tolerance)}", 0, "0")
    )
    return bars(name, f"{spread.output}: differences from scikit-learn", rows)


def shown_tolerance(tolerance: float) -> str:
    """`1e-9`."""
    return f"{tolerance:g}".replace("e-0", "e-")


def _length(value: float, most: float, room: float) -> float:
    if value <= 0:
        return 0.0
    return round(room * log10(1 + value) / log10(1 + max(most, 1.0)), 1)
