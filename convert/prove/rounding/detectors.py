"""Σ|terms| of outlier detectors, whose label is the sign of one decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.covariance import EllipticEnvelope
from sklearn.linear_model import SGDOneClassSVM
from sklearn.neighbors import LocalOutlierFactor
from sklearn.svm import OneClassSVM

from convert.prove.rounding.band import Band, class_band
from convert.prove.rounding.neighbors import reduced_distances
from convert.prove.rounding.svm import kernel_terms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Doubles = NDArray[np.float64]

_LABELS = np.array([-1, 1])


def is_detector(estimator: Any) -> bool:
    """Whether a label is -1 or 1 by the sign of a decision whose terms are known here."""
    if type(estimator) is OneClassSVM:
        return bool(estimator.kernel in ("linear", "poly", "rbf", "sigmoid"))
    return type(estimator) in _TERMS


def detector_band(estimator: Any, x: Doubles, error: Doubles) -> Band:
    """The band of an outlier detector on rows `(n, f)`."""
    decision = np.asarray(estimator.decision_function(x)).reshape(-1)
    return class_band(decision, np.asarray(_TERMS[type(estimator)](estimator, x, error)), _LABELS)


def _svm(estimator: Any, x: Doubles, error: Doubles) -> Doubles:
    kernel = kernel_terms(estimator, x, error)
    dual = np.abs(estimator._dual_coef_).reshape(-1)
    return np.asarray(kernel @ dual + np.abs(estimator._intercept_[0]))


def _linear(estimator: Any, x: Doubles, error: Doubles) -> Doubles:
    size = (np.abs(x) + error) @ np.abs(estimator.coef_).reshape(-1)
    return np.asarray(size + np.abs(estimator.offset_).reshape(-1)[0])


def _elliptic(estimator: Any, x: Doubles, error: Doubles) -> Doubles:
    step = np.abs(x - estimator.location_) + error
    terms = (step @ np.abs(estimator.get_precision()) * step).sum(axis=1)
    return np.asarray(2 * terms + abs(estimator.offset_))


def _local(estimator: Any, x: Doubles, error: Doubles) -> Doubles:
    """A ratio of means over k neighbours, by what their distances are off."""
    k = int(estimator.n_neighbors_)
    score = np.abs(estimator.score_samples(x))
    loose = np.zeros(len(x))
    for row in range(len(x)):
        reduced, terms = reduced_distances(estimator, x[row : row + 1], error[row : row + 1])
        near = np.argsort(reduced[0], kind="stable")[:k]
        distance = np.sqrt(reduced[0, near]) if _squared(estimator) else reduced[0, near]
        moved = terms[0, near] / (2 * distance if _squared(estimator) else 1.0)
        reach = np.maximum(distance, estimator._distances_fit_X_[near, k - 1])
        moved = np.where(distance < reach * (1 - 1e-6), 0.0, moved)
        loose[row] = moved.sum() / (reach.sum() + 1e-10)
    return np.asarray(score * (k + loose) + abs(estimator.offset_))


def _squared(estimator: Any) -> bool:
    return estimator.effective_metric_ in ("euclidean", "l2")


_TERMS: Mapping[type, Callable[[Any, Doubles, Doubles], Doubles]] = {
    EllipticEnvelope: _elliptic,
    LocalOutlierFactor: _local,
    OneClassSVM: _svm,
    SGDOneClassSVM: _linear,
}
