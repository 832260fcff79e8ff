"""Outlier detectors: 1 for an inlier, -1 for an outlier, and the scores behind it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.covariance import EllipticEnvelope
from sklearn.ensemble import IsolationForest
from sklearn.ensemble._iforest import _average_path_length
from sklearn.linear_model import SGDOneClassSVM
from sklearn.neighbors import LocalOutlierFactor
from sklearn.svm import OneClassSVM

from convert.errors import Unsupported
from convert.estimators.arrays import dense
from convert.estimators.kernels import svm_kernel
from convert.estimators.neighbor_search import nearest
from convert.estimators.tree_table import tree_ensemble
from convert.estimators.trees import float32_rows, read_tree
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor

_ROWS = np.array([1], dtype=np.int64)


def isolation_forest(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """-2^(-depth / expected depth); a row is an outlier from a certain depth down.

    The label is read from the depth, which is the same to the last bit, while powers of two
    differ by an ulp between libraries.
    """
    trees = []
    for i, (member, features) in enumerate(
        zip(estimator.estimators_, estimator.estimators_features_, strict=True)
    ):
        tree = read_tree(member)
        lengths = estimator._decision_path_lengths[i] + estimator._average_path_length_per_tree[i]
        values = (lengths - 1.0).astype(np.float64)[:, None]
        trees.append(replace(tree, feature=np.asarray(features)[tree.feature], values=values))
    depth = tree_ensemble(g, float32_rows(g, x), trees, n_targets=1)
    depth = g.op("Squeeze", depth, _ROWS)
    expected = len(trees) * float(_average_path_length([estimator._max_samples])[0])
    offset = float(estimator.offset_)

    def is_outlier(total: float) -> bool:
        share = total / expected if expected else 1.0
        return bool((-(2 ** -np.array([share])) - offset)[0] < 0)

    scale = g.op("Div", depth, -expected) if expected else g.op("Sub", g.op("Mul", depth, 0.0), 1.0)
    scores = g.op("Neg", g.op("Pow", 2.0, scale))
    return _detector(g, scores, offset, g.op("Less", depth, _first_inlier(is_outlier)))


def one_class_svm(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`K @ dual_coef + intercept`, an inlier above 0."""
    kernel = svm_kernel(g, estimator, x)
    total = g.op("MatMul", kernel, dense(estimator._dual_coef_).reshape(-1))
    decision = g.op("Add", total, float(estimator._intercept_[0]))
    offset = float(np.ravel(estimator.offset_)[0])
    return Emission(
        {
            "decision_function": Scores(decision, None),
            "score_samples": Scores(g.op("Add", decision, offset), None),
        },
        labels=_sign(g, g.op("LessOrEqual", decision, 0.0)),
    )


def sgd_one_class_svm(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`X @ coef_ - offset_`, an inlier from 0."""
    offset = float(np.ravel(estimator.offset_)[0])
    product = g.op("MatMul", x, dense(estimator.coef_).reshape(-1))
    decision = g.op("Sub", product, offset)
    return Emission(
        {
            "decision_function": Scores(decision, None),
            "score_samples": Scores(g.op("Add", decision, offset), None),
        },
        labels=_sign(g, g.op("Less", decision, 0.0)),
    )


def local_outlier_factor(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """The mean density of the neighbours over the row's own."""
    if not estimator.novelty:
        raise Unsupported(
            "LocalOutlierFactor(novelty=False) scores no new rows", hint="use novelty=True"
        )
    k = int(estimator.n_neighbors_)
    found = nearest(g, estimator, x, k)
    reach = g.op("Gather", dense(estimator._distances_fit_X_[:, k - 1]), found.index)
    mean = g.op("ReduceMean", g.op("Max", found.distance, reach), _ROWS, keepdims=1)
    density = g.op("Div", 1.0, g.op("Add", mean, 1e-10))
    ratios = g.op("Div", g.op("Gather", dense(estimator._lrd), found.index), density)
    scores = g.op("Neg", g.op("ReduceMean", ratios, _ROWS, keepdims=0))
    return _detector(g, scores, float(estimator.offset_))


def elliptic_envelope(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """The negative squared Mahalanobis distance, by way of its root as scipy has it."""
    difference = g.op("Sub", x, dense(estimator.location_))
    product = g.op("MatMul", difference, dense(estimator.get_precision()).T)
    squared = g.op("ReduceSum", g.op("Mul", difference, product), _ROWS, keepdims=0)
    distance = g.op("Sqrt", squared)
    scores = g.op("Neg", g.op("Mul", distance, distance))
    return _detector(g, scores, float(estimator.offset_))


def _detector(g: Graph, scores: Tensor, offset: float, outlier: Tensor | None = None) -> Emission:
    decision = g.op("Sub", scores, offset)
    if outlier is None:
        outlier = g.op("Less", decision, 0.0)
    verbs = {"decision_function": Scores(decision, None), "score_samples": Scores(scores, None)}
    return Emission(verbs, labels=_sign(g, outlier))


def _sign(g: Graph, outlier: Tensor) -> Tensor:
    return g.op("Where", outlier, np.array(-1, dtype=np.int64), np.array(1, dtype=np.int64))


def _first_inlier(is_outlier: Callable[[float], bool]) -> float:
    """The smallest depth of at least 0 that is no outlier; infinite where there is none."""
    low, high = 0, int(np.array(np.inf).view(np.int64))
    while low < high:
        middle = (low + high) // 2
        if is_outlier(float(np.array(middle, dtype=np.int64).view(np.float64))):
            low = middle + 1
        else:
            high = middle
    return float(np.array(low, dtype=np.int64).view(np.float64))


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    EllipticEnvelope: elliptic_envelope,
    IsolationForest: isolation_forest,
    LocalOutlierFactor: local_outlier_factor,
    OneClassSVM: one_class_svm,
    SGDOneClassSVM: sgd_one_class_svm,
}
