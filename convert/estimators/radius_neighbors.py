"""Neighbours within a radius: `sklearn.neighbors`, all of them vote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.neighbors import RadiusNeighborsClassifier, RadiusNeighborsRegressor

from convert.errors import Unsupported
from convert.estimators import labels
from convert.estimators.arrays import dense
from convert.estimators.distances import fitted_metric, reduced_distances
from convert.estimators.neighbor_search import brute_distances, weighs_by_distance
from convert.graph.emission import Check, Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.estimators.distances import Minkowski
    from convert.graph.builder import Graph, Tensor

_ROWS = np.array([1], dtype=np.int64)


def classifier(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """Shares of the votes; a row without neighbours gets `outlier_label` or is refused."""
    weights = _weights(g, estimator, x)
    alone = g.op("Equal", g.op("ReduceSum", weights, _ROWS, keepdims=1), 0.0)
    checks: tuple[Check, ...] = ()
    if estimator.outlier_label_ is None:
        checks = (Check(labels.flat(g, alone), "no neighbour within the radius"),)
    y = np.asarray(estimator._y)
    if not estimator.outputs_2d_:
        index, share = _voted(g, estimator, weights, alone, y, target=None)
        return Emission({"predict_proba": share}, index, checks=checks)
    every = [
        _voted(g, estimator, weights, alone, y[:, target], target=target)
        for target in range(len(estimator.classes_))
    ]
    shares = tuple(share for _, share in every)
    return Emission(
        targets=tuple(index for index, _ in every), lists={"predict_proba": shares}, checks=checks
    )


def _voted(
    g: Graph, estimator: Any, weights: Tensor, alone: Tensor, y: Any, *, target: int | None
) -> tuple[Tensor, Scores]:
    """One target's label as a position, and its shares of the votes."""
    classes = np.asarray(estimator.classes_ if target is None else estimator.classes_[target])
    votes = g.op("MatMul", weights, np.eye(len(classes))[y])
    total = g.op("ReduceSum", votes, _ROWS, keepdims=1)
    share = g.op("Div", votes, g.op("Where", alone, 1.0, total))
    index = labels.argmax(g, share)
    if estimator.outlier_label_ is not None:
        own, lonely = _outlier(estimator, classes, target)
        share = g.op("Where", alone, lonely, share)
        index = g.op("Where", labels.flat(g, alone), own, index)
    return index, Scores(share, len(classes))


def regressor(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """The weighted mean of the targets; NaN without neighbours."""
    targets = np.asarray(estimator._y)
    is_flat = targets.ndim == 1
    with np.errstate(invalid="ignore"):
        # Integer targets have no NaN: numpy's cast of it is what scikit-learn returns.
        empty = float(np.full_like(targets.reshape(len(targets), -1)[0], np.nan)[0])
    weights = _weights(g, estimator, x)
    total = g.op("ReduceSum", weights, _ROWS, keepdims=1)
    mean = g.op("Div", g.op("MatMul", weights, dense(targets).reshape(len(targets), -1)), total)
    value = g.op("Where", g.op("Equal", total, 0.0), empty, mean)
    if is_flat:
        return Emission({"predict": Scores(labels.flat(g, value), None)})
    return Emission({"predict": Scores(value, targets.shape[1])})


def within_radius(g: Graph, estimator: Any, x: Tensor) -> tuple[Minkowski, Tensor, Tensor]:
    """The metric, the reduced distances `(n, m)` to the training points, and which lie inside."""
    metric = fitted_metric(estimator)
    if estimator._fit_method == "brute":
        reduced = brute_distances(g, estimator, x, metric)
    else:
        reduced = reduced_distances(g, x, dense(estimator._fit_X), metric)
    inside = g.op("LessOrEqual", reduced, metric.reduce(float(estimator.radius)))
    return metric, reduced, inside


def _weights(g: Graph, estimator: Any, x: Tensor) -> Tensor:
    """`(n, m)`: what each training point weighs, 0 beyond the radius."""
    metric, reduced, inside = within_radius(g, estimator, x)
    ones = g.cast(inside, np.float64)
    if not weighs_by_distance(estimator):
        return ones
    distance = metric.distance(g, reduced)
    here = g.op("Mul", ones, g.cast(g.op("Equal", distance, 0.0), np.float64))
    any_here = g.op("Greater", g.op("ReduceMax", here, _ROWS, keepdims=1), 0.0)
    inverse = g.op("Where", inside, g.op("Div", 1.0, distance), 0.0)
    return g.op("Where", any_here, here, inverse)


def _outlier(
    estimator: Any, classes: np.ndarray, target: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Position and shares of a row without neighbours.

    `RadiusNeighborsClassMode` takes `outlier_label` for a position among the classes, and where
    it is none gives shares of 0, from which `predict` goes back to the label.
    """
    label = estimator.outlier_label_[target or 0]
    share = np.asarray(classes == label, dtype=np.float64)
    if share.sum() != 1:
        raise Unsupported(
            "RadiusNeighborsClassifier with an outlier_label that is no class of the training",
            expected="one of the classes, 'most_frequent' or None",
            actual=str(label),
        )
    own = np.array(share.argmax(), dtype=np.int64)
    if target is None and _counts_by_class(estimator):
        share = np.array([position == estimator.outlier_label for position in range(len(classes))])
        share = share.astype(np.float64)
        own = np.array(share.argmax(), dtype=np.int64) if share.any() else own
    return own, share


def _counts_by_class(estimator: Any) -> bool:
    """Whether `RadiusNeighborsClassMode` is used, which has no Euclidean distance."""
    is_uniform = isinstance(estimator.weights, str) and estimator.weights == "uniform"
    plain = estimator.effective_metric_ not in ("euclidean", "l2")
    return is_uniform and plain and bool(estimator._fit_method == "brute")


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    RadiusNeighborsClassifier: classifier,
    RadiusNeighborsRegressor: regressor,
}
