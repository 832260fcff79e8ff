"""Columns computed from single values: thresholds, products, powers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.preprocessing import Binarizer, PolynomialFeatures

from convert.errors import Unsupported
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor


def binarizer(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`Binarizer.transform`: 1 above the threshold, else 0."""
    y = g.cast(g.op("Greater", x, float(estimator.threshold)), np.float64)
    return Emission({"transform": Scores(y, int(estimator.n_features_in_))})


def polynomial_features(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`PolynomialFeatures.transform`: each term is one of the degree below times one column.

    The terms of a degree are grouped by their first column, and each is multiplied in
    scikit-learn's own order, so that the products have the same bits.
    """
    n_features = int(estimator.n_features_in_)
    if not estimator.n_output_features_:
        raise Unsupported(
            "PolynomialFeatures makes no column",
            expected="at least one term",
            actual=f"degree={estimator.degree}, {n_features} columns",
            hint="lower the smallest degree",
        )
    degrees: list[Tensor] = []
    terms, starts = x, list(range(n_features + 1))
    for degree in range(1, estimator._max_degree + 1):
        if degree > 1:
            left, right, starts = _products(starts, interaction_only=estimator.interaction_only)
            if not left:
                break
            terms = g.op("Mul", _gather(g, terms, left), _gather(g, x, right))
        if degree >= estimator._min_degree:
            degrees.append(terms)
    if estimator.include_bias:
        degrees.insert(0, _ones(g, x))
    y = degrees[0] if len(degrees) == 1 else g.op("Concat", *degrees, axis=1)
    return Emission({"transform": Scores(y, int(estimator.n_output_features_))})


def _products(
    starts: list[int], *, interaction_only: bool
) -> tuple[list[int], list[int], list[int]]:
    """Which term of the degree below and which column make the terms of the next degree.

    `starts[j]` is the first term of the degree below whose columns are all >= j.
    """
    left: list[int] = []
    right: list[int] = []
    next_starts: list[int] = []
    end = starts[-1]
    for feature in range(len(starts) - 1):
        next_starts.append(len(left))
        start = starts[feature + 1] if interaction_only else starts[feature]
        left += range(start, end)
        right += [feature] * (end - start)
    return left, right, [*next_starts, len(left)]


def _gather(g: Graph, x: Tensor, at: list[int]) -> Tensor:
    return g.op("Gather", x, np.array(at, dtype=np.int64), axis=1)


def _ones(g: Graph, x: Tensor) -> Tensor:
    """`(n, 1)` of ones, whatever the rows hold."""
    rows = g.op("Shape", x, start=0, end=1)
    shape = g.op("Concat", rows, np.array([1], dtype=np.int64), axis=0)
    return g.op("Expand", np.ones((1, 1)), shape)


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    Binarizer: binarizer,
    PolynomialFeatures: polynomial_features,
}
