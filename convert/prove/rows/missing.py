"""NaN and infinities, per column and together, where scikit-learn takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from convert.prove.rows.context import spread

if TYPE_CHECKING:
    from convert.prove.rows.context import Context, Rows


def missing(context: Context, count: int) -> Rows:
    """NaN in each column, in several and in all; none where NaN is refused."""
    if not context.policy.nan:
        return np.empty((0, context.features))
    return _with(context, count, (np.nan,))


def infinite(context: Context, count: int) -> Rows:
    """+Inf and -Inf likewise."""
    if not context.policy.infinite:
        return np.empty((0, context.features))
    return _with(context, count, (np.inf, -np.inf))


def _with(context: Context, count: int, values: tuple[float, ...]) -> Rows:
    rng = context.random()
    f = context.features
    each = spread(f, count // (2 * len(values)), rng)
    single, several = [], []
    for value in values:
        rows = context.base(rng, len(each))
        rows[np.arange(len(each)), each] = value
        single.append(rows)
        rows = context.base(rng, max(count // (2 * len(values)) - 1, 1))
        rows[rng.random(rows.shape) < rng.uniform(0.05, 0.95, size=(len(rows), 1))] = value
        several += [rows, np.full((1, f), value)]
    return np.concatenate([*single, *several])
