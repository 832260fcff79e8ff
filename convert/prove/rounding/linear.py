"""Σ|terms| of linear decisions and predictions: |X| · |W|ᵀ + |b|, over a linear kernel too."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model._base import LinearClassifierMixin

from convert.estimators.arrays import dense
from convert.estimators.linear_regressors import EMITTERS as REGRESSORS
from convert.prove.rounding.band import Band, class_band, no_band, score_bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from convert.graph.emitted import EmittedOutput

    Doubles = NDArray[np.float64]


def is_linear(estimator: Any) -> bool:
    """Whether labels are the argmax or sign of `LinearClassifierMixin.decision_function`."""
    kind = type(estimator)
    if kind is LinearDiscriminantAnalysis:
        # Its decision_function adds a docstring and calls the mixin's.
        return True
    return (
        issubclass(kind, LinearClassifierMixin)
        and kind.decision_function is LinearClassifierMixin.decision_function
        and (kind.predict is LinearClassifierMixin.predict or _is_plain_ridge(estimator))
    )


def linear_band(
    estimator: Any,
    x: Doubles,
    error: Doubles,
    classes: NDArray[Any],
    outputs: Sequence[EmittedOutput],
) -> Band:
    """The band of a linear classifier on rows `(n, f)`, and the bounds of its decisions."""
    scores = np.asarray(estimator.decision_function(x))
    terms = _terms(estimator, x, error).reshape(scores.shape)
    bounds = {o.name: score_bounds(scores, terms) for o in outputs if o.verb == "decision_function"}
    return replace(class_band(scores, terms, classes), bounds=bounds)


def is_linear_regressor(estimator: Any) -> bool:
    """Whether `predict` is `X @ coef_.T + intercept_`."""
    return type(estimator) in REGRESSORS


def regressor_bounds(
    estimator: Any, x: Doubles, error: Doubles, outputs: Sequence[EmittedOutput]
) -> Band:
    """No band, for there are no labels; the bounds of the predictions for rows `(n, f)`."""
    scores = np.asarray(estimator.predict(x))
    terms = _terms(estimator, x, error).reshape(scores.shape)
    return replace(no_band(len(x)), bounds={o.name: score_bounds(scores, terms) for o in outputs})


def is_linear_kernel_ridge(estimator: Any) -> bool:
    """Whether `predict` is `X @ X_fit_.T @ dual_coef_`."""
    return type(estimator) is KernelRidge and estimator.kernel == "linear"


def kernel_ridge_bounds(
    estimator: Any, x: Doubles, error: Doubles, outputs: Sequence[EmittedOutput]
) -> Band:
    """As `regressor_bounds`: sums over columns, and over the training rows, which cancel too."""
    scores = np.asarray(estimator.predict(x))
    kernel = (np.abs(x) + error) @ np.abs(dense(estimator.X_fit_)).T
    terms = (kernel @ np.abs(estimator.dual_coef_)).reshape(scores.shape)
    return replace(no_band(len(x)), bounds={o.name: score_bounds(scores, terms) for o in outputs})


def _terms(estimator: Any, x: Doubles, error: Doubles) -> Doubles:
    weights = np.abs(np.atleast_2d(dense(estimator.coef_))).T
    return np.asarray((np.abs(x) + error) @ weights + np.abs(estimator.intercept_))


def _is_plain_ridge(estimator: Any) -> bool:
    binarizer = getattr(estimator, "_label_binarizer", None)
    return binarizer is not None and binarizer.y_type_ in ("binary", "multiclass")
