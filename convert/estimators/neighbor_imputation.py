"""Missing values from the nearest rows that have them: `sklearn.impute._knn`.

scikit-learn takes its donors by numpy's `argpartition`, which among equally far ones answers
otherwise from processor to processor, and takes distances from |x|² - 2 x·y + |y|², which rounds.
So every distance carries its rounding unit here, and a row whose answer hangs on which of several
donors is taken, within that unit, is refused. Donors of one value do not make it hang.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.impute import KNNImputer

from convert.errors import Unsupported
from convert.estimators.arrays import Doubles, dense
from convert.estimators.callables import REGISTER, name_of
from convert.estimators.imputation import columns, missing_mask, with_indicator
from convert.graph.emission import Check, Emission

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from convert.graph.builder import Graph, Tensor

EPS = float(np.finfo(np.float64).eps)
UNITS = 24.0
"""8 · eps · Σ|terms|, the terms of a square being at most 3 (|x|² + |y|²)."""
LARGEST_WHOLE = 2.0**20
"""Squares of differences of such numbers, and sums of thousands of them, are exact doubles."""
WORST_WEIGHT = 1e-9
"""How far rounding may move an inverse distance, relative to it."""
LARGEST_SQUARE = 2.0**1000
SPARE = 8
"""Equally far donors of a row that are looked at, beside the k nearest."""
TIED = (
    "a value is missing, and which of the equally far training rows scikit-learn takes it from "
    "differs from processor to processor"
)

_COLUMNS = np.array([1], dtype=np.int64)
_DONORS = np.array([2], dtype=np.int64)


@dataclass(frozen=True)
class _Distances:
    """Of n rows to m training rows, reduced: squares, by the share of the columns they have."""

    square: Tensor
    """`(n, m)`, infinite where no column is there in both."""
    low: Tensor
    high: Tensor
    """`(n, m)`: less and more by its rounding unit."""
    overflows: Tensor
    """bool `(n, 1)`: squares are too large to tell donors apart."""


def neighbor_imputer(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`KNNImputer.transform`: the mean of the k nearest donors, column by column.

    Raises:
        Unsupported: a metric or weights of the user's own.
    """
    for name in ("metric", "weights"):
        if callable(setting := getattr(estimator, name)):
            raise Unsupported(
                f"KNNImputer with a callable for {name} cannot be exported",
                actual=name_of(setting),
                hint=f"use metric='nan_euclidean', and weights='uniform' or 'distance', {REGISTER}",
            )
    valid = np.flatnonzero(estimator._valid_mask)
    if not len(valid):
        raise Unsupported(
            "KNNImputer saw no value in any column", hint="fit it on rows with values"
        )
    missing = missing_mask(g, estimator.missing_values, x)
    distances = _distances(g, estimator, x, missing)
    fill, hangs = _filling(g, estimator, distances, valid)
    holes = columns(g, missing, valid)
    filled = g.op("Where", holes, fill, columns(g, x, valid))
    count = len(estimator._valid_mask) if estimator.keep_empty_features else len(valid)
    if count > len(valid):
        places = np.full(count, len(valid))
        places[valid] = np.arange(len(valid))
        filled = columns(g, g.op("Concat", filled, _zeros(g, filled), axis=1), places)
    hangs = g.op("Or", hangs, distances.overflows)
    tied = g.cast(g.op("And", holes, hangs), np.int32)
    tied = g.cast(g.op("ReduceMax", tied, _COLUMNS, keepdims=0), np.bool_)
    whole = with_indicator(g, estimator, filled, count, missing)
    return Emission(whole.verbs, checks=(*whole.checks, Check(tied, TIED)))


def _zeros(g: Graph, filled: Tensor) -> Tensor:
    """`(n, 1)`, whatever the values are."""
    return g.op("Where", g.op("IsNaN", columns(g, filled, np.array([0]))), 0.0, 0.0)


