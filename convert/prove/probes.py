"""All rows of one proof, by kind, within the budget of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from convert.prove import rows
from convert.prove.rows.context import spread
from convert.prove.rows.thresholds import total

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from convert.prove.rows.context import Context

    Rows = NDArray[np.float64]
    Maker = Callable[[Context, int], Rows]

REFUSED_PER_KIND = 30
"""scikit-learn is asked about refused rows one by one."""

_THRESHOLD = "tree threshold"
_CANCELLING = "cancelling sum"

SHARES: Sequence[tuple[str, Maker, float]] = (
    (_THRESHOLD, rows.thresholds, 0.55),
    ("decision boundary", rows.boundary, 0.10),
    ("tie", rows.ties, 0.03),
    ("column extreme", rows.extremes, 0.15),
    ("word", rows.words, 0.12),
    ("scaled sample", rows.scaled, 0.06),
    (_CANCELLING, rows.cancelling, 0.02),
    ("NaN", rows.missing, 0.06),
    ("infinity", rows.infinite, 0.06),
)
"""Kinds beside the samples, with their shares of the budget; what trees do not use is left."""

SAMPLES_SHARE = 0.35


@dataclass(frozen=True)
class Probes:
    """`rows` is `(n, f)`; `kinds[kind_of[i]]` names the kind of row i."""

    rows: Rows
    kinds: tuple[str, ...]
    kind_of: NDArray[np.intp]
    notes: tuple[str, ...] = ()
    refused: Rows | None = None
    """`(m, f)`: rows of all kinds that the graph says scikit-learn raises on."""

    def count(self, kind: int) -> int:
        """Rows of one kind."""
        return int((self.kind_of == kind).sum())

    @property
    def cancelling(self) -> NDArray[np.bool_]:
        """Of every row `(n,)`, whether it was made for the terms of a sum to cancel."""
        cancel = [number for number, kind in enumerate(self.kinds) if kind == _CANCELLING]
        return np.isin(self.kind_of, cancel)

    def stratified(self, limit: int, rng: np.random.Generator) -> NDArray[np.intp]:
        """At most about `limit` rows, every kind among them."""
        each = max(limit // max(len(self.kinds), 1), 1)
        parts = []
        for kind in range(len(self.kinds)):
            mine = np.flatnonzero(self.kind_of == kind)
            parts.append(mine[spread(len(mine), each, rng)])
        return np.sort(np.concatenate(parts))


def used_samples(samples: Rows, budget: int, rng: np.random.Generator) -> Rows:
    """The user's samples, or as many at random as the budget allows."""
    return samples[spread(len(samples), max(int(budget * SAMPLES_SHARE), 1), rng)]


def gather(context: Context, budget: int) -> Probes:
    """Make every kind of row; rows that the policy refuses are dropped, refused ones apart."""
    kinds, parts = ["sample"], [context.samples]
    refusals, refused = context.reference.refusals, []
    codec = context.reference.codec
    for kind, make, share in SHARES:
        made = make(context, int(budget * share))
        if codec is not None:
            made = codec.canonical(made)
        made = made[context.policy.admits(made)]
        if refusals is not None:
            made, marked = refusals.split(made)
            refused.append(marked[spread(len(marked), REFUSED_PER_KIND, context.random())])
        if len(made):
            kinds.append(kind)
            parts.append(made)
    kind_of = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return Probes(
        np.concatenate(parts),
        tuple(kinds),
        kind_of,
        _coverage(context, kinds, kind_of),
        np.concatenate(refused) if refused else None,
    )


def _coverage(context: Context, kinds: list[str], kind_of: NDArray[np.intp]) -> tuple[str, ...]:
    every = total(context.reference.estimator)
    if not every:
        return ()
    tried = kind_of == kinds.index(_THRESHOLD) if _THRESHOLD in kinds else kind_of < 0
    return (f"{int(tried.sum())} rows at {every} tree thresholds, drawn with a fixed seed",)
