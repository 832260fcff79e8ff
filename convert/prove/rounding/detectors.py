"""Σ|terms| of outlier detectors, whose label is the sign of one decision."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.covariance import EllipticEnvelope
from sklearn.linear_model import SGDOneClassSVM
from sklearn.svm import OneClassSVM

from convert.estimators.arrays import dense
from convert.prove.rounding.band import Band, class_band, score_bounds
from convert.prove.rounding.svm import kernel_terms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from convert.graph.emitted import EmittedOutput

    Doubles = NDArray[np.float64]

_LABELS = np.array([-1, 1])


def is_detector(estimator: Any) -> bool:
    """Whether a label is -1 or 1 by the sign of a decision whose terms are known here."""
    if type(estimator) is OneClassSVM:
        return bool(estimator.kernel in ("linear", "poly", "rbf", "sigmoid"))
    return type(estimator) in _TERMS


def detector_band(
    estimator: Any, x: Doubles, error: Doubles, outputs: Sequence[EmittedOutput]
) -> Band:
    """The band of an outlier detector on rows `(n, f)`, and the bounds of its scores."""
    decision = np.asarray(estimator.decision_function(x)).reshape(-1)
    terms = np.asarray(_TERMS[type(estimator)](estimator, x, error))
    bounds = {"decision_function": score_bounds(decision, terms)}
    bounds["score_samples"] = score_bounds(np.asarray(estimator.score_samples(x)), terms)
    named = {o.name: bounds[o.verb] for o in outputs if o.verb in bounds}
    return replace(class_band(decision, terms, _LABELS), bounds=named)


def _svm(estimator: Any, x: Doubles, error: Doubles) -> Doubles:
    kernel = kernel_terms(estimator, x, error)
    dual = np.abs(dense(estimator._dual_coef_)).reshape(-1)
    return np.asarray(kernel @ dual + np.abs(estimator._intercept_[0]))


def _linear(estimator: Any, x: Doubles, error: Doubles) -> Doubles:
    size = (np.abs(x) + error) @ np.abs(dense(estimator.coef_)).reshape(-1)
    return np.asarray(size + np.abs(estimator.offset_).reshape(-1)[0])


def _elliptic(estimator: Any, x: Doubles, error: Doubles) -> Doubles:
    step = np.abs(x - estimator.location_) + error
    terms = (step @ np.abs(estimator.get_precision()) * step).sum(axis=1)
    return np.asarray(2 * terms + abs(estimator.offset_))


_TERMS: Mapping[type, Callable[[Any, Doubles, Doubles], Doubles]] = {
    EllipticEnvelope: _elliptic,
    OneClassSVM: _svm,
    SGDOneClassSVM: _linear,
}
