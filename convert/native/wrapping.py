"""Long lists as lines of C."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def lines(items: Sequence[str], width: int = 96) -> str:
    """Items with commas, wrapped."""
    return "\n".join(_wrapped(items, width)) or "    0"


def _wrapped(items: Iterable[str], width: int) -> Iterable[str]:
    line = "   "
    for item in items:
        if len(line) + len(item) + 2 > width and line.strip():
            yield line
            line = "   "
        line += f" {item},"
    if line.strip():
        yield line
