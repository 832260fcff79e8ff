"""Columns at their ends and beyond: zeros of both signs, subnormals, 1e±30, the limit itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from convert.prove.reference import quiet
from convert.prove.rows.context import spread

if TYPE_CHECKING:
    from convert.prove.rows.context import Context, Rows

_VALUES = (0.0, 5e-324, 2.2250738585072014e-308, 1e-30, 1e-8, 1.0, 1e8, 1e16, 1e30, 1e100, 1e300)

_LAST = (4.5e307, 8.9e307, 9e307, 1e308, 1.7976931348623157e308)
"""Up to the largest double: their differences and doubles overflow, not their squares alone."""


def extremes(context: Context, count: int) -> Rows:
    """Constant rows, and samples with one column at an extreme."""
    rng = context.random()
    values = _values(context)
    f = context.features
    constant = np.repeat(values[:, None], f, axis=1)
    with quiet():  # a column of nothing but NaN
        low, high = np.nanmin(context.samples, axis=0), np.nanmax(context.samples, axis=0)
    ends = np.stack([low, high, (low + high) / 2])
    column = np.repeat(np.arange(f), len(values) + 2)
    value = np.tile(np.arange(len(values) + 2), f)
    chosen = spread(len(column), max(count - len(constant) - len(ends), 0), rng)
    rows = context.base(rng, len(chosen))
    at = value[chosen]
    own = np.where(at == len(values), low[column[chosen]], high[column[chosen]])
    rows[np.arange(len(rows)), column[chosen]] = np.where(
        at < len(values), values[np.minimum(at, len(values) - 1)], own
    )
    return np.concatenate([constant, ends, rows])


def scaled(context: Context, count: int) -> Rows:
    """Samples multiplied by finely spaced factors, which takes scores through every size.

    Probabilities saturate, underflow and become subnormal on the way.
    """
    rng = context.random()
    factors = np.geomspace(2.0**-12, 2.0**12, max(count, 1))
    return np.asarray(context.base(rng, count) * factors[:count, None])


def _values(context: Context) -> Rows:
    every = (*_VALUES, *_LAST)
    values = [*every, *(-value for value in every)]
    limit = context.policy.limit
    if limit is not None:
        below = float(np.nextafter(limit, 0.0))
        values += [limit, -limit, below, -below, limit / 3]
    return np.array([v for v in values if limit is None or abs(v) <= limit])
