"""Σ|terms| of libsvm's one-against-one decisions, and what another vote would give.

With several classes both the label and the one-vs-rest decision jump where a pair's decision
changes sign, so an undecided row passes with the answers of either sign and no other. With
`break_ties` the label is the largest one-vs-rest decision: it changes where two of those meet,
far from any change of sign, and there either class passes.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.svm import SVC, SVR, NuSVC, NuSVR
from sklearn.utils.multiclass import _ovr_decision_function

from convert.estimators.arrays import dense
from convert.prove.rounding.band import EPS, UNITS, Band, class_band, no_band, score_bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from convert.graph.emitted import EmittedOutput
    from convert.prove.rounding.band import Alternative

    Doubles = NDArray[np.float64]

MAX_PAIRS = 6
"""Pairs of one row that may be undecided at once, 64 combinations of their signs."""


def is_support_vector_classifier(estimator: Any) -> bool:
    """Whether labels are libsvm's votes over a kernel whose sums are known here."""
    return type(estimator) in (SVC, NuSVC) and _is_known(estimator.kernel)


def is_support_vector_regressor(estimator: Any) -> bool:
    """Whether predictions are sums over such a kernel."""
    return type(estimator) in (SVR, NuSVR) and _is_known(estimator.kernel)


def _is_known(kernel: Any) -> bool:
    return kernel in ("linear", "poly", "rbf", "sigmoid")


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
        bounds = _bounds(outputs, pairs, terms[:, 0])
        return replace(class_band(pairs, terms[:, 0], classes), bounds=bounds)
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
                _answers, estimator, pairs[row], terms[row], open_pairs, classes, outputs
            )
    margin, unit = np.abs(pairs[rows, closest]), unit[rows, closest]
    sums = _one_vs_rest(pairs, np.sign(pairs), len(classes))
    of_sums = _one_vs_rest_terms(pairs, sums, terms)
    if estimator.decision_function_shape == "ovr":
        many = np.where((nearness < 1).sum(axis=1, keepdims=True) > MAX_PAIRS, nearness < 1, False)
        bounds = _with_votes(_bounds(outputs, sums, of_sums), pairs, many)
    else:
        bounds = _bounds(outputs, pairs, terms)
    if not _breaks_ties(estimator):
        return Band(margin, unit, alternatives=alternatives, bounds=bounds)
    meeting = class_band(sums, of_sums, classes)
    meets = meeting.undecided
    return replace(
        meeting,
        margin=np.where(meets, meeting.margin, margin),
        unit=np.where(meets, meeting.unit, unit),
        alternatives=alternatives,
        bounds=bounds,
    )


def svr_bounds(
    estimator: Any, x: Doubles, error: Doubles, outputs: Sequence[EmittedOutput]
) -> Band:
    """No band, for there are no labels; the bounds of a regressor's predictions."""
    terms = kernel_terms(estimator, x, error) @ np.abs(dense(estimator._dual_coef_)).reshape(-1)
    bounds = score_bounds(
        np.asarray(estimator.predict(x)), terms + np.abs(estimator._intercept_[0])
    )
    return replace(no_band(len(x)), bounds={o.name: bounds for o in outputs})


def _bounds(
    outputs: Sequence[EmittedOutput], scores: Doubles, terms: Doubles
) -> dict[str, tuple[Doubles, Doubles]]:
    return {o.name: score_bounds(scores, terms) for o in outputs if o.verb == "decision_function"}


def _with_votes(
    bounds: dict[str, tuple[Doubles, Doubles]], pairs: Doubles, is_open: NDArray[np.bool_]
) -> dict[str, tuple[Doubles, Doubles]]:
    """The bounds where any of the pairs `(n, p)` that are open may vote the other way, too many to
    ask for each combination.
    """
    found = {}
    for name, (low, high) in bounds.items():
        low, high = low.copy(), high.copy()
        for pair, (i, j) in enumerate(combinations(range(low.shape[1]), 2)):
            wins = np.where(pairs[:, pair] > 0, 1.0, 0.0)
            open_now = is_open[:, pair]
            low[:, i] -= wins * open_now
            high[:, i] += (1.0 - wins) * open_now
            low[:, j] -= (1.0 - wins) * open_now
            high[:, j] += wins * open_now
        found[name] = low, high
    return found


