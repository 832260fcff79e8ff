"""Σ|terms| of Gaussian process classifiers: weighted kernels, and sums of error functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process._gpc import COEFS
from sklearn.utils.multiclass import _ovr_decision_function

from convert.prove.rounding.band import EPS, UNITS, Band, class_band

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Doubles = NDArray[np.float64]

_KERNEL_UNITS = 4.0
"""A kernel's own rounding: an exponent times its exponential stays below 1 / e a term."""

_AVERAGED = float(np.abs(COEFS).sum() / 2)
"""Σ|terms| of the five error functions that stand for a logistic one."""


def is_process_classifier(estimator: Any) -> bool:
    """Whether labels are the signs of latent means, or the largest of averaged logistics."""
    return type(estimator) is GaussianProcessClassifier


def process_band(estimator: Any, x: Doubles, error: Doubles, classes: NDArray[Any]) -> Band | None:
    """The band of rows `(n, f)`; None where earlier steps round."""
    base = estimator.base_estimator_
    binary = [base] if len(classes) == 2 else list(base.estimators_)
    if error.any():
        return None
    latent = [_latent(one, x) for one in binary]
    if len(classes) == 2:
        scores, terms = latent[0]
        return class_band(scores, terms, classes)
    if estimator.multi_class == "one_vs_one":
        return _pairs_band(binary, latent, x, classes)
    shares = np.stack([one.predict_proba(x)[:, 1] for one in binary], axis=1)
    terms = np.stack([_AVERAGED + own for _, own in latent], axis=1)
    return class_band(shares, terms, classes)


def _latent(one: Any, x: Doubles) -> tuple[Doubles, Doubles]:
    kernel = one.kernel_(x, one.X_train_)
    weights = one.y_train_ - one.pi_
    # Products of rows may cancel; what they add up is the kernel of their absolute values.
    size = np.maximum(np.abs(kernel), np.abs(one.kernel_(np.abs(x), np.abs(one.X_train_))))
    terms = _KERNEL_UNITS * x.shape[1] * size @ np.abs(weights)
    return kernel @ weights, np.asarray(terms)


def _pairs_band(
    binary: list[Any],
    latent: list[tuple[Doubles, Doubles]],
    x: Doubles,
    classes: NDArray[Any],
) -> Band:
    """Votes of pairs; where a pair is undecided, the winners with its vote either way."""
    means = np.stack([mean for mean, _ in latent], axis=1)
    unit = UNITS * EPS * np.stack([terms for _, terms in latent], axis=1)
    confidences = np.stack([one.predict_proba(x)[:, 1] for one in binary], axis=1)
    rows = np.arange(len(x))
    with np.errstate(all="ignore"):
        closest = np.where(unit > 0, np.abs(means) / unit, np.inf).argmin(axis=1)
    tied = np.zeros((len(x), len(classes)), dtype=bool)
    for flipped in (None, *range(means.shape[1])):
        votes = (means > 0).astype(int)
        if flipped is not None:
            open_rows = np.abs(means[:, flipped]) < unit[:, flipped]
            votes[:, flipped] ^= open_rows
        winner = _ovr_decision_function(votes, confidences, len(classes)).argmax(axis=1)
        tied[rows, winner] = True
    return Band(np.abs(means[rows, closest]), unit[rows, closest], tied, classes)
