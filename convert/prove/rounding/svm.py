"""Σ|terms| of libsvm's one-against-one decisions, and what another vote would give.

With several classes both the label and the one-vs-rest decision jump where a pair's decision
changes sign, so an undecided row passes with the answers of either sign and no other.
"""

from __future__ import annotations

from functools import partial
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.svm import SVC, NuSVC
from sklearn.utils.multiclass import _ovr_decision_function

from convert.prove.rounding.band import EPS, UNITS, Band, class_band

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from convert.graph.emitted import EmittedOutput
    from convert.prove.reference import Answers

    Doubles = NDArray[np.float64]

MAX_PAIRS = 6
"""Pairs of one row that may be undecided at once, 64 combinations of their signs."""


def is_support_vector_classifier(estimator: Any) -> bool:
    """Whether labels are libsvm's votes over a kernel whose sums are known here."""
    return type(estimator) in (SVC, NuSVC) and estimator.kernel in (
        "linear",
        "poly",
        "rbf",
        "sigmoid",
    )


def svc_band(
    estimator: Any,
    x: Doubles,
    error: Doubles,
    classes: NDArray[Any],
    outputs: Sequence[EmittedOutput],
    *,
    terms: Doubles | None = None,
) -> Band | None:
    """The band of a support vector classifier on rows `(n, f)`.

    `terms` takes the place of Σ|terms|, `(n, pairs)`, where another unit is declared.
    None where the pairs' decisions do not give scikit-learn's labels.
    """
    terms = _pair_terms(estimator, x, error) if terms is None else terms
    pairs = pair_scores(estimator, x)
    if len(classes) == 2:
        return class_band(pairs, terms[:, 0], classes)
    unit = UNITS * EPS * terms
    with np.errstate(all="ignore"):
        nearness = np.where(unit > 0, np.abs(pairs) / unit, np.inf)
    decided = ~(nearness < 1).any(axis=1)
    if (_winners(estimator, pairs, len(classes)) != _indices(estimator, x))[decided].any():
        return None
    closest = np.where(np.isnan(nearness), np.inf, nearness).argmin(axis=1)
    rows = np.arange(len(x))
    alternatives = {}
    for row in np.flatnonzero((nearness < 1).any(axis=1)):
        open_pairs = np.flatnonzero(nearness[row] < 1)
        if len(open_pairs) <= MAX_PAIRS:
            alternatives[int(row)] = partial(
                _answers, estimator, pairs[row], open_pairs, classes, outputs
            )
    return Band(np.abs(pairs[rows, closest]), unit[rows, closest], alternatives=alternatives)


def pair_scores(estimator: Any, x: Doubles) -> Doubles:
    """libsvm's one-against-one decisions `(n, pairs)`, `(n,)` for two classes."""
    return np.asarray(estimator._decision_function(x))


def _answers(
    estimator: Any,
    pairs: Doubles,
    open_pairs: NDArray[np.intp],
    classes: NDArray[Any],
    outputs: Sequence[EmittedOutput],
) -> list[Answers]:
    found: list[Answers] = []
    for signs in product((-1.0, 1.0), repeat=len(open_pairs)):
        side = np.sign(pairs)
        side[open_pairs] = signs
        answer: dict[str, NDArray[Any]] = {}
        for output in outputs:
            if output.verb == "decision_function":
                shown = estimator.decision_function_shape == "ovr"
                ovr = _one_vs_rest(pairs[None], side[None], len(classes))
                answer[output.name] = ovr if shown else pairs[None]
            elif output.kind == "label":
                winner = _winners(estimator, pairs[None], len(classes), side[None])
                answer[output.name] = classes[winner]
        found.append(answer)
    return found


def _winners(
    estimator: Any, pairs: Doubles, n_classes: int, side: Doubles | None = None
) -> NDArray[np.intp]:
    """`(n,)` class numbers: `svm_predict_values`, or `SVC.predict` with `break_ties`.

    `side` holds the signs that the pairs `(n, p)` are taken to have, their own when None.
    """
    side = np.sign(pairs) if side is None else side
    if estimator.break_ties and estimator.decision_function_shape == "ovr":
        return np.asarray(_one_vs_rest(pairs, side, n_classes).argmax(axis=1))
    votes = np.zeros((len(pairs), n_classes), dtype=int)
    for pair, (i, j) in enumerate(combinations(range(n_classes), 2)):
        votes[:, i] += side[:, pair] > 0
        votes[:, j] += side[:, pair] <= 0
    return np.asarray(votes.argmax(axis=1))


def _one_vs_rest(pairs: Doubles, side: Doubles, n_classes: int) -> Doubles:
    return np.asarray(_ovr_decision_function((side < 0).astype(int), -pairs, n_classes))


def _indices(estimator: Any, x: Doubles) -> NDArray[np.intp]:
    return np.asarray(np.searchsorted(estimator.classes_, estimator.predict(x)))


def _pair_terms(estimator: Any, x: Doubles, error: Doubles) -> Doubles:
    """`(n, pairs)`: Σ |dual coefficient| · kernel terms + |intercept|."""
    kernel = kernel_terms(estimator, x, error)
    dual = np.abs(np.asarray(estimator._dual_coef_, dtype=np.float64))
    ends = np.cumsum(estimator._n_support)
    span = [slice(end - count, end) for end, count in zip(ends, estimator._n_support, strict=True)]
    columns = [
        kernel[:, span[i]] @ dual[j - 1, span[i]] + kernel[:, span[j]] @ dual[i, span[j]]
        for i, j in combinations(range(len(span)), 2)
    ]
    return np.asarray(np.stack(columns, axis=1) + np.abs(estimator._intercept_))


def kernel_terms(estimator: Any, x: Doubles, error: Doubles) -> Doubles:
    """`(n, m)`: the kernel's size plus what its argument's rounding can move it by."""
    vectors = np.asarray(estimator.support_vectors_, dtype=np.float64)
    gamma = float(estimator._gamma)
    if estimator.kernel == "rbf":
        return _rbf_terms(x, error, vectors, gamma)
    size = (np.abs(x) + error) @ np.abs(vectors).T
    if estimator.kernel == "linear":
        return np.asarray(size)
    base = gamma * (x @ vectors.T) + estimator.coef0
    size = gamma * size + abs(estimator.coef0)
    if estimator.kernel == "sigmoid":
        return np.asarray(size * (1.0 - np.tanh(base) ** 2) + np.abs(np.tanh(base)))
    degree = int(estimator.degree)
    return np.asarray(degree * np.abs(base) ** max(degree - 1, 0) * size + np.abs(base) ** degree)


def _rbf_terms(x: Doubles, error: Doubles, vectors: Doubles, gamma: float) -> Doubles:
    squared = cdist(x, vectors, "sqeuclidean")
    moved = squared.copy()
    for row in np.flatnonzero(error.any(axis=1)):
        moved[row] += 2.0 * np.abs(x[row] - vectors) @ error[row]
    value = np.exp(-gamma * squared)
    return np.asarray(np.where(value > 0, value * (1.0 + gamma * moved), 0.0))