def _breaks_ties(estimator: Any) -> bool:
    return bool(estimator.break_ties and estimator.decision_function_shape == "ovr")


def _one_vs_rest_terms(pairs: Doubles, sums: Doubles, terms: Doubles) -> Doubles:
    """Σ|terms| of c / 3(|c| + 1) and votes, `(n, k)`, c the sum of a class's pairs."""
    classes, total, confidences = sums.shape[1], np.zeros(sums.shape), np.zeros(sums.shape)
    for pair, (i, j) in enumerate(combinations(range(classes), 2)):
        total[:, [i, j]] += (terms[:, pair] + np.abs(pairs[:, pair]))[:, None]
        confidences[:, i] += pairs[:, pair]
        confidences[:, j] -= pairs[:, pair]
    nearest = np.maximum(np.abs(confidences) - UNITS * EPS * total, 0.0)
    moved = np.minimum(total / (3.0 * (nearest + 1.0) ** 2), 1.0 / (UNITS * EPS))
    return np.asarray(moved + np.abs(sums))


def pair_scores(estimator: Any, x: Doubles) -> Doubles:
    """libsvm's one-against-one decisions `(n, pairs)`, `(n,)` for two classes."""
    return np.asarray(estimator._decision_function(x))


def _answers(
    estimator: Any,
    pairs: Doubles,
    terms: Doubles,
    open_pairs: NDArray[np.intp],
    classes: NDArray[Any],
    outputs: Sequence[EmittedOutput],
) -> list[Alternative]:
    found: list[Alternative] = []
    for signs in product((-1.0, 1.0), repeat=len(open_pairs)):
        side = np.sign(pairs)
        side[open_pairs] = signs
        answer: dict[str, NDArray[Any] | tuple[Doubles, Doubles]] = {}
        for output in outputs:
            if output.verb == "decision_function":
                shown = estimator.decision_function_shape == "ovr"
                ovr = _one_vs_rest(pairs[None], side[None], len(classes))
                of_ovr = _one_vs_rest_terms(pairs[None], ovr, terms[None])
                both = (ovr, of_ovr) if shown else (pairs[None], terms[None])
                answer[output.name] = score_bounds(*both)
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
    if _breaks_ties(estimator):
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
    dual = np.abs(dense(estimator._dual_coef_))
    ends = np.cumsum(estimator._n_support)
    span = [slice(end - count, end) for end, count in zip(ends, estimator._n_support, strict=True)]
    columns = [
        kernel[:, span[i]] @ dual[j - 1, span[i]] + kernel[:, span[j]] @ dual[i, span[j]]
        for i, j in combinations(range(len(span)), 2)
    ]
    return np.asarray(np.stack(columns, axis=1) + np.abs(estimator._intercept_))


def kernel_terms(estimator: Any, x: Doubles, error: Doubles) -> Doubles:
    """`(n, m)`: the kernel's size plus what its argument's rounding can move it by."""
    vectors = dense(estimator.support_vectors_)
    gamma = float(estimator._gamma)
    if estimator.kernel == "rbf":
        return _rbf_terms(x, error, vectors, gamma)
    size = (np.abs(x) + error) @ np.abs(vectors).T
    if estimator.kernel == "linear":
        return np.asarray(size)
    base = gamma * (x @ vectors.T) + estimator.coef0
    size = gamma * size + abs(estimator.coef0)
    if estimator.kernel == "sigmoid":
        # The steepest point within what rounding moves the argument by, and no more than the range.
        nearest = np.maximum(np.abs(base) - UNITS * EPS * size, 0.0)
        moved = np.minimum(size * (1.0 - np.tanh(nearest) ** 2), 2.0 / (UNITS * EPS))
        return np.asarray(moved + np.abs(np.tanh(base)))
    degree = int(estimator.degree)
    return np.asarray(degree * np.abs(base) ** max(degree - 1, 0) * size + np.abs(base) ** degree)


def _rbf_terms(x: Doubles, error: Doubles, vectors: Doubles, gamma: float) -> Doubles:
    squared = cdist(x, vectors, "sqeuclidean")
    moved = squared.copy()
    for row in np.flatnonzero(error.any(axis=1)):
        moved[row] += 2.0 * np.abs(x[row] - vectors) @ error[row]
    value = np.exp(-gamma * squared)
    return np.asarray(np.where(value > 0, value * (1.0 + gamma * moved), 0.0))
