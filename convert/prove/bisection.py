"""Bisection of pairs of rows down to adjacent doubles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Rows = NDArray[np.float64]

_SIGN = np.uint64(1 << 63)


def bisect_rows(
    low: Rows,
    high: Rows,
    is_low: Callable[[Rows], NDArray[np.bool_]],
    *,
    straight_steps: int = 0,
    quarters: bool = False,
) -> tuple[Rows, Rows]:
    """Draw each pair of rows `(n, f)` together, keeping `is_low` true of one, false of the other.

    `straight_steps` halvings follow the straight line between the two; then the doubles
    themselves are counted through, which reaches neighbours after at most 64 more.
    `is_low(rows)` gives `(n,)`. The result holds rows whose columns are equal or adjacent.
    With `quarters` it is asked about three rows of every pair at once, `(3 n, f)` pair by pair
    again and again, half as often: for models whose calls cost more than their rows.
    """
    low, high = low.copy(), high.copy()
    for step in range(straight_steps + 64):
        middle = low + (high - low) / 2 if step < straight_steps else _between(low, high)
        open_pairs = ~(_same(middle, low) | _same(middle, high)) & np.isfinite(middle).all(axis=1)
        if not open_pairs.any():
            if step < straight_steps:
                continue
            break
        if quarters:
            low, high = _narrowed(low, middle, high, is_low)
            continue
        side = is_low(middle)
        low[open_pairs & side] = middle[open_pairs & side]
        high[open_pairs & ~side] = middle[open_pairs & ~side]
    return low, high


def _narrowed(
    low: Rows, middle: Rows, high: Rows, is_low: Callable[[Rows], NDArray[np.bool_]]
) -> tuple[Rows, Rows]:
    """The quarter of each pair in which the side changes first."""
    marks = [low, _between(low, middle), middle, _between(middle, high), high]
    sides = is_low(np.concatenate(marks[1:4])).reshape(3, len(low))
    passed = np.cumprod(sides, axis=0).sum(axis=0)
    rows = np.arange(len(low))
    every = np.stack(marks)
    return every[passed, rows], every[passed + 1, rows]


OUTWARD = (2.0**-40, 2.0**-30)
"""How far back towards its origin a bisected row is moved, to where rounding no longer decides."""


def with_outward(
    starts: tuple[Rows, Rows], ends: tuple[Rows, Rows], *, ways: tuple[float, ...] = OUTWARD
) -> Rows:
    """Both ends of each bisected pair, and rows a little outside on either side.

    The ends themselves may lie so close that rounding decides; the rows outside do not.
    """
    parts = list(ends)
    for start, end in zip(starts, ends, strict=True):
        parts += [end + (start - end) * way for way in ways]
    return np.concatenate(parts)


ROWS_PER_PAIR = 2 + 2 * len(OUTWARD)


def ordered(x: Rows) -> NDArray[np.uint64]:
    """Doubles as unsigned integers in the same order, adjacent doubles one apart."""
    bits = np.ascontiguousarray(x).view(np.uint64)
    return np.where(bits & _SIGN, ~bits, bits | _SIGN)


def from_ordered(index: NDArray[np.uint64]) -> Rows:
    """The inverse of `ordered`."""
    bits = np.where(index & _SIGN, index & ~_SIGN, ~index)
    return bits.view(np.float64)


def _between(low: Rows, high: Rows) -> Rows:
    a, b = ordered(low), ordered(high)
    return from_ordered((a & b) + ((a ^ b) >> np.uint64(1)))


def _same(a: Rows, b: Rows) -> NDArray[Any]:
    return np.asarray((a == b).all(axis=1))
