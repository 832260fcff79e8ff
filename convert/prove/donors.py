"""Rows whose answer hangs on which of several equally far donors a `KNNImputer` takes.

numpy's `argpartition` decides that, otherwise from processor to processor, so there is no one
answer and the graph marks the row. The marks are held against distances that are added up here
another way, difference by difference, wherever in the model the imputers stand.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.impute import KNNImputer

from convert.estimators.neighbor_imputation import (
    EPS,
    LARGEST_SQUARE,
    SPARE,
    UNITS,
    WORST_WEIGHT,
    is_whole,
)
from convert.estimators.nesting import nested
from convert.prove.reference import quiet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from convert.prove.reference import Reference

    Doubles = NDArray[np.float64]

STRICT, LOOSE = 0.25, 4.0
"""Shares of the graph's rounding unit: what must be marked, and what may be."""
_BLOCK = 64


class _Watched(KNNImputer):  # type: ignore[misc]  # scikit-learn has no types
    """Notes the rows on which a choice among donors shows, before it imputes them."""

    def transform(self, X: Any) -> Any:
        given = np.asarray(X, dtype=np.float64)
        self.seen_.append({units: hanging(self, given, units) for units in (STRICT, LOOSE)})
        return super().transform(X)


class DonorTies:
    """A copy of an estimator that tells what its imputers were asked."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        self._imputers: list[Any] = []
        if not any(type(one) is KNNImputer for one in nested(reference.estimator)):
            return
        self._estimator = copy.deepcopy(reference.estimator)
        self._imputers = [one for one in nested(self._estimator) if type(one) is KNNImputer]
        for imputer in self._imputers:
            imputer.__class__ = _Watched
            imputer.seen_ = []

    def hanging(self, X: Doubles, units: float) -> NDArray[np.bool_]:
        """`(n,)`: rows `(n, f)` that some imputer cannot decide within `units` of rounding."""
        found = np.zeros(len(X), dtype=bool)
        if not self._imputers or not len(X):
            return found
        for imputer in self._imputers:
            imputer.seen_.clear()
        verb = self._reference.outputs[0].verb
        with quiet():
            getattr(self._estimator, verb)(self._reference.named(X))
        for imputer in self._imputers:
            for marks in imputer.seen_:
                found |= marks[units]
        return found


def hanging(imputer: KNNImputer, X: Doubles, units: float) -> NDArray[np.bool_]:
    """`(n,)`: rows of X `(n, f)` with a missing value that several sets of donors may fill."""
    absent = np.asarray(imputer._mask_fit_X)
    points = np.where(absent, 0.0, np.asarray(imputer._fit_X, dtype=np.float64))
    holes = _missing(imputer, X)
    found = np.zeros(len(X), dtype=bool)
    for start in range(0, len(X), _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, len(X)))
        rows = rows[holes[rows].any(axis=1)]
        if not len(rows):
            continue
        known = np.where(holes[rows], 0.0, X[rows])
        with np.errstate(all="ignore"):
            square, unit = _distances(known, holes[rows], points, absent)
            unit *= units
            if units > 1:
                found[rows] |= ~((known**2).sum(axis=1) < LARGEST_SQUARE)
            for column in np.flatnonzero(imputer._valid_mask):
                for i in np.flatnonzero(holes[rows, column]):
                    donors = np.flatnonzero(~absent[:, column])
                    values = points[donors, column]
                    hangs = _hangs(imputer, square[i, donors], unit[i, donors], values, units)
                    found[rows[i]] |= hangs
    return found


def _missing(imputer: KNNImputer, X: Doubles) -> NDArray[np.bool_]:
    placeholder = imputer.missing_values
    return np.asarray(np.isnan(X) if np.isnan(placeholder) else placeholder == X)


def _distances(
    known: Doubles, holes: NDArray[np.bool_], points: Doubles, absent: NDArray[np.bool_]
) -> tuple[Doubles, Doubles]:
    """`(n, m)` squares by the share of columns that both have, NaN for none, and their units."""
    total = np.zeros((len(known), len(points)))
    count = np.zeros(total.shape)
    for j in range(points.shape[1]):
        both = ~holes[:, j, None] & ~absent[:, j]
        total += np.where(both, (known[:, j, None] - points[:, j]) ** 2, 0.0)
        count += both
    scale = points.shape[1] / np.where(count > 0, count, np.nan)
    sizes = (known**2).sum(axis=1)[:, None] + (points**2).sum(axis=1)
    unit = UNITS * EPS * sizes * scale
    if is_whole(points).all():
        unit[is_whole(known).all(axis=1)] = 0.0
    return total * scale, unit


def _hangs(
    imputer: KNNImputer, square: Doubles, unit: Doubles, values: Doubles, units: float
) -> bool:
    there = np.isfinite(square)
    square, unit, values = square[there], unit[there], values[there]
    k = min(int(imputer.n_neighbors), len(square))
    if not k:
        return False
    order = np.argsort(square, kind="stable")
    taken = order[:k]
    if imputer.weights == "distance" and (unit[taken] > 2 * WORST_WEIGHT * square[taken]).any():
        return True
    reach = (square + unit)[taken].max()
    floor = (square - unit)[square >= square[taken[-1]]].min()
    within = square - unit <= reach
    near = within & (square + unit >= floor)
    crowded = units > 1 and within.sum() >= k + SPARE
    return bool(crowded or (within.sum() > k and np.ptp(values[near]) > 0))
