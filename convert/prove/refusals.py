"""Rows on which scikit-learn raises, as the graph marks them.

The estimator must be asked about the others in batches, so a marked row is repaired first: the
columns that a mark can come from get the values of a sample, or else the whole row does. The
marks themselves are then held against the estimator, row by row, both ways.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from convert.errors import NotExact

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Rows = NDArray[np.float64]
    Verdict = Callable[[Rows], NDArray[np.bool_]]

_STRANGE = (0.4406867935097715, -7.0, 1e30, -1e30, np.nan, np.inf)
"""Values that are no category, no code and near no training row."""
_COLUMNS_AT_ONCE = 128


@dataclass(frozen=True)
class Refusals:
    """The graph's verdict on rows, and how a refused row becomes one that is answered."""

    verdict: Verdict
    """bool `(n,)` of rows `(n, f)`: scikit-learn is said to raise."""
    stand_in: Rows
    """`(f,)`: a sample."""
    pinned: NDArray[np.bool_]
    """`(f,)`: columns in which a strange value alone has the stand-in refused."""

    def repaired(self, X: Rows) -> Rows:
        """X with every refused row replaced by one that is answered."""
        refused = np.flatnonzero(self.verdict(X))
        if not len(refused):
            return X
        rows = self._pinned_rows(X[refused])
        rows[self.verdict(rows)] = self.stand_in
        found = X.copy()
        found[refused] = rows
        return found

    def split(self, X: Rows) -> tuple[Rows, Rows]:
        """Rows to compare, as many as can be repaired among them, and the refused ones."""
        marked = self.verdict(X)
        refused = X[marked]
        kept = X.copy()
        kept[marked] = self._pinned_rows(refused)
        return kept[~self.verdict(kept)], refused

    def _pinned_rows(self, rows: Rows) -> Rows:
        return np.where(self.pinned, self.stand_in, rows)


def find_refusals(verdict: Verdict, samples: Rows, hanging: Verdict) -> Refusals:
    """Learn from the graph which columns its marks come from.

    `hanging` says of rows that scikit-learn answers them otherwise on another processor.

    Raises:
        NotExact: it refuses a sample, which scikit-learn answers, or answers in several ways.
    """
    marked = verdict(samples)
    if marked.any() and hanging(samples[marked]).all():
        raise NotExact(
            "scikit-learn disagrees with itself from processor to processor: KNNImputer takes "
            "its donors among equally far ones by numpy's argpartition",
            expected="samples on whose donors only their distances decide",
            actual=f"sample {int(marked.argmax())} and {int(marked.sum()) - 1} more have "
            "donors of different values that are equally far, or weights that rounding makes",
            hint="leave such samples out, and the device refuses such rows; or take "
            "n_neighbors as large as the training, IterativeImputer or SimpleImputer",
        )
    if marked.any():
        raise NotExact(
            "the exported graph refuses a sample that scikit-learn answers",
            expected="an answer",
            actual=f"sample {int(marked.argmax())} and {int(marked.sum()) - 1} more are refused",
        )
    stand_in = samples[0]
    pinned = np.zeros(len(stand_in), dtype=bool)
    for start in range(0, len(stand_in), _COLUMNS_AT_ONCE):
        columns = np.arange(start, min(start + _COLUMNS_AT_ONCE, len(stand_in)))
        for value in _STRANGE:
            rows = np.tile(stand_in, (len(columns), 1))
            rows[np.arange(len(columns)), columns] = value
            pinned[columns] |= verdict(rows)
    return Refusals(verdict, stand_in, pinned)
