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
    from convert.graph.builder import Graph, Tensor

MOST_POINTS = 600
MOST_NEIGHBORS = 64
"""Beyond these the graph would be too large: a push takes eleven nodes."""

_FULL = float(np.finfo(np.float64).max)
_NO_CHILD = -4.0
"""Less than every code."""


def heap_smallest(g: Graph, values: Tensor, count: int, k: int) -> tuple[Tensor, Tensor]:
    """The k smallest of `count` values `(n, count)`, pushed from left to right.

    Returns the values in rising order, infinite where nothing finite was pushed, and where they
    stood.
    """
    capped = g.op("Min", values, _FULL)
    zero = g.op("Mul", g.op("Gather", capped, np.array([0]), axis=1), 0.0)
    held = g.op("Concat", capped, g.op("Add", zero, _FULL), axis=1)
    fraction = 2.0 ** -np.ceil(np.log2(count + 1))
    codes = g.op("Add", _doubled_ranks(g, held, count + 1), np.arange(count + 1) * fraction)
    *pushed, full = g.multi("Split", codes, outputs=count + 1, axis=1, num_outputs=count + 1)
    above = g.multi(
        "Split", g.op("Add", codes, 1.0), outputs=count + 1, axis=1, num_outputs=count + 1
    )
    heap = g.op("Concat", *([full] * k), g.op("Add", zero, _NO_CHILD), axis=1)
    places = _Places(k)
    for code, limit in zip(pushed, above[:count], strict=True):
        heap = places.push(g, heap, code, limit)
    kept = g.op("Gather", heap, np.arange(k), axis=1)
    kept = g.multi("TopK", kept, np.array([k]), outputs=2, axis=1, largest=0, sorted=1)[0]
    rank = g.op("Mul", g.op("Floor", g.op("Mul", kept, 0.5)), 2.0)
    point = g.cast(g.op("Div", g.op("Sub", kept, rank), fraction), np.int64)
    nearest = g.op("GatherElements", held, point, axis=1)
    reduced = g.op("Where", g.op("Equal", nearest, _FULL), np.inf, nearest)
    return reduced, g.op("Min", point, np.array(count - 1, dtype=np.int64))


def _doubled_ranks(g: Graph, values: Tensor, count: int) -> Tensor:
    """`(n, count)`: 0 for the smallest of a row, 2 more for each larger one."""

    def sort(x: Tensor) -> tuple[Tensor, ...]:
        return g.multi("TopK", x, np.array([count]), outputs=2, axis=1, largest=0, sorted=1)

    rising, order = sort(values)
    before = g.op("Gather", rising, np.maximum(np.arange(count) - 1, 0), axis=1)
    steps = g.op("Where", g.op("Greater", rising, before), 2.0, 0.0)
    ranks = g.op("CumSum", steps, np.array(1, dtype=np.int64))
    stands = sort(g.cast(order, np.float64))[1]
    return g.op("GatherElements", ranks, stands, axis=1)


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

    def push(self, g: Graph, heap: Tensor, code: Tensor, limit: Tensor) -> Tensor:
        """`heap` `(n, k + 1)` after a push of `code` `(n, 1)`; `limit` is one more than that."""
        is_left = g.op("Greater", g.op("MatMul", heap, self._difference), -1.0)
        larger = g.op("Where", is_left, self._left, self._right)
        child = g.op("GatherElements", heap, larger, axis=1)
        rises = g.op("Greater", child, limit)
        turn = g.op("Where", rises, g.op("Where", is_left, 1.0, -1.0), 0.0)
        is_reached = g.op("Equal", g.op("MatMul", turn, self._turns), self._depth)
        return g.op("Where", is_reached, g.op("Where", rises, child, code), heap)
