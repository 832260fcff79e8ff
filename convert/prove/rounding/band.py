"""Which rows are undecided, and what passes there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    Alternative = Mapping[str, NDArray[Any] | tuple[NDArray[np.float64], NDArray[np.float64]]]
    """By output name an answer `(1, ...)`, or the bounds of one."""

EPS = float(np.finfo(np.float64).eps)
UNITS = 8.0
"""A decision's rounding unit is 8 · eps · Σ|terms|."""


@dataclass(frozen=True)
class Band:
    """The margin of n rows and the rounding unit that it is measured against.

    A row is undecided where its margin lies under its unit. Equal to it, or both zero as at an
    exact tie of a forest, is decided: scikit-learn's own tie rule is then required.
    """

    margin: NDArray[np.float64]
    unit: NDArray[np.float64]
    tied: NDArray[np.bool_] | None = None
    """`(n, k)`: classes within their unit of the winner; None where labels are not classes."""
    classes: NDArray[Any] | None = None
    """`(k,)` labels behind `tied`, as the graph gives them."""
    alternatives: Mapping[int, Callable[[], Sequence[Alternative]]] = field(default_factory=dict)
    """By row: asks for the estimator's answers with a rounding-sized step made the other way."""
    bounds: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]] = field(
        default_factory=dict
    )
    """By score output: the least and the largest `(n, ...)` that rounding can make of it, where
    that is more than the tolerance, as for the root of a square that cancels."""

    @property
    def undecided(self) -> NDArray[np.bool_]:
        """`(n,)`."""
        return np.asarray((self.margin < self.unit) & np.isfinite(self.unit))

    def decided_at(self, rows: NDArray[np.bool_]) -> Band:
        """The same band with some rows `(n,)` decided, whatever their margin."""
        return replace(self, unit=np.where(rows, 0.0, self.unit))

    def allows(self, row: int, label: NDArray[Any]) -> bool:
        """Whether a label `(1,)` is one of the row's tied classes."""
        assert self.tied is not None
        assert self.classes is not None
        return bool((self.classes[self.tied[row]] == label[0]).any())

    def take(self, rows: NDArray[np.intp]) -> Band:
        """The band of some of the rows."""
        return Band(
            self.margin[rows],
            self.unit[rows],
            None if self.tied is None else self.tied[rows],
            self.classes,
            {
                new: self.alternatives[int(old)]
                for new, old in enumerate(rows)
                if int(old) in self.alternatives
            },
            {name: (low[rows], high[rows]) for name, (low, high) in self.bounds.items()},
        )


def no_band(n: int) -> Band:
    """Every row decided: nothing is excused."""
    return Band(np.full(n, np.inf), np.zeros(n))


def either(asked: Band, measured: Band) -> Band:
    """Undecided where one of the two says so; what either lets pass, passes.

    `asked` knows answers, `measured` tied classes.
    """
    moved = asked.undecided
    return Band(
        np.where(moved, asked.margin, measured.margin),
        np.where(moved, asked.unit, measured.unit),
        measured.tied,
        measured.classes,
        asked.alternatives,
    )


def score_bounds(
    scores: NDArray[np.float64], terms: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What rounding makes of sums at least and at most: 8 · eps · Σ|terms| either way.

    A sum is as good as its absolute terms (N. J. Higham, Accuracy and Stability of Numerical
    Algorithms, section 3.1): where they cancel, that is more than 1e-9 of what is left. NaN, which
    lets nothing pass, where the terms overflow.
    """
    with np.errstate(all="ignore"):
        unit = UNITS * EPS * np.where(np.isfinite(terms), terms, np.nan)
        return scores - unit, scores + unit


def class_band(
    scores: NDArray[np.float64],
    terms: NDArray[np.float64],
    classes: NDArray[Any],
    never: NDArray[np.bool_] | None = None,
) -> Band:
    """The band of an argmax over `(n, k)` scores, or of the sign of `(n,)`.

    `terms` is Σ|terms| of each score. The margin of two classes carries both their sums.
    Classes that are `never` chosen `(k,)` tie with none: they add what an earlier one adds.
    """
    if scores.ndim == 1:
        unit = UNITS * EPS * terms
        sides = np.stack([scores < unit, scores > -unit], axis=1)
        sides[np.arange(len(scores)), (scores > 0).astype(int)] = True
        return Band(np.abs(scores), unit, sides, classes)
    rows = np.arange(len(scores))
    top = scores.argmax(axis=1)
    with np.errstate(all="ignore"):
        gap = scores[rows, top][:, None] - scores
        unit = UNITS * EPS * (terms[rows, top][:, None] + terms)
        nearness = np.where(unit > 0, gap / unit, np.where(gap > 0, np.inf, 1.0))
    nearness[rows, top] = np.inf
    nearness = np.where(np.isnan(nearness), np.inf, nearness)
    tied = gap < unit
    if never is not None:
        nearness[:, never], tied[:, never] = np.inf, False
    rival = nearness.argmin(axis=1)
    tied[rows, top] = True
    margin = np.where(np.isinf(nearness[rows, rival]), np.inf, gap[rows, rival])
    return Band(margin, unit[rows, rival], tied, classes)
