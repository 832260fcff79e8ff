"""Rows on which other devices are held to the scores, whatever order they add up in."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np

from convert.prove.rounding.moved import is_continuous

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from convert.prove.case import Case

_DRAWS = 2
_STEP = 2.0**-46
"""Of a column, 64 eps: what adding up in another order may make of a sum is less."""


def well_conditioned(case: Case) -> NDArray[np.bool_]:
    """Of every probe `(n,)`, whether another order of additions gives scores within tolerance.

    Asked of scikit-learn on columns a few eps smaller, where it does not choose: another device
    is held to the other rows alone. A kernel that decides on the samples only, for a distance
    of exactly zero is the same in every order, is held to them all the same.
    """
    rows, rng = case.probes.rows, np.random.default_rng(case.seed)
    uncancelled = ~case.probes.cancelling
    reference = case.reference
    scored = any(output.kind == "score" for output in reference.outputs)
    if reference.codec is not None or not scored or not is_continuous(reference.estimator):
        return uncancelled
    steady = uncancelled
    for _ in range(_DRAWS):
        # No column becomes larger, for scikit-learn may raise there.
        with contextlib.suppress(Exception):
            moved = reference.answers(rows * (1.0 - _STEP * rng.uniform(size=rows.shape)))
            steady = steady & ~case.scores_depart(moved)
    return steady if (steady & case.decided()).any() else uncancelled
