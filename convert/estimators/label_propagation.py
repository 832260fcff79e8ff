"""Label propagation: `sklearn.semi_supervised`, inductive prediction by a kernel or neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.semi_supervised import LabelPropagation, LabelSpreading

from convert.errors import Unsupported
from convert.estimators import labels
from convert.estimators.arrays import dense
from convert.estimators.callables import REGISTER, name_of
from convert.estimators.neighbor_search import nearest
from convert.estimators.pairwise_kernels import pairwise_kernel
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor

_ROWS = np.array([1], dtype=np.int64)


def label_propagation(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """The label distributions of the training points, weighted by the kernel, normalised."""
    known = dense(estimator.label_distributions_)
    if estimator.kernel == "rbf":
        gamma = {"gamma": estimator.gamma}
        kernel, _ = pairwise_kernel(g, x, estimator.X_, "rbf", gamma)
        total = g.op("MatMul", kernel, known)
    elif estimator.kernel == "knn":
        found = nearest(g, estimator.nn_fit, x, int(estimator.n_neighbors))
        total = g.op("ReduceSum", g.op("Gather", known, found.index), _ROWS, keepdims=0)
    else:
        raise Unsupported(
            f"{type(estimator).__name__} with a callable kernel cannot be exported",
            actual=name_of(estimator.kernel),
            hint=f"use kernel='rbf' or 'knn', {REGISTER}",
        )
    share = g.op("Div", total, g.op("ReduceSum", total, _ROWS, keepdims=1))
    return Emission({"predict_proba": Scores(share, known.shape[1])}, labels.argmax(g, share))


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    LabelPropagation: label_propagation,
    LabelSpreading: label_propagation,
}
