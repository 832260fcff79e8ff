"""Discriminant scores by class: `DiscriminantAnalysisPredictionMixin` and what uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.neighbors import NearestCentroid

from convert.errors import Unsupported
from convert.estimators import labels
from convert.estimators.arrays import dense
from convert.estimators.distances import Minkowski, expanded_squares, reduced_distances
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor

_ROWS = np.array([1], dtype=np.int64)
_LAST = np.array([2], dtype=np.int64)


def quadratic(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """-(|(x - mean) @ R S^-½|² + Σ log S) / 2 + log prior, for every class."""
    factors = [
        dense(rotation) * dense(scaling) ** -0.5
        for rotation, scaling in zip(estimator.rotations_, estimator.scalings_, strict=True)
    ]
    width = max(factor.shape[1] for factor in factors)
    # Columns of zeros add nothing, and let all classes share one product.
    stacked = np.stack([np.pad(f, ((0, 0), (0, width - f.shape[1]))) for f in factors])
    centered = g.op("Sub", x, dense(estimator.means_)[:, None, :])
    projected = g.op("MatMul", centered, stacked)
    squares = g.op("ReduceSum", g.op("Mul", projected, projected), _LAST, keepdims=0)
    norms = g.op("Transpose", squares, perm=[1, 0])
    logs = np.array([np.sum(np.log(dense(scaling))) for scaling in estimator.scalings_])
    half = g.op("Mul", g.op("Add", norms, logs), -0.5)
    scores = g.op("Add", half, np.log(dense(estimator.priors_)))
    return _verbs(g, scores, len(estimator.classes_), labels.argmax(g, scores))


def nearest_centroid(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """The nearest centroid; by scaled distance and prior where the priors differ."""
    centroids = dense(estimator.centroids_)
    n_classes = len(centroids)
    prior = dense(estimator.class_prior_)
    uniform = bool(np.isclose(prior, 1 / n_classes).all())
    if estimator.metric not in ("euclidean", "manhattan"):
        raise Unsupported(
            f"NearestCentroid with metric={estimator.metric!r} has no exact converter",
            expected="euclidean or manhattan",
            actual=str(estimator.metric),
        )
    is_euclidean = estimator.metric == "euclidean"
    index: Tensor | None = None
    if uniform:
        index = g.op("ArgMin", _reduced(g, x, centroids, is_euclidean), axis=1, keepdims=0)
        if not is_euclidean:
            return Emission(index=index)
    spread = dense(estimator.within_class_std_dev_)
    spread = np.where(spread != 0, spread, 1.0)
    distance = _reduced(g, g.op("Div", x, spread), centroids / spread, is_euclidean)
    if is_euclidean:
        distance = g.op("Sqrt", distance)
    squared = g.op("Mul", distance, distance)
    scores = g.op("Add", g.op("Neg", squared), 2.0 * np.log(prior))
    if index is None:
        index = labels.argmax(g, scores)
    if not is_euclidean:
        return Emission(index=index)
    return _verbs(g, scores, n_classes, index)


def _reduced(g: Graph, x: Tensor, points: np.ndarray, is_euclidean: bool) -> Tensor:
    if is_euclidean:
        return expanded_squares(g, x, points)
    return reduced_distances(g, x, points, Minkowski(1.0))


def _verbs(g: Graph, scores: Tensor, n_classes: int, index: Tensor) -> Emission:
    shifted = g.op("Sub", scores, g.op("ReduceMax", scores, _ROWS, keepdims=1))
    total = g.op("ReduceSum", g.op("Exp", shifted), _ROWS, keepdims=1)
    probabilities = g.op("Exp", g.op("Sub", shifted, g.op("Log", total)))
    if n_classes == 2:
        first = g.op("Gather", scores, np.array(0, dtype=np.int64), axis=1)
        second = g.op("Gather", scores, np.array(1, dtype=np.int64), axis=1)
        decision = Scores(g.op("Sub", second, first), None)
    else:
        decision = Scores(scores, n_classes)
    verbs = {"decision_function": decision, "predict_proba": Scores(probabilities, n_classes)}
    return Emission(verbs, index)


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    NearestCentroid: nearest_centroid,
    QuadraticDiscriminantAnalysis: quadratic,
}
