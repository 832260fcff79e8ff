"""Linear classifiers: labels from decision scores, never from saturated probabilities.

Mirrors `sklearn.linear_model._base.LinearClassifierMixin`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import (
    LogisticRegression,
    LogisticRegressionCV,
    Perceptron,
    RidgeClassifier,
    RidgeClassifierCV,
    SGDClassifier,
)
from sklearn.svm import LinearSVC

from convert.errors import Unsupported
from convert.estimators import labels
from convert.estimators.arrays import dense
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor


def linear_classifier(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`decision_function` and `predict` of `LinearClassifierMixin`."""
    decision = _decision(g, estimator, x)
    return Emission({"decision_function": decision}, _index(g, decision))


def sgd_classifier(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`SGDClassifier`: probabilities for `log_loss` and `modified_huber` alone."""
    decision = _decision(g, estimator, x)
    verbs = {"decision_function": decision}
    if estimator.loss == "log_loss":
        verbs["predict_proba"] = _logistic_ovr(g, decision)
    elif estimator.loss == "modified_huber":
        verbs["predict_proba"] = _modified_huber(g, decision)
    return Emission(verbs, _index(g, decision))


def logistic_regression(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`LogisticRegression.predict_proba`: sigmoid when binary, else softmax."""
    if getattr(estimator, "multi_class", "deprecated") == "ovr":
        raise Unsupported("LogisticRegression(multi_class='ovr') has no exact converter")
    decision = _decision(g, estimator, x)
    if decision.columns is None:
        probabilities = _logistic_ovr(g, decision)
    else:
        probabilities = Scores(labels.softmax(g, decision.tensor), decision.columns)
    verbs = {"decision_function": decision, "predict_proba": probabilities}
    return Emission(verbs, _index(g, decision))


def discriminant(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`LinearDiscriminantAnalysis`: `transform` but for the solver that has none."""
    decision = _decision(g, estimator, x)
    if decision.columns is None:
        positive = labels.logistic(g, decision.tensor)
        probabilities = Scores(labels.two_columns(g, positive), 2)
    else:
        probabilities = Scores(labels.softmax(g, decision.tensor), decision.columns)
    verbs = {"decision_function": decision, "predict_proba": probabilities}
    if estimator.solver != "lsqr":
        kept = dense(estimator.scalings_)[:, : estimator._max_components]
        rows = g.op("Sub", x, dense(estimator.xbar_)) if estimator.solver == "svd" else x
        verbs["transform"] = Scores(g.op("MatMul", rows, kept), kept.shape[1])
    return Emission(verbs, _index(g, decision))


def ridge_classifier(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`RidgeClassifier`; several labels are decided one by one."""
    if not estimator._label_binarizer.y_type_.startswith("multilabel"):
        return linear_classifier(g, estimator, x)
    decision = _decision(g, estimator, x)
    indicator = g.cast(g.op("Greater", decision.tensor, 0.0), np.int64)
    verbs = {"decision_function": decision}
    return Emission(verbs, labels=indicator, label_columns=decision.columns)


def _decision(g: Graph, estimator: Any, x: Tensor) -> Scores:
    """`X @ coef_.T + intercept_`, flat when there is one column."""
    coef = np.atleast_2d(dense(estimator.coef_))
    intercept = np.broadcast_to(dense(estimator.intercept_), (coef.shape[0],))
    if coef.shape[0] == 1:
        return Scores(g.op("Add", g.op("MatMul", x, coef[0]), float(intercept[0])), None)
    return Scores(g.op("Add", g.op("MatMul", x, coef.T), intercept), coef.shape[0])


def _index(g: Graph, decision: Scores) -> Tensor:
    if decision.columns is None:
        return labels.above(g, decision.tensor, 0.0)
    return labels.argmax(g, decision.tensor)


def _logistic_ovr(g: Graph, decision: Scores) -> Scores:
    """`LinearClassifierMixin._predict_proba_lr`."""
    positives = labels.logistic(g, decision.tensor)
    if decision.columns is None:
        return Scores(labels.two_columns(g, positives), 2)
    return Scores(labels.normalized_ovr(g, positives), decision.columns)


def _modified_huber(g: Graph, decision: Scores) -> Scores:
    """`SGDClassifier.predict_proba`: (clip(score, -1, 1) + 1) / 2, normalised over classes."""
    clipped = g.op("Clip", decision.tensor, -1.0, 1.0)
    positives = g.op("Div", g.op("Add", clipped, 1.0), 2.0)
    if decision.columns is None:
        return Scores(labels.two_columns(g, positives), 2)
    return Scores(labels.normalized_ovr(g, positives), decision.columns)


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    SGDClassifier: sgd_classifier,
    LogisticRegression: logistic_regression,
    LogisticRegressionCV: logistic_regression,
    LinearDiscriminantAnalysis: discriminant,
    LinearSVC: linear_classifier,
    Perceptron: linear_classifier,
    RidgeClassifier: ridge_classifier,
    RidgeClassifierCV: ridge_classifier,
}
