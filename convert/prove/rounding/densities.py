"""Σ|terms| of classes and components that are chosen by likelihood or discriminant."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.naive_bayes import BernoulliNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.neighbors import NearestCentroid

from convert.prove.rounding.band import EPS, UNITS, Band, class_band

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from convert.graph.emitted import EmittedOutput

    Doubles = NDArray[np.float64]
    Scored = tuple[Doubles, Doubles]


def is_density_model(estimator: Any) -> bool:
    """Whether labels are the argmax of scores whose terms are known here."""
    return type(estimator) in _SCORED


def density_band(
    estimator: Any,
    x: Doubles,
    error: Doubles,
    classes: NDArray[Any] | None,
    outputs: Sequence[EmittedOutput],
) -> Band | None:
    """The band of the argmax over the scores of the rows `(n, f)`."""
    band = _label_band(estimator, x, error, classes)
    if type(estimator) is not NearestCentroid or band is None:
        return band
    return replace(band, bounds=_centroid_bounds(estimator, x, error, outputs))


def _label_band(
    estimator: Any, x: Doubles, error: Doubles, classes: NDArray[Any] | None
) -> Band | None:
    if classes is None:
        classes = np.arange(len(estimator.means_))
    if len(classes) < 2:
        return Band(np.full(len(x), np.inf), np.zeros(len(x)))
    scores, terms = _SCORED[type(estimator)](estimator, x, error)
    never = (
        _repeated(_DESCRIBED[type(estimator)](estimator)) if type(estimator) in _DESCRIBED else None
    )
    return class_band(np.asarray(scores), np.asarray(terms), classes, never)


def _repeated(described: Doubles) -> NDArray[np.bool_]:
    """`(k,)`: classes that are, to the last bit, an earlier one: an exact tie, and decided."""
    first = np.unique(described, axis=0, return_index=True)[1]
    found = np.ones(len(described), dtype=bool)
    found[first] = False
    return found


def _quadratic(estimator: Any, x: Doubles, error: Doubles) -> Scored:
    scores = estimator._decision_function(x)
    columns = []
    for mean, rotation, scaling in zip(
        estimator.means_, estimator.rotations_, estimator.scalings_, strict=True
    ):
        factor = rotation * scaling**-0.5
        projected = (x - mean) @ factor
        size = (np.abs(x - mean) + error) @ np.abs(factor)
        own = (projected**2 + 2 * np.abs(projected) * size).sum(axis=1)
        columns.append(own / 2 + np.abs(np.log(scaling)).sum() / 2)
    return scores, np.stack(columns, axis=1) + np.abs(np.log(estimator.priors_))


def _mixture(estimator: Any, x: Doubles, error: Doubles) -> Scored:
    scores = estimator._estimate_weighted_log_prob(x)
    means, factor = estimator.means_, estimator.precisions_cholesky_
    size = np.abs(x) + error
    if estimator.covariance_type in ("full", "tied"):
        columns = []
        for k, mean in enumerate(means):
            own = factor if factor.ndim == 2 else factor[k]
            projected = (x - mean) @ own
            spread = (size + np.abs(mean)) @ np.abs(own)
            columns.append((projected**2 + 2 * np.abs(projected) * spread).sum(axis=1))
        terms = np.stack(columns, axis=1)
    else:
        precision = factor**2 if factor.ndim == 2 else (factor**2)[:, None] * np.ones(means.shape)
        terms = (means**2 * precision).sum(axis=1) + 2 * size @ np.abs(means * precision).T
        terms = terms + size**2 @ precision.T
    # Logs of determinants, weights and degrees of freedom: what they add is in the score.
    return scores, terms + np.abs(scores) + means.shape[1]


def _gaussian(estimator: Any, x: Doubles, error: Doubles) -> Scored:
    scores = estimator._joint_log_likelihood(x)
    columns = []
    for mean, variance in zip(estimator.theta_, estimator.var_, strict=True):
        step = np.abs(x - mean)
        own = ((2 * step**2 + 2 * step * error) / variance).sum(axis=1)
        columns.append(own + np.abs(np.log(2 * np.pi * variance)).sum())
    return scores, np.stack(columns, axis=1) + np.abs(np.log(estimator.class_prior_))


def _counts(estimator: Any, x: Doubles, error: Doubles) -> Scored:
    scores = estimator._joint_log_likelihood(x)
    size = (np.abs(x) + error) @ np.abs(estimator.feature_log_prob_).T
    return scores, size + np.abs(estimator.class_log_prior_)


def _presence(estimator: Any, x: Doubles, error: Doubles) -> Scored:
    rows = x if estimator.binarize is None else (x > estimator.binarize).astype(np.float64)
    scores = estimator._joint_log_likelihood(rows)
    present = estimator.feature_log_prob_
    absent = np.log(1 - np.exp(present))
    size = (np.abs(rows) + (error if estimator.binarize is None else 0)) @ np.abs(
        present - absent
    ).T
    return scores, size + np.abs(estimator.class_log_prior_) + np.abs(absent).sum(axis=1)


def _centroids(estimator: Any, x: Doubles, error: Doubles) -> Scored:
    centroids, prior = estimator.centroids_, estimator.class_prior_
    if np.isclose(prior, 1 / len(prior)).all():
        return _distances(estimator, x, error, centroids)
    spread = np.where(estimator.within_class_std_dev_ != 0, estimator.within_class_std_dev_, 1.0)
    _, terms = _distances(estimator, x / spread, error / spread, centroids / spread)
    scores = estimator._decision_function(x)
    if estimator.metric == "manhattan":
        terms = terms**2
    return scores, terms + np.abs(scores) + 2 * np.abs(np.log(prior))


def _centroid_bounds(
    estimator: Any, x: Doubles, error: Doubles, outputs: Sequence[EmittedOutput]
) -> dict[str, tuple[Doubles, Doubles]]:
    """Large squares are subtracted: class from class, and before that in every square."""
    spread = np.where(estimator.within_class_std_dev_ != 0, estimator.within_class_std_dev_, 1.0)
    _, terms = _distances(estimator, x / spread, error / spread, estimator.centroids_ / spread)
    if estimator.metric == "manhattan":
        terms = terms**2
    scores = estimator._decision_function(x)
    unit = UNITS * EPS * (terms + np.abs(scores))
    found = {}
    for output in outputs:
        if output.verb == "decision_function" and output.shape[1:] == ():
            gap, own = scores[:, 1] - scores[:, 0], unit.sum(axis=1)
            found[output.name] = (gap - own, gap + own)
        elif output.verb == "decision_function":
            found[output.name] = (scores - unit, scores + unit)
        elif output.verb == "predict_proba":
            found[output.name] = _share(scores, unit), _share(scores, -unit)
    return found


def _share(scores: Doubles, unit: Doubles) -> Doubles:
    """A softmax where every class gets its unit less and all the others theirs more."""
    with np.errstate(all="ignore"):
        rivals = np.exp((scores + unit)[:, None, :] - (scores - unit)[:, :, None])
        own = np.arange(scores.shape[1])
        rivals[:, own, own] = 1.0
        return np.asarray(1.0 / rivals.sum(axis=2))


def _distances(estimator: Any, x: Doubles, error: Doubles, centroids: Doubles) -> Scored:
    size = np.abs(x) + error
    if estimator.metric == "manhattan":
        columns = [np.abs(x - centroid).sum(axis=1) for centroid in centroids]
        scores = -np.stack(columns, axis=1)
        return scores, -scores + error.sum(axis=1)[:, None]
    norms = (centroids**2).sum(axis=1)
    terms = (size**2).sum(axis=1)[:, None] + 2 * size @ np.abs(centroids).T + norms
    return 2 * x @ centroids.T - norms, terms


_SCORED: Mapping[type, Callable[[Any, Doubles, Doubles], Scored]] = {
    BayesianGaussianMixture: _mixture,
    BernoulliNB: _presence,
    ComplementNB: _counts,
    GaussianMixture: _mixture,
    GaussianNB: _gaussian,
    MultinomialNB: _counts,
    NearestCentroid: _centroids,
    QuadraticDiscriminantAnalysis: _quadratic,
}
_DESCRIBED: Mapping[type, Callable[[Any], Doubles]] = {
    BernoulliNB: lambda one: np.c_[one.class_log_prior_, one.feature_log_prob_],
    ComplementNB: lambda one: one.feature_log_prob_,
    GaussianNB: lambda one: np.c_[one.class_prior_, one.theta_, one.var_],
    MultinomialNB: lambda one: np.c_[one.class_log_prior_, one.feature_log_prob_],
}
"""What a class's score is made of, a row for each class."""
