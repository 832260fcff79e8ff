"""Naive Bayes: `sklearn.naive_bayes`, each family's `_joint_log_likelihood`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, ComplementNB, GaussianNB, MultinomialNB

from convert.estimators.arrays import Doubles, dense
from convert.estimators.distances import features
from convert.estimators.likelihoods import by_likelihood
from convert.estimators.sums import numpy_sum
from convert.graph.emission import Check, Emission

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor

_ROWS = np.array([1], dtype=np.int64)
_LAST = np.array([2], dtype=np.int64)
_UNROLLED = 64
"""Features up to which the squares are added in numpy's order, a node for each."""


def gaussian(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """log prior - (sum of log 2 pi var) / 2 - (sum of (x - theta)² / var) / 2."""
    mean, variance = dense(estimator.theta_), dense(estimator.var_)
    n_classes, n_features = mean.shape
    spread = np.array([-0.5 * np.sum(np.log(2.0 * np.pi * row)) for row in variance])
    distance = g.op("Sub", g.op("Unsqueeze", x, _LAST), mean.T)
    squares = g.op("Div", g.op("Mul", distance, distance), variance.T)
    if n_features <= _UNROLLED:
        total = numpy_sum(g, squares, n_features)
    else:
        total = g.op("ReduceSum", squares, _ROWS, keepdims=0)
    own = g.op("Sub", spread, g.op("Mul", total, 0.5))
    return by_likelihood(g, g.op("Add", np.log(dense(estimator.class_prior_)), own), n_classes)


def multinomial(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`X @ feature_log_prob_.T + class_log_prior_`."""
    return _linear(g, x, dense(estimator.feature_log_prob_), dense(estimator.class_log_prior_))


def complement(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """As `multinomial`, with the prior for a single class alone."""
    weights = dense(estimator.feature_log_prob_)
    prior = dense(estimator.class_log_prior_) if len(weights) == 1 else None
    return _linear(g, x, weights, prior)


def bernoulli(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """Log odds of the features above the threshold, plus the log of every absence."""
    if estimator.binarize is not None:
        x = g.cast(g.op("Greater", x, float(estimator.binarize)), np.float64)
    present = dense(estimator.feature_log_prob_)
    with np.errstate(divide="ignore"):
        absent = np.log(1 - np.exp(present))
    start = dense(estimator.class_log_prior_) + absent.sum(axis=1)
    return _linear(g, x, present - absent, start)


def categorical(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """The log probability of each feature's category, feature by feature, then the prior."""
    tables = [dense(table) for table in estimator.feature_log_prob_]
    n_classes = tables[0].shape[0]
    counts = np.array([table.shape[1] for table in tables], dtype=np.float64)
    # `dtype="int"` truncates towards zero.
    whole = g.op("Mul", g.op("Floor", g.op("Abs", x)), g.op("Sign", x))
    known = g.op("And", g.op("GreaterOrEqual", whole, 0.0), g.op("Less", whole, counts))
    all_known = g.op("ReduceMin", g.cast(known, np.float64), _ROWS, keepdims=0)
    codes = g.cast(g.op("Where", known, whole, 0.0), np.int64)
    total: Tensor | None = None
    for column, table in zip(features(g, codes, len(tables)), tables, strict=True):
        found = g.op("Gather", table.T, g.op("Squeeze", column, _ROWS))
        total = found if total is None else g.op("Add", total, found)
    assert total is not None, "there is a feature"
    emission = by_likelihood(g, g.op("Add", total, dense(estimator.class_log_prior_)), n_classes)
    check = Check(
        g.op("Less", all_known, 1.0), "a category that CategoricalNB has not been fitted with"
    )
    return Emission(emission.verbs, emission.index, checks=(check,))


def _linear(g: Graph, x: Tensor, weights: Doubles, start: Doubles | None) -> Emission:
    joint = g.op("MatMul", x, weights.T)
    if start is not None:
        joint = g.op("Add", joint, start)
    return by_likelihood(g, joint, len(weights))


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    BernoulliNB: bernoulli,
    CategoricalNB: categorical,
    ComplementNB: complement,
    GaussianNB: gaussian,
    MultinomialNB: multinomial,
}
