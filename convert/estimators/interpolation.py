"""`numpy.interp` between sorted knots, the interval found by a tree in log(m) comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from convert.errors import Unsupported
from convert.estimators.tree_table import LEAF, Tree, tree_ensemble

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convert.graph.builder import Graph, Tensor

Doubles = NDArray[np.float64]


def clipped_interpolation(
    g: Graph, x: Tensor, knots: Sequence[Doubles], values: Sequence[Doubles]
) -> Tensor:
    """Interpolate each column of x `(n, c)` between its own knots; constant outside of them.

    `values[j][i] + slope * (x - knots[j][i])` with i the last knot at or below x, as
    `numpy.interp` computes it on `numpy.clip(x, knots[j][0], knots[j][-1])`.
    """
    count = len(knots)
    low = np.array([own[0] for own in knots])
    high = np.array([own[-1] for own in knots])
    inside = g.op("Min", g.op("Max", x, low), high)
    tables = [
        _search_tree(own, _pieces(own, heights), feature=j, first_target=3 * j)
        for j, (own, heights) in enumerate(zip(knots, values, strict=True))
    ]
    found = tree_ensemble(g, inside, tables, n_targets=3 * count)
    knot, height, slope = (
        g.op("Gather", found, np.arange(part, 3 * count, 3, dtype=np.int64), axis=1)
        for part in range(3)
    )
    return g.op("Add", g.op("Mul", slope, g.op("Sub", inside, knot)), height)


def _pieces(knots: Doubles, heights: Doubles) -> Doubles:
    """`(m, 3)`: the knot, its value and the slope to the next knot."""
    with np.errstate(all="ignore"):
        slope = np.append(np.diff(heights) / np.diff(knots), 0.0)
    if not np.isfinite(slope).all() or not np.isfinite(knots[-1] - knots[0]):
        raise Unsupported(
            "an interpolation between knots this near or this far apart overflows",
            actual=f"knots from {knots[0]} to {knots[-1]}",
            hint="scale what the calibrated estimator sees",
        )
    return np.stack([knots, heights, slope], axis=1)


def _search_tree(knots: Doubles, values: Doubles, *, feature: int, first_target: int) -> Tree:
    """A balanced tree whose leaf i is reached from `knots[i] <= x < knots[i + 1]`."""
    left, right, threshold, rows = [0], [0], [0.0], [0]
    ranges = [(0, len(knots))]
    for node, (start, stop) in enumerate(ranges):
        rows[node] = start
        if stop - start == 1:
            left[node] = right[node] = LEAF
            continue
        middle = (start + stop) // 2
        # x < knot is x <= the double before it
        threshold[node] = float(np.nextafter(knots[middle], -np.inf))
        left[node], right[node] = len(ranges), len(ranges) + 1
        for child in ((start, middle), (middle, stop)):
            ranges.append(child)
            left.append(LEAF)
            right.append(LEAF)
            threshold.append(0.0)
            rows.append(0)
    count = len(ranges)
    return Tree(
        left=np.array(left, dtype=np.int64),
        right=np.array(right, dtype=np.int64),
        feature=np.full(count, feature, dtype=np.int64),
        threshold=np.array(threshold),
        missing_left=np.zeros(count, dtype=bool),
        values=values[rows],
        first_target=first_target,
    )
