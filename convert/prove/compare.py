"""One answer against another: labels for equality, scores within a declared bound.

    |got - want| <= tolerance * max(|want|, S)

The tolerance is 1e-9 in double precision and what is declared in float32; S is the output's
largest |score| over the samples. NaN equals NaN, an infinity equals itself. Rows that the
rounding band leaves undecided pass with a tied answer and are counted, as are scores of which
rounding makes more than the tolerance, within the bounds of that rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from convert.graph.emitted import EmittedOutput
    from convert.prove.rounding.band import Band

RELATIVE_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Compared:
    """What one output showed on n rows."""

    differ: NDArray[np.bool_]
    """`(n,)`: rows that refuse the graph."""
    excused: NDArray[np.bool_]
    """`(n,)`: rows that differ and pass as undecided."""
    difference: NDArray[np.float64]
    """`(n,)`: |got - want| / max(|want|, S); for labels 0."""


def largest(scores: NDArray[Any]) -> float:
    """S: the largest finite |score|, 0 where there is none."""
    finite = np.abs(scores[np.isfinite(scores)])
    return float(finite.max()) if finite.size else 0.0


def label_differs(got: NDArray[Any], want: NDArray[Any]) -> NDArray[np.bool_]:
    """`(n,)`: any label of the row differs."""
    unequal = np.asarray(got != want).reshape(len(want), -1)
    return np.asarray(unequal.any(axis=1))


def score_difference(got: NDArray[Any], want: NDArray[Any], scale: float) -> NDArray[np.float64]:
    """`(n,)`: the largest |got - want| / max(|want|, S), infinite for NaN against a number."""
    got = np.asarray(got, dtype=np.float64).reshape(len(want), -1)
    want = np.asarray(want, dtype=np.float64).reshape(len(want), -1)
    with np.errstate(all="ignore"):
        bound = np.maximum(np.abs(want), scale)
        relative = np.abs(got - want) / bound
        relative = np.where(bound == 0, np.where(got == want, 0.0, np.inf), relative)
    same = (got == want) | (np.isnan(got) & np.isnan(want))
    comparable = np.isfinite(got) & np.isfinite(want)
    # A difference of two large finite numbers may overflow: infinite, and so refused.
    relative = np.where(same, 0.0, np.where(comparable, relative, np.inf))
    return np.asarray(relative.max(axis=1, initial=0.0))


def compare(
    output: EmittedOutput,
    got: NDArray[Any],
    want: NDArray[Any],
    *,
    scale: float,
    band: Band,
    tolerance: float = RELATIVE_TOLERANCE,
) -> Compared:
    """Judge the rows of one output; both arrays have n rows."""
    if output.kind == "label":
        unequal = label_differs(got, want)
        difference = np.zeros(len(want))
    else:
        difference = score_difference(got, want, scale)
        unequal = ~(difference <= tolerance)
    excused = np.zeros(len(want), dtype=bool)
    for row in np.flatnonzero(unequal & band.undecided):
        excused[row] = _is_tied(output, got[row : row + 1], int(row), scale, band, tolerance)
    if output.name in band.bounds:
        # Both, for bounds are those of one answer, and scikit-learn may give integers another.
        bounds = band.bounds[output.name]
        excused |= (
            unequal
            & _is_within(bounds, got, scale, tolerance)
            & _is_within(bounds, want, scale, tolerance)
        )
    return Compared(unequal & ~excused, excused, np.where(excused, 0.0, difference))


def _is_within(
    bounds: tuple[NDArray[np.float64], NDArray[np.float64]],
    got: NDArray[Any],
    scale: float,
    tolerance: float,
) -> NDArray[np.bool_]:
    """`(n,)`: whether every score of a row lies between its bounds, or within tolerance of them.

    Nothing passes where the bounds are NaN, and anything, NaN too, where they are infinite.
    """
    low, high = bounds
    with np.errstate(all="ignore"):
        inside = got >= low - tolerance * np.maximum(np.abs(low), scale)
        inside &= got <= high + tolerance * np.maximum(np.abs(high), scale)
    inside |= np.isneginf(low) & np.isposinf(high)
    return np.asarray(inside.reshape(len(got), -1).all(axis=1))


def _is_tied(
    output: EmittedOutput,
    got: NDArray[Any],
    row: int,
    scale: float,
    band: Band,
    tolerance: float,
) -> bool:
    """Whether an undecided row got one of its tied answers."""
    if output.kind == "label" and band.tied is not None and band.allows(row, got):
        return True
    ask = band.alternatives.get(row)
    for answers in () if ask is None else ask():
        answer = answers[output.name]
        if isinstance(answer, tuple):
            if _is_within(answer, got, scale, tolerance)[0]:
                return True
        elif output.kind == "label":
            if not label_differs(got, answer)[0]:
                return True
        elif score_difference(got, answer, scale)[0] <= tolerance:
            return True
    return False
