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
from math import comb
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

from convert.estimators.neighbor_heap import MOST_POINTS
from convert.estimators.nesting import nested
from convert.prove.rounding.band import EPS, UNITS, Band
from convert.prove.rounding.distances import is_product, power, reduced_distances
from convert.prove.rounding.neighbor_answers import (
    is_weighted,
    n_targets,
    outlier_factor,
    predictions,
    votes,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from convert.graph.emitted import EmittedOutput
    from convert.prove.reference import Answers

    Doubles = NDArray[np.float64]
    Members = NDArray[np.intp]

MAX_CHOICES = 5000
"""Ways to take the neighbours of one row that are tried."""
MAX_MEANS = 200
"""The same where a way is a mean over the neighbours, whose ways are seldom alike."""

_LARGEST_WHOLE = 2.0**20
"""Squares of differences of such numbers, and sums of thousands of them, are exact doubles."""
_FRACTIONS = (1.0, 2.0, 4.0, 8.0)
"""So they are of numbers that are whole once they are multiplied by one of these."""
_ONE_HEAP = {"brute": 256}
"""Training rows up to which ties have one answer, and a graph that follows the search."""

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


def searches_neighbors(estimator: Any) -> bool:
    """Whether something in it, at whatever depth, takes the nearest of its training rows."""
    return any(hasattr(one, "_fit_method") for one in nested(estimator))


def neighbors_band(
    estimator: Any, x: Doubles, error: Doubles, outputs: Sequence[EmittedOutput]
) -> Band:
    """The band of the neighbours of the rows `(n, f)`."""
    search = _search(estimator)
    margin, unit = np.full(len(x), np.inf), np.zeros(len(x))
    alternatives = {}
    means: dict[int, tuple[Doubles, Doubles]] = {}
    choice = _rim if type(estimator) in _RADIUS else _choice
    for start in range(0, len(x), _BLOCK):
        rows = slice(start, start + _BLOCK)
        with np.errstate(all="ignore"):
            reduced, terms = reduced_distances(search, x[rows], error[rows])
            slack = UNITS * EPS * terms
            slack[_is_whole(search, x[rows], error[rows])] = 0.0
            margin[rows], unit[rows] = choice(estimator, reduced, slack)
        for i in np.flatnonzero(margin[rows] < unit[rows]):
            if (bounds := _bounds(estimator, reduced[i], slack[i])) is not None:
                means[start + int(i)] = bounds
                continue
            found = partial(_answers, estimator, reduced[i].copy(), slack[i].copy(), outputs)
            alternatives[start + int(i)] = cache(found)
    return Band(margin, unit, alternatives=alternatives, bounds=_by_output(means, len(x), outputs))


def _bounds(estimator: Any, reduced: Doubles, slack: Doubles) -> tuple[Doubles, Doubles] | None:
    """The least and the largest mean `(t,)` of a row whose neighbours can be taken in many ways.

    None where each way is tried.
    """
    if type(estimator) is not KNeighborsRegressor or is_weighted(estimator):
        return None
    certain, near, missing = _tied(estimator, reduced, slack)
    if comb(len(near), missing) <= MAX_MEANS:
        return None
    y = np.asarray(estimator._y, dtype=np.float64).reshape(len(reduced), -1)
    rising = np.sort(y[near], axis=0)
    known, k = y[certain].sum(axis=0), len(certain) + missing
    least, most = rising[:missing].sum(axis=0), rising[len(near) - missing :].sum(axis=0)
    return (known + least) / k, (known + most) / k


def _by_output(
    means: Mapping[int, tuple[Doubles, Doubles]], n: int, outputs: Sequence[EmittedOutput]
) -> dict[str, tuple[Doubles, Doubles]]:
    """The bounds of some of n rows as a band has them; NaN, which bounds nothing, elsewhere."""
    if not means:
        return {}
    found = {}
    for output in outputs:
        targets = len(next(iter(means.values()))[0])
        low, high = np.full((n, targets), np.nan), np.full((n, targets), np.nan)
        for row, bounds in means.items():
            low[row], high[row] = bounds
        is_flat = len(output.shape) == 1
        found[output.name] = (low[:, 0], high[:, 0]) if is_flat else (low, high)
    return found


def _search(estimator: Any) -> Any:
    """What holds the training points."""
    return estimator.nn_fit if type(estimator) in _SPREADING else estimator


def _is_whole(search: Any, x: Doubles, error: Doubles) -> NDArray[np.bool_]:
    """`(n,)`: rows whose distances to whole training points are computed without rounding.

    A tie among them is no matter of rounding: whoever breaks it otherwise is another model. What
    lies halfway between such points has halves, quarters or eighths, and rounds as little; of more
    points than a graph follows it is still counted, for scikit-learn's threads may disagree there.
    """
    found = np.zeros(len(x), dtype=bool)
    weighted = search.effective_metric_params_.get("w") is not None
    if weighted or power(search) not in (1.0, 2.0, np.inf):
        return found
    limit = _ONE_HEAP.get(search._fit_method, MOST_POINTS)
    for fraction in _FRACTIONS if len(search._fit_X) <= limit else _FRACTIONS[:1]:
        if _whole(search._fit_X * fraction).all():
            found |= _whole(x * fraction).all(axis=1)
    return found & ~error.any(axis=1)


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
        # Equal points are equally far whatever rounding does, but where a product of matrices
        # has a part in their distances: BLAS rounds its last columns in another way.
        search = _search(estimator)
        if not is_product(search):
            unit[(search._fit_X[after] == search._fit_X[last]).all(axis=1)] = 0.0
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
        certain, near, missing = _tied(estimator, reduced, slack)
        ways = _fillings(estimator, near, missing)
    found: list[Answers] = []
    most = MAX_MEANS if isinstance(estimator, LocalOutlierFactor) else MAX_CHOICES
    for chosen in islice(ways, most):
        members = np.concatenate([certain, np.array(chosen, dtype=np.intp)])
        members = members[np.argsort(reduced[members], kind="stable")]
        found += predictions(estimator, reduced, slack, members, outputs)
    return found


def _tied(estimator: Any, reduced: Doubles, slack: Doubles) -> tuple[Members, Members, int]:
    """The certain neighbours of a row, those equally far as the last, how many of them it takes."""
    k = _count(estimator)
    last = np.argsort(reduced, kind="stable")[k - 1]
    gap, width = reduced - reduced[last], slack + slack[last]
    certain = np.flatnonzero(gap < -width)
    return certain, np.flatnonzero(np.abs(gap) <= width), k - len(certain)


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