def _distances(g: Graph, estimator: Any, x: Tensor, missing: Tensor) -> _Distances:
    """`nan_euclidean_distances`, squared: Σ over the columns that both have, times f / count."""
    points, absent = _points(estimator), np.asarray(estimator._mask_fit_X)
    there = g.cast(g.op("Not", missing), np.float64)
    known = g.op("Where", missing, 0.0, x)
    own = g.op("Mul", known, known)
    norm = g.op("ReduceSum", own, _COLUMNS, keepdims=1)
    if absent.any():
        shared = g.constant(np.ascontiguousarray((~absent).T.astype(np.float64)))
        mine, count = g.op("MatMul", own, shared), g.op("MatMul", there, shared)
    else:
        mine, count = norm, g.op("ReduceSum", there, _COLUMNS, keepdims=1)
    theirs = g.op("MatMul", there, np.ascontiguousarray((points * points).T))
    cross = g.op("MatMul", g.op("Mul", known, -2.0), np.ascontiguousarray(points.T))
    square = g.op("Max", g.op("Add", g.op("Add", mine, theirs), cross), 0.0)
    scale = g.op("Div", float(points.shape[1]), count)
    square = g.op("Mul", square, scale)
    none = g.op("Equal", count, 0.0)
    square = g.op("Where", none, np.inf, square)
    sizes = UNITS * EPS * np.einsum("ij,ij->i", points, points)
    unit = g.op("Mul", g.op("Add", g.op("Mul", norm, UNITS * EPS), sizes), scale)
    unit = _none_for_whole_rows(g, known, points, unit)
    low = g.op("Where", none, np.inf, g.op("Sub", square, unit))
    high = g.op("Where", none, -np.inf, g.op("Add", square, unit))
    return _Distances(square, low, high, g.op("Not", g.op("Less", norm, LARGEST_SQUARE)))


def _points(estimator: Any) -> Doubles:
    return np.where(estimator._mask_fit_X, 0.0, dense(estimator._fit_X))


def _none_for_whole_rows(g: Graph, known: Tensor, points: Doubles, unit: Tensor) -> Tensor:
    """Differences of whole numbers do not round: equally far ones are that to the last bit."""
    if not is_whole(points).all():
        return unit
    rounds = g.op("Abs", g.op("Sub", known, g.op("Floor", known)))
    large = g.op("Greater", g.op("Abs", known), LARGEST_WHOLE)
    other = g.op("Or", g.op("Greater", rounds, 0.0), large)
    any_other = g.op("ReduceMax", g.cast(other, np.int32), _COLUMNS, keepdims=1)
    return g.op("Where", g.cast(any_other, np.bool_), unit, 0.0)


def is_whole(values: Doubles) -> NDArray[np.bool_]:
    """Which values are whole numbers whose squares do not round."""
    return np.asarray((values == np.rint(values)) & (np.abs(values) <= LARGEST_WHOLE))


@dataclass(frozen=True)
class _Candidates:
    """The donors that may be among the k nearest: of n rows, v columns each its own c."""

    square: Tensor
    low: Tensor
    high: Tensor
    """`(n, v, c)`, `low` in rising order."""
    values: Tensor
    """`(n, v, c)`: what they would give."""


def _filling(
    g: Graph, estimator: Any, distances: _Distances, valid: NDArray[np.intp]
) -> tuple[Tensor, Tensor]:
    """What each of the v columns is filled with `(n, v)`, and whether that hangs on a tie."""
    m = len(estimator._fit_X)
    k = min(int(estimator.n_neighbors), m)
    found = _candidates(g, estimator, distances, valid, min(k + SPARE, m))
    nearest, at = g.multi(
        "TopK", found.square, np.array([k]), outputs=2, axis=2, largest=0, sorted=1
    )
    weights = _weights(g, estimator, nearest)
    terms = g.op("Mul", g.op("GatherElements", found.values, at, axis=2), weights)
    total = g.op("ReduceSum", weights, _DONORS, keepdims=0)
    mean = g.op("Div", g.op("ReduceSum", terms, _DONORS, keepdims=0), total)
    alone = g.op("Equal", g.op("ReduceMin", nearest, _DONORS, keepdims=0), np.inf)
    means = np.array([_column_mean(estimator, int(column)) for column in valid])
    taken = g.op("GatherElements", found.high, at, axis=2)
    hangs = _hangs(g, found, nearest, taken, k, all_seen=m <= k + SPARE)
    if estimator.weights == "distance":
        hangs = g.op("Or", hangs, _is_blurred(g, nearest, taken))
    return g.op("Where", alone, means, mean), hangs


