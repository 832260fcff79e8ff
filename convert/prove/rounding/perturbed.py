"""Models whose terms are not to be had, such as votes over linear members: they are asked.

8 · eps · Σ|terms| of a sum of products is what each product may be off by 8 eps of itself. So
each column of a row is moved by 8 eps of itself, up or down at random, and where that moves
scikit-learn's own answer, rounding decides it: the row is undecided, and what scikit-learn
answered on the way is what passes. A composite of trees alone is not asked: trees have no band.
"""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.prove.compare import RELATIVE_TOLERANCE, label_differs, largest, score_difference
from convert.prove.reference import quiet, steps_of
from convert.prove.rounding.band import EPS, UNITS, Band
from convert.prove.rounding.moved import is_continuous, span, with_moved_weights
from convert.prove.rounding.terms import carry
from convert.prove.splits import flattened, is_tree_model

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from convert.prove.reference import Answers, Reference

    Doubles = NDArray[np.float64]

DRAWS = 32
WEIGHT_DRAWS = 16
_SEED = 7

_SUMS_OF_MEMBERS = (
    "AdaBoostClassifier",
    "AdaBoostRegressor",
    "BaggingClassifier",
    "BaggingRegressor",
    "MultiOutputClassifier",
    "MultiOutputRegressor",
    "VotingClassifier",
    "VotingRegressor",
)
"""They add or count their members' answers in a fixed order, and nothing else."""


def is_made_of_trees(estimator: Any, columns: int) -> bool:
    """Whether every part of it is a tree model, or scales columns with no rounding of its own."""
    *before, (_, last) = steps_of(estimator)
    if any(not _is_exact(step, columns) for _, step in before):
        return False
    if is_tree_model(last):
        return True
    if type(last).__name__ not in _SUMS_OF_MEMBERS:
        return False
    return all(is_made_of_trees(part, columns) for part in flattened(last.estimators_))


def _is_exact(step: Any, columns: int) -> bool:
    """Whether it scales column by column, with no rounding but that of one operation."""
    if getattr(step, "n_features_in_", columns) != columns:
        return False
    try:
        with quiet():
            error = carry(step, np.zeros((1, columns)), np.zeros((1, columns)))
    except (ValueError, TypeError):  # it reads text, which no band is measured on
        return False
    return error is not None and not error.any()


class Perturbed:
    """What an estimator answered around the rows that it was asked about."""

    def __init__(self, reference: Reference, samples: Doubles) -> None:
        self._reference = reference
        answers = reference.answers(samples)
        self._scales = {
            o.name: largest(answers[o.name]) for o in reference.outputs if o.kind == "score"
        }
        self._is_continuous = is_continuous(reference.estimator)
        self._around: dict[int, Sequence[Answers]] = {}
        self._asked: set[int] = set()

    def band(self, X: Doubles, rows: NDArray[np.intp]) -> Band:
        """The band of X `(n, f)` as far as `rows` and all rows before them tell."""
        new = np.array([row for row in rows if int(row) not in self._asked], dtype=np.intp)
        if len(new):
            self._ask(X, new)
        margin, unit = np.full(len(X), np.inf), np.zeros(len(X))
        moved = np.fromiter(self._around, dtype=np.intp, count=len(self._around))
        margin[moved], unit[moved] = 0.0, 1.0
        ways = {row: partial(_same, found) for row, found in self._around.items()}
        return Band(margin, unit, alternatives=ways)

    def spans(self, X: Doubles, rows: NDArray[np.intp]) -> Mapping[str, tuple[Doubles, Doubles]]:
        """Bounds of the scores of X `(n, f)`, as far as `rows` and all rows before them tell."""
        self.band(X, rows)
        return span(len(X), self._around, self._reference.outputs)

    @property
    def rows(self) -> NDArray[np.intp]:
        """All rows that were asked about."""
        return np.array(sorted(self._asked), dtype=np.intp)

    def _ask(self, X: Doubles, rows: NDArray[np.intp]) -> None:
        self._asked.update(int(row) for row in rows)
        rng = np.random.default_rng(_SEED)
        base = self._reference.answers(X[rows])
        draws = []
        for _ in range(DRAWS):
            signs = rng.integers(0, 2, size=X[rows].shape) * 2.0 - 1.0
            with np.errstate(all="ignore"):
                moved = X[rows] * (1.0 + UNITS * EPS * signs)
                # The largest doubles stay: scikit-learn raises on an infinity.
                moved = np.where(np.isinf(moved), X[rows], moved)
                draws.append(self._reference.answers(moved))
        alone: list[Answers] = []
        if self._is_continuous:
            # BLAS adds up in another order: of a row that moves, an answer as good as the others.
            with contextlib.suppress(Exception):
                alone.append(self._reference.one_by_one(X[rows]))
        frame = self._reference.frame(X[rows])
        for _ in range(WEIGHT_DRAWS if self._is_continuous else 0):
            other = with_moved_weights(self._reference.estimator, UNITS * EPS, rng)
            draws.append(self._reference.answers_of(other, frame))
        moving = np.any([self._moves(base, draw) for draw in draws], axis=0)
        for at in np.flatnonzero(moving):
            own, *seen = (
                {name: a[at : at + 1] for name, a in draw.items()}
                for draw in (base, *draws, *alone)
            )
            self._around[int(rows[at])] = [own, *seen]

    def _moves(self, own: Answers, other: Answers) -> NDArray[np.bool_]:
        """`(n,)`: rows of which an answer is another."""
        moves = []
        for output in self._reference.outputs:
            a, b = own[output.name], other[output.name]
            if output.kind == "label":
                moves.append(label_differs(b, a))
            else:
                difference = score_difference(b, a, self._scales[output.name])
                moves.append(~(difference <= RELATIVE_TOLERANCE))
        return np.asarray(np.any(moves, axis=0))


def _same(found: Sequence[Answers]) -> Sequence[Answers]:
    return found
