"""Plain text for people, JSON for scripts."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from edge_infer.commands.standard_output import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def print_json(value: object) -> None:
    """One line of strict JSON: NaN is null, infinities are "Infinity" and "-Infinity"."""
    say(json.dumps(_strict(value), ensure_ascii=False, allow_nan=False))


def print_table(rows: Mapping[str, object]) -> None:
    """Names on the left, values on the right; a value of several lines keeps its column."""
    width = max((len(name) for name in rows), default=0)
    for name, value in rows.items():
        lines = _lines(value)
        say(f"{name:<{width}}  {lines[0]}".rstrip())
        for line in lines[1:]:
            say(f"{'':<{width}}  {line}".rstrip())


def _lines(value: object) -> list[str]:
    if isinstance(value, list | tuple):
        return [str(item) for item in value] or ["none"]
    return ["none" if value is None else str(value)]


def columns(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Rows of text as aligned lines: the first column to the left, the others to the right."""
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(
            f"{cell:<{width}}" if position == 0 else f"{cell:>{width}}"
            for position, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in table
    ]


def _strict(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, dict):
        return {str(key): _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    return value
