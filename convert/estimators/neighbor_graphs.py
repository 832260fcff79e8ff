"""Distances to the training points near a row: `sklearn.neighbors._graph`.

scikit-learn returns them as a sparse matrix; here they are dense `(n, m)`, zero elsewhere, for
the next step to read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.neighbors import KNeighborsTransformer, RadiusNeighborsTransformer

from convert.estimators.neighbor_search import nearest
from convert.estimators.radius_neighbors import within_radius
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor

_NEIGHBORS = np.array([1], dtype=np.int64)
_LAST = np.array([2], dtype=np.int64)


def nearest_graph(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`KNeighborsTransformer.transform`: one neighbour more where distances are asked for."""
    with_distances = estimator.mode == "distance"
    found = nearest(g, estimator, x, int(estimator.n_neighbors) + with_distances)
    is_near = g.op("Equal", g.op("Unsqueeze", found.index, _LAST), np.arange(_count(estimator)))
    value = g.op("Unsqueeze", found.distance, _LAST) if with_distances else 1.0
    entries = g.op("Where", is_near, value, 0.0)
    return _graph(g.op("ReduceSum", entries, _NEIGHBORS, keepdims=0), estimator)


def radius_graph(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`RadiusNeighborsTransformer.transform`: all points within the radius."""
    metric, reduced, inside = within_radius(g, estimator, x)
    value = metric.distance(g, reduced) if estimator.mode == "distance" else 1.0
    return _graph(g.op("Where", inside, value, 0.0), estimator)


def _graph(entries: Tensor, estimator: Any) -> Emission:
    return Emission({"transform": Scores(entries, _count(estimator), sparse=True)})


def _count(estimator: Any) -> int:
    return int(estimator.n_samples_fit_)


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    KNeighborsTransformer: nearest_graph,
    RadiusNeighborsTransformer: radius_graph,
}
