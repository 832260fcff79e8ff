"""Clusterers that label new rows by their nearest centre: `sklearn.cluster`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.cluster import (
    AffinityPropagation,
    Birch,
    BisectingKMeans,
    KMeans,
    MeanShift,
    MiniBatchKMeans,
)

from convert.errors import Unsupported
from convert.estimators.arrays import Doubles, dense
from convert.estimators.distances import expanded_squares
from convert.estimators.dummies import repeated
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor

_ROWS = np.array([1], dtype=np.int64)


def k_means(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`lloyd_iter_chunked_dense`: the first smallest |c|² - 2 x·c."""
    centers = _centers(estimator)
    partial = _partial_squares(g, x, centers)
    # A NaN in C is never smaller, and nothing is smaller than it where it comes first.
    rank = np.full(len(centers), np.inf)
    rank[0] = -np.inf
    comparable = g.op("Where", g.op("IsNaN", partial), rank, partial)
    found = g.op("ArgMin", comparable, axis=1, keepdims=0)
    return Emission({"transform": _distances(g, x, centers)}, labels=found)


def bisecting_k_means(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`_predict_recursive`: at every node the nearer half, the left one where they tie."""
    root = estimator._bisecting_tree
    shift = getattr(estimator, "_X_mean", 0.0)
    pairs: list[Doubles] = []
    leaves: list[tuple[int, dict[int, bool]]] = []
    _walk(root, shift, {}, pairs, leaves)
    clusters = np.array([label for label, _ in leaves], dtype=np.int64)
    transform = _distances(g, x, _centers(estimator))
    if not pairs:
        return Emission({"transform": transform}, labels=repeated(g, x, clusters[0]))
    partial = _partial_squares(g, x, np.concatenate(pairs))
    left = g.op("Gather", partial, np.arange(0, 2 * len(pairs), 2), axis=1)
    right = g.op("Gather", partial, np.arange(1, 2 * len(pairs), 2), axis=1)
    to_right = g.cast(g.op("Less", right, left), np.float64)
    signs, start = _agreement([turns for _, turns in leaves], len(pairs))
    agreed = g.op("Add", g.op("MatMul", to_right, signs), start)
    found = g.op("Gather", clusters, g.op("ArgMax", agreed, axis=1, keepdims=0))
    return Emission({"transform": transform}, labels=found)


def birch(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """The label of the nearest subcluster; `transform` gives the distances to them."""
    centers = dense(estimator.subcluster_centers_)
    known = np.asarray(estimator.subcluster_labels_, dtype=np.int64)
    norms = dense(estimator._subcluster_norms)
    found = g.op("Gather", known, _nearest(g, x, centers, norms))
    return Emission({"transform": _distances(g, x, centers)}, labels=found)


def nearest_center(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`pairwise_distances_argmin`; -1 for every row where there are no centres."""
    if not hasattr(estimator, "cluster_centers_"):
        raise Unsupported(
            f"{type(estimator).__name__} with affinity='precomputed' labels no new rows"
        )
    centers = dense(estimator.cluster_centers_)
    if not len(centers):
        return Emission(labels=repeated(g, x, np.array(-1, dtype=np.int64)))
    return Emission(labels=_nearest(g, x, centers))


def _walk(
    node: Any,
    shift: Any,
    turns: dict[int, bool],
    pairs: list[Doubles],
    leaves: list[tuple[int, dict[int, bool]]],
) -> None:
    """Number the inner nodes, and note for every leaf at which of them it lies to the right."""
    if node.left is None:
        leaves.append((int(node.label), turns))
        return
    here = len(pairs)
    pairs.append(dense(np.vstack((node.left.center, node.right.center)) + shift))
    _walk(node.left, shift, {**turns, here: False}, pairs, leaves)
    _walk(node.right, shift, {**turns, here: True}, pairs, leaves)


def _agreement(leaves: list[dict[int, bool]], n_inner: int) -> tuple[Doubles, Doubles]:
    """Weights of the turns to the right that give each leaf 0 where all of its turns agree."""
    signs, start = np.zeros((n_inner, len(leaves))), np.zeros(len(leaves))
    for leaf, turns in enumerate(leaves):
        for node, to_right in turns.items():
            signs[node, leaf] = 1.0 if to_right else -1.0
            start[leaf] -= to_right
    return signs, start


def _centers(estimator: Any) -> Doubles:
    if estimator.cluster_centers_.dtype != np.float64:
        raise Unsupported(
            f"{type(estimator).__name__} fitted on float32 rows takes no float64 ones",
            hint="fit it on float64 rows",
        )
    return dense(estimator.cluster_centers_)


def _partial_squares(g: Graph, x: Tensor, centers: Doubles) -> Tensor:
    norms = np.einsum("ij,ij->i", centers, centers)
    return g.op("Add", g.op("MatMul", x, -2.0 * centers.T), norms)


def _distances(g: Graph, x: Tensor, centers: Doubles) -> Scores:
    """`sklearn.metrics.pairwise.euclidean_distances`."""
    cross = g.op("MatMul", x, -2.0 * centers.T)
    own = g.op("ReduceSum", g.op("Mul", x, x), _ROWS, keepdims=1)
    total = g.op("Add", g.op("Add", cross, own), np.einsum("ij,ij->i", centers, centers))
    return Scores(g.op("Sqrt", g.op("Max", total, 0.0)), len(centers))


def _nearest(g: Graph, x: Tensor, centers: Doubles, norms: Doubles | None = None) -> Tensor:
    return g.op("ArgMin", expanded_squares(g, x, centers, norms), axis=1, keepdims=0)


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    AffinityPropagation: nearest_center,
    Birch: birch,
    BisectingKMeans: bisecting_k_means,
    KMeans: k_means,
    MeanShift: nearest_center,
    MiniBatchKMeans: k_means,
}
