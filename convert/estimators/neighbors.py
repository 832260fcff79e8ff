"""Nearest neighbours: `sklearn.neighbors`, votes and averages of the k nearest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from convert.estimators import labels
from convert.estimators.arrays import dense
from convert.estimators.neighbor_search import Neighbors, nearest, weighs_by_distance
from convert.estimators.sums import numpy_sum
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from convert.graph.builder import Graph, Tensor

_ROWS = np.array([1], dtype=np.int64)
_LAST = np.array([2], dtype=np.int64)


def classifier(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """The class with the most votes, the first of equal ones; shares of the votes."""
    found = nearest(g, estimator, x, int(estimator.n_neighbors))
    y = np.asarray(estimator._y, dtype=np.int64)
    if not estimator.outputs_2d_:
        index, share = _voted(g, estimator, found, y, len(estimator.classes_))
        return Emission({"predict_proba": share}, index)
    every = [
        _voted(g, estimator, found, y[:, target], len(classes))
        for target, classes in enumerate(estimator.classes_)
    ]
    shares = tuple(share for _, share in every)
    return Emission(targets=tuple(index for index, _ in every), lists={"predict_proba": shares})


def _voted(
    g: Graph, estimator: Any, found: Neighbors, y: NDArray[np.int64], n_classes: int
) -> tuple[Tensor, Scores]:
    """One target's label as a position, and its shares of the votes."""
    voted = g.op("Gather", np.ascontiguousarray(y), found.index)
    is_vote = g.op("Equal", g.op("Unsqueeze", voted, _LAST), np.arange(n_classes))
    if weighs_by_distance(estimator):
        weights = g.op("Unsqueeze", inverse_distances(g, found), _LAST)
        votes = numpy_sum(g, g.op("Where", is_vote, weights, 0.0), int(estimator.n_neighbors))
    else:
        votes = g.op("ReduceSum", g.cast(is_vote, np.float64), _ROWS, keepdims=0)
    share = g.op("Div", votes, g.op("ReduceSum", votes, _ROWS, keepdims=1))
    return labels.argmax(g, votes), Scores(share, n_classes)


def regressor(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """The mean of the k targets, weighted by inverse distance if asked."""
    found = nearest(g, estimator, x, int(estimator.n_neighbors))
    targets = g.op("Gather", dense(estimator._y), found.index)
    is_flat = estimator._y.ndim == 1
    if weighs_by_distance(estimator):
        weights = inverse_distances(g, found)
        shaped = weights if is_flat else g.op("Unsqueeze", weights, _LAST)
        total = g.op("ReduceSum", g.op("Mul", targets, shaped), _ROWS, keepdims=0)
        value = g.op("Div", total, g.op("ReduceSum", shaped, _ROWS, keepdims=0))
    else:
        value = g.op("ReduceMean", targets, _ROWS, keepdims=0)
    return Emission({"predict": Scores(value, None if is_flat else estimator._y.shape[1])})


def inverse_distances(g: Graph, found: Neighbors) -> Tensor:
    """`_get_weights`: 1 / d, and where a distance has no finite inverse 1 for it alone."""
    weights = g.op("Div", 1.0, found.distance)
    here = g.cast(g.op("IsInf", weights), np.float64)
    any_here = g.op("Greater", g.op("ReduceMax", here, _ROWS, keepdims=1), 0.0)
    return g.op("Where", any_here, here, weights)


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    KNeighborsClassifier: classifier,
    KNeighborsRegressor: regressor,
}
