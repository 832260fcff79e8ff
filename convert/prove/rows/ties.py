"""Rows on which two classes tie, or nearly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from convert.prove.reference import steps_of
from convert.prove.rounding import Rounding
from convert.prove.rounding.neighbors import is_neighbors_model, searches_neighbors
from convert.prove.rows.boundary import different_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from convert.prove.rows.context import Context, Rows

_TRIED_PER_KEPT = 8
_BETWEEN = 16
"""How many times its share a model without labels gets, which has no use for boundaries."""
_FRACTIONS = np.array([0.5, 0.5, 0.25])
_TINY = float(np.finfo(np.float64).tiny)


def ties(context: Context, count: int) -> Rows:
    """Midpoints and crossings of differently labelled samples, those with the least margin.

    Votes and averages of trees tie exactly on some of them, and neighbours are equally far from
    two samples on a midpoint. Where there are no labels, means are of neighbours: points between
    any two samples.
    """
    if context.decided_only:
        return np.empty((0, context.features))
    if context.labels is None:
        return _between(context, _BETWEEN * count)
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


def _between(context: Context, count: int) -> Rows:
    """Midpoints, quarter points and others between pairs of samples, if neighbours are searched.

    Half of them are where the last neighbour and the next are most nearly as far, beside their
    unit.
    """
    reference = context.reference
    samples = context.samples[np.isfinite(context.samples).all(axis=1)]
    if not len(samples) or not searches_neighbors(reference.estimator):
        return np.empty((0, context.features))
    rng = context.random()
    low, high = samples[rng.integers(len(samples), size=(2, count * _TRIED_PER_KEPT))]
    way = rng.choice(_FRACTIONS, size=(len(low), 1))
    way[::4] = rng.random((len(way[::4]), 1))
    rows = np.asarray(low * way + high * (1 - way))
    last = steps_of(reference.estimator)[-1][1]
    if not is_neighbors_model(last):
        return rows[:count]
    rim = _on_the_rim(last, samples[: count // 8], rows.shape[1])
    rows = np.concatenate([rim, rows])
    band = Rounding(reference, samples).band(rows)
    nearness = np.where(band.unit > 0, band.margin / np.maximum(band.unit, _TINY), band.margin)
    closest = np.argsort(nearness, kind="stable")[: count // 2]
    return np.concatenate([rows[closest], rows[len(rim) :][: count - len(closest)]])


def _on_the_rim(last: Any, samples: Rows, features: int) -> Rows:
    """Rows that lie a radius away from a sample, along one column."""
    radius = getattr(last, "radius", None)
    if radius is None or last.n_features_in_ != features:
        return samples[:0]
    steps = np.resize(np.concatenate([np.eye(features), -np.eye(features)]), samples.shape)
    return np.asarray(samples + radius * steps)


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
