"""The k nearest training points, ties taken in the order in which scikit-learn meets them.

Brute force meets the points in their order. A k-d or ball tree meets them leaf by leaf, at every
node the nearer child first (`_query_single_depthfirst`), so the order is another for each row:
the leaves are sorted by it before the nearest are taken. Which of equally far ones are kept hangs
on the history of scikit-learn's heap, so it is followed push by push (`neighbor_heap.py`). Brute
force divides more than 256 points among threads with a heap each: the order of a single thread is
followed, and the proof asks whether several agree with it.
Following a heap costs some hundred times a plain search: a brief graph does without, by brute
force and where the points of a tree are not sure to tie.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.errors import Unsupported
from convert.estimators.arrays import Doubles, dense
from convert.estimators.callables import REGISTER, name_of
from convert.estimators.distances import (
    Minkowski,
    accumulate,
    expanded_squares,
    features,
    fitted_metric,
    reduced_distances,
)
from convert.estimators.neighbor_heap import MOST_NEIGHBORS, MOST_POINTS, heap_smallest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from convert.graph.builder import Graph, Tensor

_ROW = np.array([0, -1], dtype=np.int64)
_LAST = np.array([-1], dtype=np.int64)


@dataclass(frozen=True)
class Neighbors:
    """The k nearest of every row, nearest first."""

    index: Tensor
    """int64 `(n, k)` into the training points."""
    distance: Tensor
    """float64 `(n, k)`."""


def nearest(g: Graph, estimator: Any, x: Tensor, k: int) -> Neighbors:
    """`KNeighborsMixin.kneighbors(x, k)`.

    Raises:
        Unsupported: a metric or training data that its search treats in an order of its own.
    """
    metric = fitted_metric(estimator)
    if estimator._fit_method == "brute":
        found = brute_distances(g, estimator, x, metric)
        reduced, index = _smallest(g, found, len(estimator._fit_X), k, brief=g.brief)
        # Its heap starts with the largest finite double, and with the first point.
        limit = float(np.finfo(np.float64).max)
    else:
        reduced, index = _tree_order(g, estimator, x, metric, k)
        limit = np.inf
    unreached = g.op("GreaterOrEqual", reduced, limit)
    index = g.op("Where", unreached, np.array(0, dtype=np.int64), index)
    return Neighbors(index, metric.distance(g, g.op("Min", reduced, limit)))


def weighs_by_distance(estimator: Any) -> bool:
    """Whether neighbours vote by inverse distance.

    Raises:
        Unsupported: a callable weighs them, or distances carry the rounding of |x|² - 2x·y + |y|²,
            which near a training point is larger than the distance.
    """
    if callable(estimator.weights):
        raise Unsupported(
            f"{type(estimator).__name__} with a callable for weights cannot be exported",
            actual=name_of(estimator.weights),
            hint=f"use weights='uniform' or 'distance', {REGISTER}",
        )
    if not isinstance(estimator.weights, str) or estimator.weights != "distance":
        return False
    if estimator._fit_method == "brute" and has_rounded_squares(estimator):
        raise Unsupported(
            f"{type(estimator).__name__} weighs by distances that brute force takes from large "
            "squares: next to a training point they are rounding alone",
            expected="weights='uniform', or a search that subtracts before it squares",
            actual=f"weights='distance', algorithm={estimator.algorithm!r} on "
            f"{estimator._fit_X.shape[1]} columns",
            hint="fit it with algorithm='kd_tree' or 'ball_tree'",
        )
    return True


def has_rounded_squares(estimator: Any) -> bool:
    """Whether expanded squares round: not for Minkowski sums, nor for whole numbers."""
    metric = fitted_metric(estimator)
    if metric.p != 2 or metric.weights is not None:
        return False
    points = dense(estimator._fit_X)
    whole = bool((points == np.floor(points)).all())
    return not (whole and float((points**2).sum(axis=1).max()) < 2.0**50)


def brute_distances(g: Graph, estimator: Any, x: Tensor, metric: Minkowski) -> Tensor:
    """`(n, m)` reduced distances as brute force computes them."""
    points = estimator._fit_X
    if hasattr(points, "toarray") or points.dtype != np.float64:
        raise Unsupported(
            f"{type(estimator).__name__} by brute force on {_storage(points)} training rows has "
            "no exact converter: scikit-learn orders their ties by numpy's partition",
            hint="fit it on a dense float64 array, or with algorithm='kd_tree'",
        )
    if metric.p == 2 and metric.weights is None:
        return expanded_squares(g, x, points)
    return reduced_distances(g, x, points, metric)


def _storage(points: Any) -> str:
    return "sparse" if hasattr(points, "toarray") else str(points.dtype)


def _k_smallest(g: Graph, values: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k smallest of every row in rising order, of equal ones the first."""
    found = g.multi("TopK", values, np.array([k]), outputs=2, axis=1, largest=0, sorted=1)
    return found[0], found[1]


