"""Which neighbours are undecided, and every way to take them.

Where the k-th and the next neighbour are equally far but for rounding, either may be taken; where
they are equally far without any, as whole numbers and equal points are, nothing is excused.
scikit-learn itself chooses by the history of a heap. A point on
the rim of a radius may be in or out.
"""

from __future__ import annotations

from collections import Counter
from functools import cache, partial
from itertools import chain, combinations, combinations_with_replacement, islice
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    LocalOutlierFactor,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
)
from sklearn.semi_supervised import LabelPropagation, LabelSpreading

from convert.prove.rounding.band import EPS, UNITS, Band
from convert.prove.rounding.distances import power, reduced_distances
from convert.prove.rounding.neighbor_answers import (
    is_weighted,
    n_targets,
    outlier_factor,
    predictions,
    votes,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from convert.graph.emitted import EmittedOutput
    from convert.prove.reference import Answers

    Doubles = NDArray[np.float64]
    Members = NDArray[np.intp]

MAX_CHOICES = 5000
"""Ways to take the neighbours of one row that are tried."""
MAX_FACTORS = 200
"""The same where a way is a mean over the neighbours' own densities, which takes longer."""

_LARGEST_WHOLE = 2.0**20
"""Squares of differences of such numbers, and sums of thousands of them, are exact doubles."""

_BLOCK = 256
"""Rows whose distances to all training points are held at once."""

_SPREADING = (LabelPropagation, LabelSpreading)
_RADIUS = (RadiusNeighborsClassifier, RadiusNeighborsRegressor)
_NEAREST = (KNeighborsClassifier, KNeighborsRegressor, LocalOutlierFactor)


def is_neighbors_model(estimator: Any) -> bool:
    """Whether predictions are votes or means of neighbours under a Minkowski metric."""
    if type(estimator) in _SPREADING:
        return bool(estimator.kernel == "knn")
    if type(estimator) not in (*_RADIUS, *_NEAREST):
        return False
    weights = getattr(estimator, "weights", None)
    return isinstance(estimator._fit_X, np.ndarray) and not callable(weights)


def neighbors_band(
    estimator: Any, x: Doubles, error: Doubles, outputs: Sequence[EmittedOutput]
) -> Band:
    """The band of the neighbours of the rows `(n, f)`."""
    search = _search(estimator)
    margin, unit = np.full(len(x), np.inf), np.zeros(len(x))
    alternatives = {}
    choice = _rim if type(estimator) in _RADIUS else _choice
    for start in range(0, len(x), _BLOCK):
        rows = slice(start, start + _BLOCK)
        with np.errstate(all="ignore"):
            reduced, terms = reduced_distances(search, x[rows], error[rows])
            slack = UNITS * EPS * terms
            slack[_is_whole(search, x[rows], error[rows])] = 0.0
            margin[rows], unit[rows] = choice(estimator, reduced, slack)
        for i in np.flatnonzero(margin[rows] < unit[rows]):
            found = partial(_answers, estimator, reduced[i].copy(), slack[i].copy(), outputs)
            alternatives[start + int(i)] = cache(found)
    return Band(margin, unit, alternatives=alternatives)


def _search(estimator: Any) -> Any:
    """What holds the training points."""
    return estimator.nn_fit if type(estimator) in _SPREADING else estimator


def _is_whole(search: Any, x: Doubles, error: Doubles) -> NDArray[np.bool_]:
    """`(n,)`: rows whose distances to whole training points are computed without rounding.

    A tie among them is no matter of rounding: whoever breaks it otherwise is another model.
    """
    if power(search) not in (1.0, 2.0, np.inf) or not _whole(search._fit_X).all():
        return np.zeros(len(x), dtype=bool)
    return np.asarray(_whole(x).all(axis=1) & ~error.any(axis=1))


def _whole(values: Doubles) -> NDArray[np.bool_]:
    return np.asarray((values == np.rint(values)) & (np.abs(values) <= _LARGEST_WHOLE))


def _count(estimator: Any) -> int:
    return int(getattr(estimator, "n_neighbors_", estimator.n_neighbors))


def _choice(estimator: Any, reduced: Doubles, slack: Doubles) -> tuple[Doubles, Doubles]:
    """How far the next neighbour is behind the k-th, or the decision from where it turns."""
    k, rows = _count(estimator), np.arange(len(reduced))
    margin, unit = np.full(len(reduced), np.inf), np.zeros(len(reduced))
    order = np.argsort(reduced, axis=1, kind="stable")[:, : k + 1]
    if order.shape[1] > k:
        last, after = order[:, k - 1], order[:, k]
        margin = reduced[rows, after] - reduced[rows, last]
        unit = slack[rows, after] + slack[rows, last]
        # Equal points are equally far whatever rounding does.
        points = _search(estimator)._fit_X
        unit[(points[after] == points[last]).all(axis=1)] = 0.0
    for i in np.flatnonzero(~(margin < unit)):
        turn = _turn(estimator, reduced[i], slack[i], order[i, :k])
        if turn is not None:
            margin[i], unit[i] = turn
    return margin, unit


def _turn(
    estimator: Any, reduced: Doubles, slack: Doubles, members: Members
) -> tuple[float, float] | None:
    """How far the decision is from another one with the same neighbours; None for votes of 1."""
    if isinstance(estimator, LocalOutlierFactor):
        score, unit = outlier_factor(estimator, reduced, slack, members)
        return abs(score - float(estimator.offset_)), unit
    counted = isinstance(estimator, _SPREADING) or is_weighted(estimator)
    if not counted or not hasattr(estimator, "classes_"):
        return None
    turns = []
    for target in range(n_targets(estimator)):
        count, loose = votes(estimator, reduced, slack, members, target)
        if len(count) > 1:
            second, best = np.argsort(count, kind="stable")[-2:]
            turns.append((float(count[best] - count[second]), float(loose[best] + loose[second])))
    return min(turns, key=_nearness, default=None)


def _nearness(turn: tuple[float, float]) -> float:
    margin, unit = turn
    return margin / unit if unit else np.inf


def _rim(estimator: Any, reduced: Doubles, slack: Doubles) -> tuple[Doubles, Doubles]:
    """How far the point nearest to the rim of the radius is from it."""
    p = power(estimator)
    radius = float(estimator.radius) if p in (1.0, np.inf) else float(estimator.radius) ** p
    gap = np.abs(reduced - radius)
    nearest = np.where(slack > 0, gap / slack, np.inf).argmin(axis=1)
    rows = np.arange(len(reduced))
    margin, unit = gap[rows, nearest], slack[rows, nearest]
    for i in np.flatnonzero(~(margin < unit)):
        turn = _turn(estimator, reduced[i], slack[i], np.flatnonzero(reduced[i] <= radius))
        if turn is not None:
            margin[i], unit[i] = turn
    return margin, unit


def _answers(
    estimator: Any, reduced: Doubles, slack: Doubles, outputs: Sequence[EmittedOutput]
) -> list[Answers]:
    """What each way to take the undecided neighbours predicts."""
    ways: Iterable[Sequence[np.intp]]
    if type(estimator) in _RADIUS:
        p = power(estimator)
        radius = float(estimator.radius) if p in (1.0, np.inf) else float(estimator.radius) ** p
        certain = np.flatnonzero(reduced < radius - slack)
        near = np.flatnonzero(np.abs(reduced - radius) <= slack)
        ways = chain.from_iterable(combinations(near, n) for n in range(len(near) + 1))
    else:
        k = _count(estimator)
        last = np.argsort(reduced, kind="stable")[k - 1]
        gap, width = reduced - reduced[last], slack + slack[last]
        certain = np.flatnonzero(gap < -width)
        near = np.flatnonzero(np.abs(gap) <= width)
        ways = _fillings(estimator, near, k - len(certain))
    found: list[Answers] = []
    most = MAX_FACTORS if isinstance(estimator, LocalOutlierFactor) else MAX_CHOICES
    for chosen in islice(ways, most):
        members = np.concatenate([certain, np.array(chosen, dtype=np.intp)])
        members = members[np.argsort(reduced[members], kind="stable")]
        found += predictions(estimator, reduced, slack, members, outputs)
    return found


def _fillings(estimator: Any, near: Members, missing: int) -> Iterable[Sequence[np.intp]]:
    """The ways to take `missing` of the equally far ones; members of a class are alike."""
    if type(estimator) is not KNeighborsClassifier:
        yield from combinations(near, missing)
        return
    targets = np.asarray(estimator._y)[near]
    members = {code: near[targets == code] for code in np.unique(targets)}
    for codes in combinations_with_replacement(members, missing):
        taken = Counter(codes)
        if all(count <= len(members[code]) for code, count in taken.items()):
            yield [i for code, count in taken.items() for i in members[code][:count]]
