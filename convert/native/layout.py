"""Where each buffer of a program stands in the workspace, in units of eight bytes per row.

A buffer's place is given to another one after the loop of its last reader.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convert.native.ir import OUTPUT, Fold, Map, Scan
from convert.native.renaming import read_by, written_by

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convert.native.ir import Buffer, Statement

UNIT_BYTES = 8
_BYTES = {"float64": 8, "int64": 8, "float32": 4, "int32": 4, "uint8": 1, "bool": 1}


def units(buffer: Buffer) -> int:
    """Eight-byte units that a buffer takes per row."""
    return -(-buffer.size * _BYTES[buffer.dtype] // UNIT_BYTES)


def place(statements: Sequence[Statement]) -> tuple[dict[Buffer, int], int]:
    """The first unit of each buffer, and the units of all per row."""
    groups = loops(statements)
    last: dict[Buffer, int] = {}
    for time, group in enumerate(groups):
        for statement in group:
            last.update(dict.fromkeys(read_by(statement) | written_by(statement), time))
    placed: dict[Buffer, int] = {}
    live: dict[Buffer, int] = {}
    most = 0
    for time, group in enumerate(groups):
        written = {buffer for statement in group for buffer in written_by(statement)}
        for buffer in sorted(written, key=lambda b: b.number):
            if buffer.number < OUTPUT and buffer not in placed:
                placed[buffer] = live[buffer] = _gap(live, units(buffer))
                most = max(most, placed[buffer] + units(buffer))
        live = {buffer: at for buffer, at in live.items() if last[buffer] > time}
    return placed, most


def loops(statements: Sequence[Statement]) -> list[list[Statement]]:
    """Neighbours that go row by row, in one loop over the rows; each other statement alone.

    Rows follow each other within a loop, so no place is given away before it ends.
    """
    groups: list[list[Statement]] = []
    for statement in statements:
        if groups and is_by_row(statement) and is_by_row(groups[-1][-1]):
            groups[-1].append(statement)
        else:
            groups.append([statement])
    return groups


def is_by_row(statement: Statement) -> bool:
    """Whether a statement is a loop body for one row, not a call for a block of rows."""
    return isinstance(statement, Map | Fold | Scan)


def _gap(live: dict[Buffer, int], wanted: int) -> int:
    at = 0
    for start, end in sorted((at, at + units(b)) for b, at in live.items()):
        if start - at >= wanted:
            break
        at = max(at, end)
    return at
