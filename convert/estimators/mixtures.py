"""Gaussian mixtures: `sklearn.mixture._base.BaseMixture` on the weighted log probabilities."""

from __future__ import annotations

from math import log, pi
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import digamma
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.mixture._gaussian_mixture import _compute_log_det_cholesky

from convert.estimators import labels
from convert.estimators.arrays import Doubles, dense
from convert.estimators.likelihoods import log_sum_exp, normalized
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor

_ROWS = np.array([1], dtype=np.int64)
_LAST = np.array([2], dtype=np.int64)


def gaussian_mixture(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """Gaussian log probabilities plus log weights."""
    return _verbs(g, estimator, g.op("Add", _gaussian(g, estimator, x), _log_weights(estimator)))


def bayesian_mixture(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """As `gaussian_mixture`, corrected for the degrees of freedom."""
    n_features = dense(estimator.means_).shape[1]
    freedom = dense(estimator.degrees_of_freedom_)
    own = g.op("Sub", _gaussian(g, estimator, x), 0.5 * n_features * np.log(freedom))
    steps = 0.5 * (freedom - np.arange(0, n_features)[:, np.newaxis])
    spread = n_features * np.log(2.0) + np.sum(digamma(steps), 0)
    correction = 0.5 * (spread - n_features / dense(estimator.mean_precision_))
    joint = g.op("Add", g.op("Add", own, correction), dense(estimator._estimate_log_weights()))
    return _verbs(g, estimator, joint)


def _log_weights(estimator: Any) -> Doubles:
    with np.errstate(divide="ignore"):
        return np.log(dense(estimator.weights_))


def _verbs(g: Graph, estimator: Any, joint: Tensor) -> Emission:
    likelihood = g.op("Squeeze", log_sum_exp(g, joint), _ROWS)
    count = len(estimator.means_)
    verbs = {
        "predict_proba": Scores(normalized(g, joint), count),
        "score_samples": Scores(likelihood, None),
    }
    return Emission(verbs, labels=labels.argmax(g, joint))


def _gaussian(g: Graph, estimator: Any, x: Tensor) -> Tensor:
    """`_estimate_log_gaussian_prob`."""
    kind = estimator.covariance_type
    means, precision = dense(estimator.means_), dense(estimator.precisions_cholesky_)
    n_features = means.shape[1]
    log_det = _compute_log_det_cholesky(precision, kind, n_features)
    distance = _by_factor(g, x, means, precision) if kind in ("full", "tied") else None
    if distance is None and kind == "diag":
        distance = _diagonal(g, x, means, precision**2)
    elif distance is None:
        distance = _spherical(g, x, means, precision**2)
    total = g.op("Add", distance, n_features * log(2 * pi))
    return g.op("Add", g.op("Mul", total, -0.5), np.asarray(log_det, dtype=np.float64))


def _by_factor(g: Graph, x: Tensor, means: Doubles, factor: Doubles) -> Tensor:
    """|x @ P - mean @ P|² with a factor of its own for each component, or one for all."""
    tied = factor.ndim == 2
    moved = np.stack([mean @ (factor if tied else factor[k]) for k, mean in enumerate(means)])
    y = g.op("Sub", g.op("MatMul", x, factor), moved[:, None, :])
    squares = g.op("ReduceSum", g.op("Mul", y, y), _LAST, keepdims=0)
    return g.op("Transpose", squares, perm=[1, 0])


def _diagonal(g: Graph, x: Tensor, means: Doubles, precision: Doubles) -> Tensor:
    cross = g.op("Mul", g.op("MatMul", x, (means * precision).T), 2.0)
    own = g.op("MatMul", g.op("Mul", x, x), precision.T)
    start = np.sum(means**2 * precision, axis=1)
    return g.op("Add", g.op("Sub", start, cross), own)


def _spherical(g: Graph, x: Tensor, means: Doubles, precision: Doubles) -> Tensor:
    cross = g.op("Mul", g.op("Mul", g.op("MatMul", x, means.T), precision), 2.0)
    own = g.op("Mul", g.op("ReduceSum", g.op("Mul", x, x), _ROWS, keepdims=1), precision)
    start = np.sum(means**2, axis=1) * precision
    return g.op("Add", g.op("Sub", start, cross), own)


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    BayesianGaussianMixture: bayesian_mixture,
    GaussianMixture: gaussian_mixture,
}
