"""Σ|terms| of the distances between which nearest neighbours are chosen.

Where the k-th and the next neighbour are equally far but for rounding, either may be taken.
scikit-learn itself chooses by the history of a heap, and by the number of threads.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from itertools import combinations, combinations_with_replacement, islice
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from convert.prove.reference import as_emitted
from convert.prove.rounding.band import EPS, UNITS, Band

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from convert.graph.emitted import EmittedOutput
    from convert.prove.reference import Answers

    Doubles = NDArray[np.float64]

MAX_CHOICES = 5000
"""Ways to fill up the neighbours of one row that are tried."""

_BLOCK = 256
"""Rows whose distances to all training points are held at once."""


def is_neighbors_model(estimator: Any) -> bool:
    """Whether predictions are votes or means of the k nearest under a Minkowski metric."""
    if type(estimator) not in (KNeighborsClassifier, KNeighborsRegressor):
        return False
    return isinstance(estimator._fit_X, np.ndarray) and not callable(estimator.weights)


def neighbors_band(
    estimator: Any, x: Doubles, error: Doubles, outputs: Sequence[EmittedOutput]
) -> Band:
    """The band of the k nearest neighbours of the rows `(n, f)`."""
    margin, unit = np.full(len(x), np.inf), np.zeros(len(x))
    alternatives = {}
    for start in range(0, len(x), _BLOCK):
        rows = slice(start, start + _BLOCK)
        with np.errstate(all="ignore"):
            reduced, terms = reduced_distances(estimator, x[rows], error[rows])
            slack = UNITS * EPS * terms
            margin[rows], unit[rows] = _choice(estimator, reduced, slack)
        for i in np.flatnonzero(margin[rows] < unit[rows]):
            alternatives[start + int(i)] = partial(
                _answers, estimator, reduced[i].copy(), slack[i].copy(), outputs
            )
    return Band(margin, unit, alternatives=alternatives)


def reduced_distances(estimator: Any, x: Doubles, error: Doubles) -> tuple[Doubles, Doubles]:
    """`(n, m)` reduced distances of rows `(n, f)`, and their Σ|terms|."""
    points = np.asarray(estimator._fit_X, dtype=np.float64)
    weights = estimator.effective_metric_params_.get("w")
    p = _power(estimator)
    if p == 2 and weights is None and estimator._fit_method == "brute":
        size = np.abs(x) + error
        reduced = (x**2).sum(axis=1)[:, None] - 2 * x @ points.T + (points**2).sum(axis=1)
        terms = (size**2).sum(axis=1)[:, None] + 2 * size @ np.abs(points).T
        return np.maximum(reduced, 0.0), terms + (points**2).sum(axis=1)
    reduced, carried = np.zeros((len(x), len(points))), np.zeros((len(x), len(points)))
    for j in range(points.shape[1]):
        step = np.abs(x[:, j, None] - points[:, j])
        own = error[:, j, None]
        if p == np.inf:
            reduced, carried = np.maximum(reduced, step), np.maximum(carried, own)
        else:
            weight = 1.0 if weights is None else weights[j]
            reduced += weight * step**p
            carried += weight * p * step ** (p - 1) * own
    return reduced, reduced + carried


def _choice(estimator: Any, reduced: Doubles, slack: Doubles) -> tuple[Doubles, Doubles]:
    """How far the next neighbour is behind the k-th, or the second class behind the first."""
    k, rows = int(estimator.n_neighbors), np.arange(len(reduced))
    margin, unit = np.full(len(reduced), np.inf), np.zeros(len(reduced))
    order = np.argsort(reduced, axis=1, kind="stable")[:, : k + 1]
    if order.shape[1] > k:
        last, after = order[:, k - 1], order[:, k]
        margin = reduced[rows, after] - reduced[rows, last]
        unit = slack[rows, after] + slack[rows, last]
    if _weighted(estimator) and isinstance(estimator, KNeighborsClassifier):
        for i in np.flatnonzero(~(margin < unit)):
            votes, loose = _votes(estimator, reduced[i], slack[i], order[i, :k])
            if len(votes) > 1:
                second, best = np.argsort(votes, kind="stable")[-2:]
                margin[i], unit[i] = votes[best] - votes[second], loose[best] + loose[second]
    return margin, unit


def _power(estimator: Any) -> float:
    named = {"euclidean": 2.0, "l2": 2.0, "chebyshev": np.inf, "infinity": np.inf}
    if estimator.effective_metric_ == "minkowski":
        return float(estimator.effective_metric_params_["p"])
    return named.get(estimator.effective_metric_, 1.0)


def _weighted(estimator: Any) -> bool:
    return bool(estimator.weights == "distance")


def _answers(
    estimator: Any, reduced: Doubles, slack: Doubles, outputs: Sequence[EmittedOutput]
) -> list[Answers]:
    """What each way to choose among the equally far ones predicts."""
    k = int(estimator.n_neighbors)
    last = np.argsort(reduced, kind="stable")[k - 1]
    gap, width = reduced - reduced[last], slack + slack[last]
    certain, near = np.flatnonzero(gap < -width), np.flatnonzero(np.abs(gap) <= width)
    targets = np.asarray(estimator._y)
    found: dict[tuple[str, ...], list[Answers]] = {}
    for chosen in islice(_fillings(estimator, near, k - len(certain)), MAX_CHOICES):
        members = np.concatenate([certain, np.array(chosen, dtype=np.intp)])
        key = tuple(sorted(map(str, targets[members])))
        if key not in found:
            found[key] = _predictions(estimator, reduced, slack, members, outputs)
    return [answer for answers in found.values() for answer in answers]


def _fillings(estimator: Any, near: NDArray[np.intp], missing: int) -> Iterator[Sequence[np.intp]]:
    """The ways to take `missing` of the equally far ones; members of a class are alike."""
    if isinstance(estimator, KNeighborsRegressor):
        yield from combinations(near, missing)
        return
    targets = np.asarray(estimator._y)[near]
    members = {code: near[targets == code] for code in np.unique(targets)}
    for codes in combinations_with_replacement(members, missing):
        taken = Counter(codes)
        if all(count <= len(members[code]) for code, count in taken.items()):
            yield [i for code, count in taken.items() for i in members[code][:count]]


def _predictions(
    estimator: Any,
    reduced: Doubles,
    slack: Doubles,
    members: NDArray[np.intp],
    outputs: Sequence[EmittedOutput],
) -> list[Answers]:
    if isinstance(estimator, KNeighborsRegressor):
        weights, _ = _weights(estimator, reduced, slack, members)
        value = np.average(np.asarray(estimator._y)[members], axis=0, weights=weights)[None]
        return [{output.name: value for output in outputs}]
    votes, loose = _votes(estimator, reduced, slack, members)
    best = votes.argmax()
    rivals = votes[best] - votes < loose + loose[best]
    rivals[best] = True
    return [
        {
            output.name: as_emitted(estimator.classes_[winner : winner + 1], output)
            if output.kind == "label"
            else (votes / votes.sum())[None]
            for output in outputs
        }
        for winner in np.flatnonzero(rivals)
    ]


def _votes(
    estimator: Any, reduced: Doubles, slack: Doubles, members: NDArray[np.intp]
) -> tuple[Doubles, Doubles]:
    """`(classes,)` the votes of the members, and by how much rounding moves them."""
    weights, wobble = _weights(estimator, reduced, slack, members)
    targets, count = np.asarray(estimator._y)[members], len(estimator.classes_)
    return (
        np.bincount(targets, weights, count).astype(np.float64),
        np.bincount(targets, wobble, count).astype(np.float64),
    )


def _weights(
    estimator: Any, reduced: Doubles, slack: Doubles, members: NDArray[np.intp]
) -> tuple[Doubles, Doubles]:
    ones, nothing = np.ones(len(members)), np.zeros(len(members))
    if not _weighted(estimator):
        return ones, nothing
    p = _power(estimator)
    root = 1.0 if p == np.inf else 1.0 / p
    with np.errstate(all="ignore"):
        weights = 1.0 / reduced[members] ** root
        wobble = weights * (root * slack[members] / reduced[members] + UNITS * EPS)
    here = np.isinf(weights)
    return (here.astype(np.float64), nothing) if here.any() else (weights, wobble)
