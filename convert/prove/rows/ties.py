"""Rows on which two classes tie, or nearly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from convert.prove.rows.boundary import different_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from convert.prove.rows.context import Context, Rows

_TRIED_PER_KEPT = 8


def ties(context: Context, count: int) -> Rows:
    """Midpoints and crossings of differently labelled samples, those with the least margin.

    Votes and averages of trees tie exactly on some of them, and neighbours are equally far from
    two samples on a midpoint.
    """
    if context.decided_only:
        return np.empty((0, context.features))
    low, high = different_pairs(context, count * _TRIED_PER_KEPT // 2)
    if not len(low):
        return low
    rng = context.random()
    crossed = np.where(rng.random(low.shape) < rng.random((len(low), 1)), low, high)
    rows = np.concatenate([low / 2 + high / 2, crossed])
    margin = _margin(context, rows)
    closest = np.argsort(margin, kind="stable")[: count // 2]
    middle = np.arange(min(count - len(closest), len(low)))
    return np.concatenate([rows[closest], rows[middle]])


def _margin(context: Context, rows: Rows) -> NDArray[np.float64]:
    """`(n,)` distance of the two best scores of the first score output."""
    answers = context.reference.answers(rows)
    for output in context.reference.outputs:
        if output.kind == "score":
            return _two_best(answers[output.name])
    return np.zeros(len(rows))


def _two_best(scores: NDArray[Any]) -> NDArray[np.float64]:
    if scores.ndim == 1 or scores.shape[1] < 2:
        return np.asarray(np.abs(scores.reshape(len(scores), -1)[:, 0]), dtype=np.float64)
    best = np.sort(scores, axis=1)
    return np.asarray(best[:, -1] - best[:, -2], dtype=np.float64)
