"""The heap in which scikit-learn keeps the nearest so far: `sklearn.utils._heap.heap_push`.

Of equally far points it does not keep the first: a nearer one that comes later pushes out
whichever of them lies at the root, and that depends on all that came before. So every push is
written out, one after the other. Where a new value ends up depends on comparisons alone, so
each push is one lookup: the comparisons as the bits of a row number, the row saying which of the
k old values and the new one stand where afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from convert.graph.builder import Graph, Tensor

MOST_POINTS = 600
MOST_NEIGHBORS = 8
"""Beyond these the graph would be too large: the lookup has 2^(1.5 k) rows."""

_FULL = float(np.finfo(np.float64).max)
_LAST = np.array([2], dtype=np.int64)
_POINTS = np.array([1], dtype=np.int64)


def heap_smallest(g: Graph, values: Tensor, count: int, k: int) -> tuple[Tensor, Tensor]:
    """The k smallest of `count` values `(n, count)`, pushed from left to right.

    Returns the values in rising order, infinite where nothing finite was pushed, and where they
    stood.
    """
    held = g.op("Unsqueeze", g.op("Min", values, _FULL), _LAST)
    nothing = g.op("Mul", held, 0.0)
    place = g.op("Add", nothing, np.arange(count, dtype=np.float64)[None, :, None])
    siblings = _siblings(k)
    compared = np.concatenate([np.eye(k), _differences(siblings, k)], axis=1)
    limits = g.op("Mul", held, np.r_[np.ones(k), np.zeros(len(siblings))])
    value, position, limit = (
        g.multi("Split", each, outputs=count, axis=1, num_outputs=count)
        for each in (held, place, limits)
    )
    bits = 2.0 ** np.arange(k + len(siblings))
    table = _moves(k, siblings)
    heap = g.op("Add", g.op("Mul", value[0], np.zeros(k)), _FULL)
    index = g.op("Mul", position[0], np.zeros(k))
    for j in range(count):
        at_most = g.op("LessOrEqual", g.op("MatMul", heap, compared), limit[j])
        code = g.cast(g.op("MatMul", g.cast(at_most, np.float64), bits), np.int64)
        moved = g.op("Gather", table, code)
        heap = g.op("GatherElements", g.op("Concat", heap, value[j], axis=2), moved, axis=2)
        index = g.op("GatherElements", g.op("Concat", index, position[j], axis=2), moved, axis=2)
    heap, index = g.op("Squeeze", heap, _POINTS), g.op("Squeeze", index, _POINTS)
    nearest, order = g.multi("TopK", heap, np.array([k]), outputs=2, axis=1, largest=0, sorted=1)
    reduced = g.op("Where", g.op("Equal", nearest, _FULL), np.inf, nearest)
    return reduced, g.cast(g.op("GatherElements", index, order, axis=1), np.int64)


def _siblings(k: int) -> list[tuple[int, int]]:
    """Left and right children that both lie in a heap of k values."""
    return [(left, left + 1) for left in range(1, k - 1, 2)]


def _differences(siblings: list[tuple[int, int]], k: int) -> NDArray[np.float64]:
    """`(k, s)`: right minus left, at most 0 where the left one is as large."""
    found = np.zeros((k, len(siblings)))
    for column, (left, right) in enumerate(siblings):
        found[left, column], found[right, column] = -1.0, 1.0
    return found


def _moves(k: int, siblings: list[tuple[int, int]]) -> NDArray[np.int64]:
    """`(2^(k + s), k)`: for each outcome of the comparisons, what stands where after the push.

    Bit i says that value i is at most the new one; bit k + j, that the left one of siblings j is
    at least the right one. The new value has position k.
    """
    codes = 2 ** (k + len(siblings))
    found = np.tile(np.arange(k, dtype=np.int64), (codes, 1))
    by_left = {left: k + j for j, (left, _) in enumerate(siblings)}
    for code in range(codes):
        if code & 1:
            continue
        node = 0
        while (left := 2 * node + 1) < k:
            right_is_larger = left in by_left and not code >> by_left[left] & 1
            child = left + 1 if right_is_larger else left
            if code >> child & 1:
                break
            found[code, node] = child
            node = child
        found[code, node] = k
    return found
