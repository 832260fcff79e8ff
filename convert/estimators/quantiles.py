"""Ranks: `QuantileTransformer.transform`, the mean of two interpolations.

`numpy.interp` runs once upwards and once downwards, so that a value which several quantiles
share gets the mean of their ranks. A tree of thresholds finds where a value lies: on one of the
m distinct quantiles, in the gap between two, or outside: 2m + 1 places, each with its line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats
from sklearn.preprocessing import QuantileTransformer

from convert.estimators import special_functions
from convert.estimators.arrays import Doubles, dense
from convert.estimators.tree_table import Tree, search_tree, tree_ensemble
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor

BOUNDS_THRESHOLD = 1e-7
"""`sklearn.preprocessing._data.BOUNDS_THRESHOLD`."""


def quantile_transformer(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """Ranks in [0, 1], or the normal deviates that have them."""
    quantiles, ranks = dense(estimator.quantiles_), dense(estimator.references_)
    n_features = quantiles.shape[1]
    low, high = quantiles[0], quantiles[-1]
    y = _mean_rank(g, x, [quantiles[:, j] for j in range(n_features)], ranks)
    if estimator.output_distribution == "normal":
        above = g.op("Greater", g.op("Add", x, BOUNDS_THRESHOLD), high)
        below = g.op("Less", g.op("Sub", x, BOUNDS_THRESHOLD), low)
        normal = _normal(g, y)
        bounds = _normal_bounds()
        y = g.op("Where", below, bounds[0], g.op("Where", above, bounds[1], normal))
    else:
        y = g.op("Where", g.op("Equal", x, high), 1.0, y)
        y = g.op("Where", g.op("Equal", x, low), 0.0, y)
    y = g.op("Where", g.op("IsNaN", x), np.nan, y)
    return Emission({"transform": Scores(y, n_features)})


def _mean_rank(g: Graph, x: Tensor, quantiles: list[Doubles], ranks: Doubles) -> Tensor:
    trees, lines = [], []
    first = 0
    for column, values in enumerate(quantiles):
        distinct = np.unique(values)
        lines.append(_lines(values, ranks, distinct))
        trees.append(_places(distinct, column, first_place=first))
        first += len(lines[-1])
    place = g.cast(tree_ensemble(g, x, trees, n_targets=len(quantiles)), np.int64)
    line = g.op("Gather", np.concatenate(lines), place, axis=0)
    slope, x_low, y_low, x_high, y_high = (
        g.op("Gather", line, np.array(part), axis=2) for part in range(5)
    )
    inside = g.op("Max", g.op("Min", x, np.max(quantiles, axis=1)), np.min(quantiles, axis=1))
    up = g.op("Add", g.op("Mul", slope, g.op("Sub", inside, x_low)), y_low)
    down = g.op("Sub", g.op("Mul", slope, g.op("Sub", x_high, inside)), y_high)
    return g.op("Mul", g.op("Sub", up, down), 0.5)


def _lines(values: Doubles, ranks: Doubles, distinct: Doubles) -> Doubles:
    """`(2m + 1, 5)`: slope, both ends' x and rank; a slope of 0 below, on and above knots."""
    m = len(distinct)
    first = np.searchsorted(values, distinct, side="left")
    last = np.searchsorted(values, distinct, side="right") - 1
    lines = np.zeros((2 * m + 1, 5))
    lines[0] = [0.0, distinct[0], ranks[0], distinct[0], ranks[0]]
    lines[-1] = [0.0, distinct[-1], ranks[-1], distinct[-1], ranks[-1]]
    lines[1::2, 1], lines[1::2, 2] = distinct, ranks[last]
    lines[1::2, 3], lines[1::2, 4] = distinct, ranks[first]
    if m > 1:
        gaps = lines[2:-1:2]
        gaps[:, 1], gaps[:, 2] = distinct[:-1], ranks[last[:-1]]
        gaps[:, 3], gaps[:, 4] = distinct[1:], ranks[first[1:]]
        gaps[:, 0] = (gaps[:, 4] - gaps[:, 2]) / (gaps[:, 3] - gaps[:, 1])
    return lines


def _places(distinct: Doubles, column: int, *, first_place: int) -> Tree:
    """A balanced tree: leaf 2i + 1 on knot i, leaf 2i in the gap below it."""
    # x <= knot, and x < knot as x <= the double before it
    thresholds = np.column_stack([np.nextafter(distinct, -np.inf), distinct]).ravel()
    return search_tree(thresholds, feature=column, first=first_place, missing_left=True)


def _normal(g: Graph, rank: Tensor) -> Tensor:
    """The normal deviate of a rank, clipped as scikit-learn clips it."""
    low, high = _normal_bounds()
    inside = g.op("Clip", rank, BOUNDS_THRESHOLD / 2, 1 - BOUNDS_THRESHOLD / 2)
    return g.op("Clip", special_functions.ndtri(g, inside), low, high)


def _normal_bounds() -> tuple[float, float]:
    edge = BOUNDS_THRESHOLD - np.spacing(1)
    return float(stats.norm.ppf(edge)), float(stats.norm.ppf(1 - edge))


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    QuantileTransformer: quantile_transformer,
}
