"""Multi-layer perceptrons: `BaseMultilayerPerceptron._forward_pass_fast`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor

from convert.estimators import labels
from convert.estimators.arrays import dense
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor

_ACTIVATIONS = {"tanh": "Tanh", "relu": "Relu", "exp": "Exp"}


def mlp_classifier(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """Labels as `LabelBinarizer.inverse_transform` takes them from the output layer."""
    outputs = _forward(g, estimator, x)
    if estimator._label_binarizer.y_type_.startswith("multilabel"):
        columns = int(estimator.n_outputs_)
        indicator = g.cast(g.op("Greater", outputs, 0.5), np.int64)
        verbs = {"predict_proba": Scores(outputs, columns)}
        return Emission(verbs, labels=indicator, label_columns=columns)
    if int(estimator.n_outputs_) == 1:
        positive = labels.flat(g, outputs)
        probabilities = Scores(labels.two_columns(g, positive), 2)
        return Emission({"predict_proba": probabilities}, labels.above(g, positive, 0.5))
    probabilities = Scores(outputs, int(estimator.n_outputs_))
    return Emission({"predict_proba": probabilities}, labels.argmax(g, outputs))


def mlp_regressor(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """The output layer, raveled when it has one unit."""
    outputs = _forward(g, estimator, x)
    if int(estimator.n_outputs_) == 1:
        return Emission({"predict": Scores(labels.flat(g, outputs), None)})
    return Emission({"predict": Scores(outputs, int(estimator.n_outputs_))})


def _forward(g: Graph, estimator: Any, x: Tensor) -> Tensor:
    y = x
    last = len(estimator.coefs_) - 1
    for layer, (coef, intercept) in enumerate(
        zip(estimator.coefs_, estimator.intercepts_, strict=True)
    ):
        y = g.op("Add", g.op("MatMul", y, dense(coef)), dense(intercept))
        y = _activate(g, estimator.activation if layer < last else estimator.out_activation_, y)
    return y


def _activate(g: Graph, activation: str, y: Tensor) -> Tensor:
    if activation == "identity":
        return y
    if activation == "softmax":
        return labels.softmax(g, y)
    if activation == "logistic":
        return labels.logistic(g, y)
    return g.op(_ACTIVATIONS[activation], y)


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    MLPClassifier: mlp_classifier,
    MLPRegressor: mlp_regressor,
}
