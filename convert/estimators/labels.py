"""From scores to labels and probabilities, as scikit-learn's classifiers do it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from convert.graph.builder import Graph, Tensor


def column(g: Graph, vector: Tensor) -> Tensor:
    """`(n,)` to `(n, 1)`."""
    return g.op("Unsqueeze", vector, np.array([1], dtype=np.int64))


def flat(g: Graph, matrix: Tensor) -> Tensor:
    """`(n, 1)` to `(n,)`."""
    return g.op("Squeeze", matrix, np.array([1], dtype=np.int64))


def above(g: Graph, scores: Tensor, threshold: float) -> Tensor:
    """1 where the score `(n,)` exceeds the threshold, else 0: int64 `(n,)`."""
    return g.cast(g.op("Greater", scores, threshold), np.int64)


def argmax(g: Graph, scores: Tensor) -> Tensor:
    """The first of the largest, as `numpy.argmax(scores, axis=1)`."""
    return g.op("ArgMax", scores, axis=1, keepdims=0)


def two_columns(g: Graph, positive: Tensor) -> Tensor:
    """`[1 - p, p]` from `(n,)`."""
    p = column(g, positive)
    return g.op("Concat", g.op("Sub", 1.0, p), p, axis=1)


def softmax(g: Graph, scores: Tensor) -> Tensor:
    """`sklearn.utils.extmath.softmax`: exp(x - max) over its sum."""
    return g.op("Softmax", scores)  # along the last axis


def normalized_ovr(g: Graph, positives: Tensor) -> Tensor:
    """One-vs-rest normalisation that makes an all-zero row uniform.

    Mirrors `LinearClassifierMixin._predict_proba_lr`.
    """
    axis = np.array([1], dtype=np.int64)
    zero = g.op("Equal", g.op("ReduceSum", positives, axis, keepdims=1), 0.0)
    safe = g.op("Where", zero, 1.0, positives)
    return g.op("Div", safe, g.op("ReduceSum", safe, axis, keepdims=1))


def logistic(g: Graph, scores: Tensor) -> Tensor:
    """`scipy.special.expit` as 1 / (1 + exp(-x)).

    onnxruntime's double `Sigmoid` computes 1 - 1 / (1 + exp(x)) for x < 0, which is 0 from
    x = -37 down, where normalised one-vs-rest probabilities still tell classes apart.
    """
    return g.op("Div", 1.0, g.op("Add", g.op("Exp", g.op("Neg", scores)), 1.0))
