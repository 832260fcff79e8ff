"""Σ|terms| of a multi-layer perceptron's output layer, layer by layer.

Values and errors go through the network together, so that a saturated unit passes on the
little error that it has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.neural_network import MLPClassifier

from convert.prove.rounding.band import EPS, UNITS, Band, class_band

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Doubles = NDArray[np.float64]


def is_perceptron(estimator: Any) -> bool:
    """Whether labels are the argmax or sign of one output layer before its activation."""
    return type(estimator) is MLPClassifier and estimator.out_activation_ in ("logistic", "softmax")


def perceptron_band(estimator: Any, x: Doubles, error: Doubles, classes: NDArray[Any]) -> Band:
    """The band of an MLPClassifier on rows `(n, f)`, on the scale of its logits.

    The output activation rounds once more, to eps relative to a probability: 1 on this scale.
    """
    value = x
    last = len(estimator.coefs_) - 1
    for layer, (weights, bias) in enumerate(
        zip(estimator.coefs_, estimator.intercepts_, strict=True)
    ):
        error = (np.abs(value) + error) @ np.abs(weights) + np.abs(bias)
        value = value @ weights + bias
        if layer < last:
            value, error = _activated(estimator.activation, value, error)
    value, error = (value[:, 0], error[:, 0]) if value.shape[1] == 1 else (value, error)
    return class_band(value, error + 1.0, classes)


def _activated(activation: str, z: Doubles, error: Doubles) -> tuple[Doubles, Doubles]:
    slack = UNITS * EPS * error
    if activation == "identity":
        return z, error
    if activation == "relu":
        return np.maximum(z, 0.0), np.where(z > -slack, error, 0.0)
    # tanh and logistic are steepest at 0: the steepest point within the slack bounds the slope.
    nearest = np.maximum(np.abs(z) - slack, 0.0)
    if activation == "tanh":
        y, slope = np.tanh(z), 1.0 - np.tanh(nearest) ** 2
    else:
        y = 1.0 / (1.0 + np.exp(-z))
        slope = 1.0 / (2.0 + np.exp(nearest) + np.exp(-nearest))
    # exp(inf) against an infinite slack: a saturated unit errs by no more than its whole range.
    passed = np.where(slope > 0, error * slope, 0.0)
    return y, np.minimum(passed, 2.0 / (UNITS * EPS)) + np.abs(y)
