"""The heap in which scikit-learn keeps the nearest so far: `sklearn.utils._heap.heap_push`.

Of equally far points it does not keep the first: a nearer one that comes later pushes out
whichever of them lies at the root, and that depends on all that came before. So every push is
written out, one after the other. A value below the root makes a hole there, which sinks to the
larger child for as long as that is larger than the value. Whether it reaches a place is a sum over
the places above: at each of them the larger child has to lie on the way, and to rise.

Value and point are one number: twice the value's rank, equal ones alike, and the point's number as
a fraction below 1. So codes of unequal values differ by more than 1, of equal ones by less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convert.graph.builder import Graph, Tensor
    from convert.graph.later import Later

MOST_POINTS = 600
MOST_NEIGHBORS = 64
"""Beyond these the graph would be too large: a push takes eleven nodes."""

_FULL = float(np.finfo(np.float64).max)
_NO_CHILD = -4.0
"""Less than every code."""


def heap_smallest(g: Graph, values: Tensor, count: int, k: int) -> tuple[Tensor, Tensor]:
    """The k smallest of `count` values `(n, count)`, pushed from left to right.

    Returns the values in rising order, infinite where nothing finite was pushed, and where they
    stood. Searches of which none waits for another are written side by side.
    """
    reduced, point = g.later(_heaps, values, count, k, results=2)
    return reduced, point


def _heaps(g: Graph, searches: Sequence[Later]) -> list[tuple[Tensor, ...]]:
    """Each search's k smallest and where they stood.

    One search fills a heap `(n, k + 1)`; several fill theirs `(n, searches, k + 1)` with the same
    nodes. The largest k makes room for all: places that a smaller heap does not have hold less than
    every code, as no child does, so that nothing sinks there. A row of fewer values goes on with
    infinite ones, which are never pushed.
    """
    counts, ks = zip(*(one.sizes for one in searches), strict=True)
    count, k = max(counts), max(ks)
    axis = 1 if len(searches) == 1 else 2
    capped = _side_by_side(g, searches, count)
    zero = g.op("Mul", g.op("Gather", capped, np.array([0]), axis=axis), 0.0)
    held = g.op("Concat", capped, g.op("Add", zero, _FULL), axis=axis)
    fraction = 2.0 ** -np.ceil(np.log2(count + 1))
    ranks = _doubled_ranks(g, held, count + 1, axis)
    codes = g.op("Add", ranks, np.arange(count + 1) * fraction)
    *pushed, full = g.multi("Split", codes, outputs=count + 1, axis=axis, num_outputs=count + 1)
    above = g.multi(
        "Split", g.op("Add", codes, 1.0), outputs=count + 1, axis=axis, num_outputs=count + 1
    )
    empty = g.op("Concat", *([full] * k), axis=axis)
    if min(ks) < k:
        has_place = np.arange(k) < np.array(ks)[:, None]
        empty = g.op("Where", has_place, empty, _NO_CHILD)
    heap = g.op("Concat", empty, g.op("Add", zero, _NO_CHILD), axis=axis)
    places = _Places(k)
    for code, limit in zip(pushed, above[:count], strict=True):
        heap = places.push(g, heap, code, limit, axis)
    found: list[tuple[Tensor, ...]] = []
    for position, one in enumerate(searches):
        its, of_it = heap, held
        if len(searches) > 1:
            its, of_it = (g.op("Gather", both, np.array(position), axis=1) for both in (its, of_it))
        found.append(_kept(g, its, of_it, *one.sizes, fraction=fraction))
    return found


def _side_by_side(g: Graph, searches: Sequence[Later], count: int) -> Tensor:
    """`(n, count)`, or of several searches `(n, searches, count)`: finite values."""
    parts = []
    for one in searches:
        part = g.op("Min", one.operand, _FULL)
        if one.sizes[0] < count:
            zero = g.op("Mul", g.op("Gather", part, np.array([0]), axis=1), 0.0)
            more = g.op("Add", zero, np.full(count - one.sizes[0], _FULL))
            part = g.op("Concat", part, more, axis=1)
        parts.append(part)
    if len(parts) == 1:
        return parts[0]
    second = np.array([1], dtype=np.int64)
    return g.op("Concat", *(g.op("Unsqueeze", part, second) for part in parts), axis=1)


def _kept(
    g: Graph, heap: Tensor, held: Tensor, count: int, k: int, *, fraction: float
) -> tuple[Tensor, Tensor]:
    """What a full heap `(n, places)` holds of the values `held`, and where that stood."""
    kept = g.op("Gather", heap, np.arange(k), axis=1)
    kept = g.multi("TopK", kept, np.array([k]), outputs=2, axis=1, largest=0, sorted=1)[0]
    rank = g.op("Mul", g.op("Floor", g.op("Mul", kept, 0.5)), 2.0)
    point = g.cast(g.op("Div", g.op("Sub", kept, rank), fraction), np.int64)
    nearest = g.op("GatherElements", held, point, axis=1)
    reduced = g.op("Where", g.op("Equal", nearest, _FULL), np.inf, nearest)
    return reduced, g.op("Min", point, np.array(count - 1, dtype=np.int64))


def _doubled_ranks(g: Graph, values: Tensor, count: int, axis: int) -> Tensor:
    """As `values`, along their last axis: 0 for the smallest, 2 more for each larger one."""

    def sort(x: Tensor) -> tuple[Tensor, ...]:
        return g.multi("TopK", x, np.array([count]), outputs=2, axis=axis, largest=0, sorted=1)

    rising, order = sort(values)
    before = g.op("Gather", rising, np.maximum(np.arange(count) - 1, 0), axis=axis)
    steps = g.op("Where", g.op("Greater", rising, before), 2.0, 0.0)
    ranks = g.op("CumSum", steps, np.array(axis, dtype=np.int64))
    stands = sort(g.cast(order, np.float64))[1]
    return g.op("GatherElements", ranks, stands, axis=axis)


class _Places:
    """Of a heap of k values, and one place behind it: empty, and above the root."""

    def __init__(self, k: int) -> None:
        self._left, self._right = np.full(k + 1, k), np.full(k + 1, k)
        self._left[k] = 0
        for place in range(k):
            for child, side in ((2 * place + 1, self._left), (2 * place + 2, self._right)):
                if child < k:
                    side[place] = child
        eye = np.eye(k + 1)
        self._difference = eye[:, self._left] - eye[:, self._right]
        self._turns, self._depth = np.zeros((k + 1, k + 1)), np.full(k + 1, -1.0)
        for place in range(k):
            at = place
            while at:
                above = (at - 1) // 2
                self._turns[above, place] = 1.0 if at % 2 else -1.0
                at = above
            self._turns[k, place] = 1.0
            self._depth[place] = np.abs(self._turns[:, place]).sum()

    def push(self, g: Graph, heap: Tensor, code: Tensor, limit: Tensor, axis: int) -> Tensor:
        """`heap` `(n, k + 1)` after a push of `code` `(n, 1)`; `limit` is one more than that."""
        is_left = g.op("Greater", g.op("MatMul", heap, self._difference), -1.0)
        larger = g.op("Where", is_left, self._left, self._right)
        child = g.op("GatherElements", heap, larger, axis=axis)
        rises = g.op("Greater", child, limit)
        turn = g.op("Where", rises, g.op("Where", is_left, 1.0, -1.0), 0.0)
        is_reached = g.op("Equal", g.op("MatMul", turn, self._turns), self._depth)
        return g.op("Where", is_reached, g.op("Where", rises, child, code), heap)
