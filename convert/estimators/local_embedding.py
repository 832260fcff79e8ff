"""`LocallyLinearEmbedding.transform`: a row from its neighbours, its embedding from theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.manifold import LocallyLinearEmbedding

from convert.estimators.arrays import dense
from convert.estimators.neighbor_search import nearest
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor

_NEIGHBORS = np.array([1], dtype=np.int64)
_LAST = np.array([2], dtype=np.int64)


def locally_linear_embedding(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`sklearn.manifold._locally_linear.barycenter_weights` times the neighbours' embedding."""
    k = int(estimator.n_neighbors)
    near = nearest(g, estimator.nbrs_, x, k).index
    points = g.op("Gather", dense(estimator.nbrs_._fit_X), near, axis=0)
    difference = g.op("Sub", points, g.op("Unsqueeze", x, _NEIGHBORS))
    # onnxruntime 1.21 fuses Transpose and MatMul into an operator that it lacks in double
    pairs = g.op(
        "Mul", g.op("Unsqueeze", difference, _NEIGHBORS), g.op("Unsqueeze", difference, _LAST)
    )
    gram = g.op("ReduceSum", pairs, np.array([3], dtype=np.int64), keepdims=0)
    weights = _solved_for_ones(g, _regularized(g, gram, float(estimator.reg), k), k)
    total = g.op("ReduceSum", weights, _NEIGHBORS, keepdims=1)
    shares = g.op("Div", weights, total)
    embedded = g.op("Gather", dense(estimator.embedding_), near, axis=0)
    y = g.op("ReduceSum", g.op("Mul", embedded, shares), _NEIGHBORS, keepdims=0)
    return Emission({"transform": Scores(y, int(estimator.embedding_.shape[1]))})


def _regularized(g: Graph, gram: Tensor, reg: float, k: int) -> Tensor:
    diagonal = g.op("Mul", gram, np.eye(k))
    trace = g.op("ReduceSum", diagonal, np.array([1, 2], dtype=np.int64), keepdims=1)
    share = g.op("Where", g.op("Greater", trace, 0.0), g.op("Mul", trace, reg), reg)
    return g.op("Add", gram, g.op("Mul", share, np.eye(k)))


def _solved_for_ones(g: Graph, matrix: Tensor, k: int) -> Tensor:
    """`(n, k, 1)`: matrix^-1 @ ones, by Gauss-Jordan; a positive definite matrix needs no pivot."""
    ones = g.op("Add", g.op("Mul", g.op("ReduceSum", matrix, _LAST, keepdims=1), 0.0), 1.0)
    system = g.op("Concat", matrix, ones, axis=2)
    for i in range(k):
        at = np.array(i, dtype=np.int64)
        row = g.op("Gather", system, at.reshape(1), axis=1)
        pivot = g.op("Gather", row, at.reshape(1), axis=2)
        unit = g.op("Div", row, pivot)
        column = g.op("Gather", system, at.reshape(1), axis=2)
        others = g.op("Sub", system, g.op("Mul", column, unit))
        system = g.op("Where", (np.arange(k) == i)[:, None], unit, others)
    return g.op("Gather", system, np.array([k], dtype=np.int64), axis=2)


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    LocallyLinearEmbedding: locally_linear_embedding,
}
