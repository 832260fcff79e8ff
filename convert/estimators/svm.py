"""Support vector machines: libsvm's `svm_predict_values`, one-vs-one votes and all.

Mirrors `sklearn.svm._base` and `sklearn.utils.multiclass._ovr_decision_function`.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.svm import SVC, SVR, NuSVC, NuSVR

from convert.estimators import labels
from convert.estimators.arrays import Doubles, dense
from convert.estimators.kernels import svm_kernel
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor


def svc(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`predict` by libsvm's votes, `decision_function` one-vs-rest or one-vs-one."""
    notes: tuple[str, ...] = ()
    if estimator.probability is True:
        notes = (
            f"predict_proba of {type(estimator).__name__} is not served: libsvm couples the "
            "pairs iteratively and stops early, which no graph reproduces exactly",
        )
    n_classes = len(estimator.classes_)
    kernel = svm_kernel(g, estimator, x)
    weighed = g.op("MatMul", kernel, _pair_weights(g, estimator))
    pairs = g.op("Add", weighed, dense(estimator._intercept_))
    if n_classes == 2:
        decision = Scores(g.op("Neg", labels.flat(g, pairs)), None)
        index = g.cast(g.op("LessOrEqual", labels.flat(g, pairs), 0.0), np.int64)
        return Emission({"decision_function": decision}, index, notes=notes)
    ovr = _one_vs_rest(g, pairs, n_classes)
    if estimator.decision_function_shape == "ovo":
        decision = Scores(pairs, n_classes * (n_classes - 1) // 2)
    else:
        decision = Scores(ovr, n_classes)
    if estimator.break_ties:
        index = labels.argmax(g, ovr)
    else:
        index = labels.argmax(g, _votes(g, g.op("Greater", pairs, 0.0), n_classes))
    return Emission({"decision_function": decision}, index, notes=notes)


def svr(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`K @ dual_coef + intercept`."""
    kernel = svm_kernel(g, estimator, x)
    weights = dense(estimator._dual_coef_).reshape(-1)
    value = g.op("Add", g.op("MatMul", kernel, weights), float(estimator._intercept_[0]))
    return Emission({"predict": Scores(value, None)})


def _pair_weights(g: Graph, estimator: Any) -> Tensor | Doubles:
    """`(m, pairs)`: what each support vector weighs in each one-vs-one decision.

    A vector has a weight in k - 1 of k (k - 1) / 2 decisions, so the graph holds those and spreads
    them when it is opened.
    """
    dual, counts = dense(estimator._dual_coef_), np.asarray(estimator._n_support)
    # Class by pair: the row of `dual` that weighs its vectors there, else the row of zeros.
    rows = np.full((len(counts), len(counts) * (len(counts) - 1) // 2), len(dual))
    for pair, (i, j) in enumerate(combinations(range(len(counts)), 2)):
        rows[i, pair], rows[j, pair] = j - 1, i
    weights = np.vstack([dual, np.zeros(dual.shape[1])]).T
    of_vectors = np.repeat(np.arange(len(counts)), counts)
    if weights.size >= len(rows.T) * dual.shape[1] / 2:
        return np.take_along_axis(weights, rows[of_vectors], axis=1)
    return g.op("GatherElements", weights, g.op("Gather", rows, of_vectors), axis=1)


def _votes(g: Graph, first_wins: Tensor, n_classes: int) -> Tensor:
    """Each pair's vote for its first class where true, else for its second: `(n, k)`."""
    first, second = _pair_members(n_classes)
    won = g.op("MatMul", g.cast(first_wins, np.float64), first - second)
    return g.op("Add", won, second.sum(axis=0))


def _one_vs_rest(g: Graph, pairs: Tensor, n_classes: int) -> Tensor:
    """`_ovr_decision_function(pairs < 0, -pairs, n_classes)`."""
    first, second = _pair_members(n_classes)
    votes = _votes(g, g.op("GreaterOrEqual", pairs, 0.0), n_classes)
    confidences = g.op("MatMul", pairs, first - second)
    size = g.op("Mul", g.op("Add", g.op("Abs", confidences), 1.0), 3.0)
    return g.op("Add", votes, g.op("Div", confidences, size))


def _pair_members(n_classes: int) -> tuple[Doubles, Doubles]:
    """Which class is the first, and which the second, of every pair: `(pairs, k)` each."""
    pairs = list(combinations(range(n_classes), 2))
    eye = np.eye(n_classes)
    return eye[[i for i, _ in pairs]], eye[[j for _, j in pairs]]


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    SVC: svc,
    NuSVC: svc,
    SVR: svr,
    NuSVR: svr,
}
