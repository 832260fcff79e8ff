"""Trees behind a step that rounds, such as PCA: a branch may lie within that rounding.

The trees themselves have no band. But where the transformed value and a threshold are closer
than the rounding unit of the transform, either branch is right, and only what the trees answer
on either side of it passes.
"""

from __future__ import annotations

from functools import cache, partial
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.prove.rounding.band import EPS, UNITS, Band
from convert.prove.splits import own_splits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from convert.prove.reference import Answers, Reference

    Doubles = NDArray[np.float64]

MAX_COLUMNS = 4
"""Columns of one row that may be undecided at once, 16 combinations of their branches."""


def branch_band(reference: Reference, trees: Any, z: Doubles, error: Doubles) -> Band:
    """The band of trees on transformed rows z `(n, g)` with an error in units of eps."""
    slack = UNITS * EPS * error
    margin, unit = np.full(len(z), np.inf), np.zeros(len(z))
    crossed = np.zeros(z.shape, dtype=bool)
    splits = own_splits(trees)
    for column in np.unique(splits.feature):
        of_column = splits.feature == column
        thresholds = np.sort(splits.threshold[of_column])
        low = splits.seen(z[:, column] - slack[:, column])
        high = splits.seen(z[:, column] + slack[:, column])
        first = np.searchsorted(thresholds, low, side="left")
        crossed[:, column] = first != np.searchsorted(thresholds, high, side="left")
        rows = np.flatnonzero(crossed[:, column])
        distance = np.abs(z[rows, column] - thresholds[first[rows]])
        # The threshold may lie half a float32 step away from the double that is cast onto it.
        distance = np.minimum(distance, np.nextafter(slack[rows, column], 0.0))
        nearer = distance < margin[rows]
        margin[rows[nearer]] = distance[nearer]
        unit[rows[nearer]] = slack[rows[nearer], column]
    alternatives: dict[int, Callable[[], Sequence[Answers]]] = {}
    for row in np.flatnonzero(crossed.any(axis=1)):
        columns = np.flatnonzero(crossed[row])
        if len(columns) <= MAX_COLUMNS:
            ask = partial(_answers, reference, trees, z[row], slack[row], columns)
            # Most undecided rows never differ, and asking a forest is slow.
            alternatives[int(row)] = cache(ask)
    return Band(margin, unit, alternatives=alternatives)


def _answers(
    reference: Reference, trees: Any, z: Doubles, slack: Doubles, columns: NDArray[np.intp]
) -> list[Answers]:
    found = []
    for signs in product((-1.0, 1.0), repeat=len(columns)):
        moved = z.copy()
        moved[columns] += np.array(signs) * slack[columns]
        found.append(reference.answers_of(trees, moved[None]))
    return found
