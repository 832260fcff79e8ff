"""Rows on both sides of a decision, as close as doubles allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from convert.prove.bisection import OUTWARD, ROWS_PER_PAIR, bisect_rows, with_outward
from convert.prove.compare import RELATIVE_TOLERANCE, label_differs
from convert.prove.reference import steps_of
from convert.prove.splits import is_tree_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from convert.prove.rows.context import Context, Rows

_STRAIGHT_STEPS = 40
_NEAR, _FAR = 16.0, 256.0
"""Tolerances of a float32 graph that rows lie outside of the boundary, of the way to a sample."""


def boundary(context: Context, count: int) -> Rows:
    """Pairs of samples with different labels, bisected: both ends, and rows a little outside.

    Where rounding cannot be told apart from deciding, the rows outside alone.
    """
    low, high = different_pairs(context, count // ROWS_PER_PAIR)
    if not len(low):
        return low
    wanted = _labels(context, low)

    def is_low(rows: Rows) -> NDArray[np.bool_]:
        repeated = np.concatenate([wanted] * (len(rows) // len(wanted)))
        return ~label_differs(_labels(context, rows), repeated)

    # Trees compare columns one by one: counting through doubles alone leads to a threshold too.
    trees = is_tree_model(steps_of(context.reference.estimator)[-1][1])
    straight = 0 if trees else _STRAIGHT_STEPS
    ends = bisect_rows(low, high, is_low, straight_steps=straight, quarters=trees)
    tolerance = context.reference.tolerance
    declared = (_NEAR * tolerance, _FAR * tolerance)
    ways = OUTWARD if tolerance == RELATIVE_TOLERANCE else declared
    rows = with_outward((low, high), ends, ways=ways)
    return rows[2 * len(low) :] if context.decided_only else rows


def different_pairs(context: Context, count: int) -> tuple[Rows, Rows]:
    """Finite pairs of samples that scikit-learn labels differently, `(count, f)` each or fewer."""
    nothing = np.empty((0, context.features))
    usable = np.isfinite(context.samples).all(axis=1)
    if context.labels is None or not usable.any():
        return nothing, nothing
    samples, labels = context.samples[usable], context.labels[usable]
    values, codes = np.unique(labels, return_inverse=True)
    if len(values) < 2:
        return nothing, nothing
    rng = context.random()
    left = np.array([rng.choice(np.flatnonzero(codes == i % len(values))) for i in range(count)])
    shift = rng.integers(1, len(values), size=count)
    other = (codes[left] + shift) % len(values)
    right = np.array([rng.choice(np.flatnonzero(codes == code)) for code in other])
    return samples[left], samples[right]


def _labels(context: Context, rows: Rows) -> NDArray[np.object_]:
    output = next(o for o in context.reference.outputs if o.kind == "label")
    reference = context.reference
    return reference.answer_of(reference.estimator, output, reference.frame(rows))
