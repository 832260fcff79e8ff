"""Rows far larger than the samples, along which a score's terms cancel.

A linear model's prediction for a row orthogonal to its weights is small however large the row is:
what is left of a sum of large terms is their rounding. Two large rows whose scores lie on either
side of the samples' middle one are drawn together, until the score between them is that.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np

from convert.prove.bisection import bisect_rows
from convert.prove.compare import RELATIVE_TOLERANCE
from convert.prove.policy import rounds_its_own_way
from convert.prove.rounding.moved import is_continuous

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from convert.graph.emitted import EmittedOutput
    from convert.prove.rows.context import Context, Rows

    Doubles = NDArray[np.float64]

_EXPONENTS = (8.0, 60.0)
"""Powers of two beyond the samples: doubles hold 53 bits, and 1e-9 is about 2^-30."""
_STEPS = 44
_VERBS = ("decision_function", "predict", "transform")


def cancelling(context: Context, count: int) -> Rows:
    """Both ends of pairs of large rows, bisected to where a score is the samples' middle one.

    None where a score may jump, where nobody can tell what rounding makes of it, or where
    scikit-learn raises so far from the samples: a step before has overflowed.
    """
    output = _score(context)
    usable = context.samples[np.isfinite(context.samples).all(axis=1)]
    if output is not None and len(usable):
        with contextlib.suppress(Exception):
            return _bisected(context, output, usable, count // 2)
    return np.empty((0, context.features))


def _bisected(context: Context, output: EmittedOutput, samples: Rows, count: int) -> Rows:
    levels = np.median(_scores(context, output, samples), axis=0)
    rng = context.random()
    low, high = _far_pairs(context, samples, count, rng)
    column = rng.integers(len(levels), size=len(low))

    def is_above(rows: Rows, column: NDArray[np.intp]) -> NDArray[np.bool_]:
        scores = _scores(context, output, rows)[np.arange(len(rows)), column]
        return np.asarray(scores > levels[column])

    above = is_above(low, column)
    apart = above != is_above(high, column)
    above, column = above[apart], column[apart]
    if not len(above):
        return np.empty((0, context.features))
    ends = bisect_rows(
        low[apart], high[apart], lambda rows: is_above(rows, column) == above, straight_steps=_STEPS
    )
    return np.concatenate(ends)


def _score(context: Context) -> EmittedOutput | None:
    """The output whose terms are made to cancel."""
    reference = context.reference
    is_double = reference.tolerance == RELATIVE_TOLERANCE
    if not is_double or reference.codec is not None or rounds_its_own_way(reference):
        return None
    if not is_continuous(reference.estimator):
        return None
    scores = [o for o in reference.outputs if o.kind == "score" and o.target is None]
    return next((o for verb in _VERBS for o in scores if o.verb == verb), None)


def _scores(context: Context, output: EmittedOutput, rows: Rows) -> Doubles:
    """`(n, k)`."""
    reference = context.reference
    found = reference.answer_of(reference.estimator, output, reference.frame(rows))
    return np.asarray(found, dtype=np.float64).reshape(len(rows), -1)


def _far_pairs(
    context: Context, samples: Rows, count: int, rng: np.random.Generator
) -> tuple[Rows, Rows]:
    """Rows of every size, each with one on the other side of the origin and not opposite to it."""
    size = np.abs(samples).max(axis=0)
    size[size == 0] = 1.0
    far = 2.0 ** rng.uniform(*_EXPONENTS, size=(count, 1))
    low = far * size * rng.choice([-1.0, 1.0], size=(count, len(size)))
    low *= rng.uniform(0.5, 1.0, size=low.shape)
    high = -low * rng.uniform(0.25, 1.0, size=low.shape)
    limit = context.policy.limit
    if limit is not None:
        low, high = np.clip(low, -limit, limit), np.clip(high, -limit, limit)
    kept = np.isfinite(low).all(axis=1) & np.isfinite(high).all(axis=1)
    return low[kept], high[kept]
