"""Σ|terms| of linear decisions: |X| · |W|ᵀ + |b|."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model._base import LinearClassifierMixin

from convert.prove.rounding.band import Band, class_band

if TYPE_CHECKING:
    from numpy.typing import NDArray

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


def linear_band(estimator: Any, x: Doubles, error: Doubles, classes: NDArray[Any]) -> Band:
    """The band of a linear classifier on rows `(n, f)`."""
    weights = np.abs(np.atleast_2d(estimator.coef_)).T
    terms = (np.abs(x) + error) @ weights + np.abs(estimator.intercept_)
    scores = np.asarray(estimator.decision_function(x))
    return class_band(scores, terms.reshape(scores.shape), classes)


def _is_plain_ridge(estimator: Any) -> bool:
    binarizer = getattr(estimator, "_label_binarizer", None)
    return binarizer is not None and binarizer.y_type_ in ("binary", "multiclass")