def _candidates(
    g: Graph, estimator: Any, distances: _Distances, valid: NDArray[np.intp], count: int
) -> _Candidates:
    """Column by column, for all of them at once would hold n · v · m distances."""
    mask, m = np.asarray(estimator._mask_fit_X), len(estimator._fit_X)
    lows, places = [], []
    for column in valid:
        absent = mask[:, column]
        low = g.op("Where", absent, np.inf, distances.low) if absent.any() else distances.low
        found, at = g.multi("TopK", low, np.array([count]), outputs=2, axis=1, largest=0, sorted=1)
        lows.append(found)
        places.append(at)
    shape = np.array([0, len(valid), count], dtype=np.int64)

    def shaped(value: Tensor) -> Tensor:
        return g.op("Reshape", value, shape)

    at = places[0] if len(places) == 1 else g.op("Concat", *places, axis=1)
    low = shaped(lows[0] if len(lows) == 1 else g.op("Concat", *lows, axis=1))
    there = g.op("Less", low, np.inf)
    square = shaped(g.op("GatherElements", distances.square, at, axis=1))
    high = shaped(g.op("GatherElements", distances.high, at, axis=1))
    given = np.where(mask, 0.0, dense(estimator._fit_X))[:, valid].T.ravel()
    first = m * np.arange(len(valid), dtype=np.int64)[:, None]
    return _Candidates(
        g.op("Where", there, square, np.inf),
        low,
        g.op("Where", there, high, -np.inf),
        g.op("Gather", np.ascontiguousarray(given), g.op("Add", shaped(at), first)),
    )


def _column_mean(estimator: Any, column: int) -> float:
    """Where no donor shares a column: in the dtype of training, as scikit-learn takes it."""
    mask = estimator._mask_fit_X[:, column]
    return float(np.ma.array(estimator._fit_X[:, column], mask=mask).mean())


def _weights(g: Graph, estimator: Any, nearest: Tensor) -> Tensor:
    """1 or 1 / d, 0 for a donor at no distance; where d is 0 such donors count alone."""
    if estimator.weights != "distance":
        return g.cast(g.op("Less", nearest, np.inf), np.float64)
    here = g.op("Equal", nearest, 0.0)
    inverse = g.op("Div", 1.0, g.op("Sqrt", nearest))
    return g.op("Where", _any(g, here, keep=1), g.cast(here, np.float64), inverse)


def _any(g: Graph, marks: Tensor, *, keep: int) -> Tensor:
    """Whether one of the donors is marked."""
    most = g.op("ReduceMax", g.cast(marks, np.int32), _DONORS, keepdims=keep)
    return g.cast(most, np.bool_)


def _hangs(
    g: Graph, found: _Candidates, nearest: Tensor, taken: Tensor, k: int, *, all_seen: bool
) -> Tensor:
    """bool `(n, v)`: donors of several values may be the k-th nearest.

    Such donors are no farther than the farthest that was taken may be, and no nearer than the
    nearest of those that are at least as far as the k-th may be. More of them than there are
    candidates are not looked at.
    """
    reach = g.op("ReduceMax", taken, _DONORS, keepdims=1)
    last = g.op("ReduceMax", nearest, _DONORS, keepdims=1)
    behind = g.op("Where", g.op("GreaterOrEqual", found.square, last), found.low, np.inf)
    floor = g.op("ReduceMin", behind, _DONORS, keepdims=1)
    within = g.op("LessOrEqual", found.low, reach)
    near = g.op("And", within, g.op("GreaterOrEqual", found.high, floor))
    most = g.op("ReduceMax", g.op("Where", near, found.values, -np.inf), _DONORS, keepdims=0)
    least = g.op("ReduceMin", g.op("Where", near, found.values, np.inf), _DONORS, keepdims=0)
    count = g.op("ReduceSum", g.cast(within, np.float64), _DONORS, keepdims=0)
    hangs = g.op("And", g.op("Greater", most, least), g.op("Greater", count, float(k)))
    if all_seen:
        return hangs
    return g.op("Or", hangs, g.op("GreaterOrEqual", count, float(k + SPARE)))


def _is_blurred(g: Graph, nearest: Tensor, taken: Tensor) -> Tensor:
    """bool `(n, v)`: rounding moves an inverse distance by more than its bound."""
    unit = g.op("Sub", taken, nearest)
    return _any(g, g.op("Greater", unit, g.op("Mul", nearest, 2.0 * WORST_WEIGHT)), keep=0)


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {KNNImputer: neighbor_imputer}
