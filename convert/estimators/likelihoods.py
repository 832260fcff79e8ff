"""From joint log likelihoods to labels and probabilities: `sklearn.naive_bayes._BaseNB`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from convert.estimators import labels
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from convert.graph.builder import Graph, Tensor

_ROWS = np.array([1], dtype=np.int64)


def log_sum_exp(g: Graph, values: Tensor) -> Tensor:
    """`(n, 1)` log of the sum of exp over axis 1, shifted by the largest as scipy shifts it.

    The sum is added to the largest last, so that where the largest swallows it, it does so in
    scikit-learn too.
    """
    largest = g.op("ReduceMax", values, _ROWS, keepdims=1)
    exp = g.op("Exp", g.op("Sub", values, largest))
    return g.op("Add", g.op("Log", g.op("ReduceSum", exp, _ROWS, keepdims=1)), largest)


def normalized(g: Graph, joint: Tensor) -> Tensor:
    """`exp(joint - logsumexp(joint))`, rows of probabilities."""
    return g.op("Exp", g.op("Sub", joint, log_sum_exp(g, joint)))


def by_likelihood(g: Graph, joint: Tensor, n_classes: int) -> Emission:
    """The class of the first largest joint log likelihood."""
    verbs = {"predict_proba": Scores(normalized(g, joint), n_classes)}
    return Emission(verbs, labels.argmax(g, joint))