def _smallest(
    g: Graph, values: Tensor, count: int, k: int, *, brief: bool
) -> tuple[Tensor, Tensor]:
    """As `_k_smallest` of `count` values, in the order of the search; ties as its heap has them.

    Where that is left out for a `brief` graph, the graph is marked as shortened. A heap of two
    always keeps the first.
    """
    if 2 < k <= MOST_NEIGHBORS and count <= MOST_POINTS:
        if not brief:
            return heap_smallest(g, values, count, k)
        g.left_out += count
    return _k_smallest(g, values, k)


@dataclass(frozen=True)
class _Leaves:
    points: Doubles
    """`(leaves, size, f)`, filled up with points at infinity."""
    original: NDArray[np.int64]
    """`(leaves * size,)`: positions in the training set."""


def _tree_order(
    g: Graph, estimator: Any, x: Tensor, metric: Minkowski, k: int
) -> tuple[Tensor, Tensor]:
    data, order, nodes, bounds = estimator._tree.get_arrays()
    leaves = _leaves(dense(data), order, nodes)
    count, size, n_features = leaves.points.shape
    brief = g.brief and not _ties_exactly(dense(data))
    found = reduced_distances(g, x, leaves.points.reshape(-1, n_features), metric)
    if count == 1:
        reduced, at = _smallest(g, found, size, k, brief=brief)
        return reduced, g.op("Gather", leaves.original, at)
    visited = _visits(g, estimator, x, metric, nodes, dense(bounds))
    by_leaf = g.op("Reshape", found, np.array([0, count, size], dtype=np.int64))
    in_order = g.op("GatherND", by_leaf, g.op("Unsqueeze", visited, _LAST), batch_dims=1)
    in_order = g.op("Reshape", in_order, _ROW)
    reduced, at = _smallest(g, in_order, count * size, k, brief=brief)
    width = np.array(size, dtype=np.int64)
    leaf = g.op("GatherElements", visited, g.op("Div", at, width), axis=1)
    point = g.op("Add", g.op("Mul", leaf, width), g.op("Mod", at, width))
    return reduced, g.op("Gather", leaves.original, point)


def _ties_exactly(points: Doubles) -> bool:
    """Whether points are sure to be equally far to the last bit, from some row or other."""
    whole = bool((points == np.rint(points)).all())
    return whole or len(np.unique(points, axis=0)) < len(points)


def _leaves(data: Doubles, order: Any, nodes: Any) -> _Leaves:
    ends = nodes[len(nodes) // 2 :]
    size = int((ends["idx_end"] - ends["idx_start"]).max())
    points = np.full((len(ends), size, data.shape[1]), np.inf)
    original = np.zeros((len(ends), size), dtype=np.int64)
    for leaf, node in enumerate(ends):
        members = order[node["idx_start"] : node["idx_end"]]
        points[leaf, : len(members)] = data[members]
        original[leaf, : len(members)] = members
    return _Leaves(points, original.reshape(-1))


def _visits(
    g: Graph, estimator: Any, x: Tensor, metric: Minkowski, nodes: Any, bounds: Doubles
) -> Tensor:
    """int64 `(n, leaves)`: the leaves in the order of the depth-first search."""
    if estimator._fit_method == "kd_tree":
        nearness = _box_distances(g, x, metric, bounds)
    else:
        reach = metric.distance(g, reduced_distances(g, x, bounds[0], metric))
        nearness = g.op("Max", g.op("Sub", reach, nodes["radius"].astype(np.float64)), 0.0)
        if metric.p == 2 and metric.weights is None:
            nearness = g.op("Mul", nearness, nearness)
    inner = len(nodes) // 2
    left, right = 2 * np.arange(inner) + 1, 2 * np.arange(inner) + 2
    right_first = g.op(
        "Greater",
        g.op("Gather", nearness, left, axis=1),
        g.op("Gather", nearness, right, axis=1),
    )
    weights, start = _path_weights(inner)
    rank = g.op("Add", g.op("MatMul", g.cast(right_first, np.float64), weights), start)
    return _k_smallest(g, rank, inner + 1)[1]


def _box_distances(g: Graph, x: Tensor, metric: Minkowski, bounds: Doubles) -> Tensor:
    """`(n, nodes)`: `min_rdist` of a k-d tree, 0 inside a node's box."""
    total: Tensor | None = None
    for j, column in enumerate(features(g, x, bounds.shape[2])):
        below = g.op("Sub", bounds[0, :, j], column)
        above = g.op("Sub", column, bounds[1, :, j])
        outside = g.op("Max", below, above, 0.0)
        total = accumulate(g, total, outside, metric, j, count=bounds.shape[1])
    assert total is not None, "points have a feature"
    return total


def _path_weights(inner: int) -> tuple[Doubles, Doubles]:
    """How the turns at `inner` nodes, heap ordered, add up to the rank of each leaf.

    A node whose right child comes first moves the leaves below its left child back by as many
    leaves as lie below its right one.
    """
    weights, start = np.zeros((inner, inner + 1)), np.zeros(inner + 1)
    for leaf in range(inner + 1):
        node, below = inner + leaf, 1.0
        while node:
            parent, is_right = (node - 1) // 2, node % 2 == 0
            weights[parent, leaf] = -below if is_right else below
            start[leaf] += below if is_right else 0.0
            node, below = parent, below * 2
    return weights, start
