"""How far a score moves where columns and weights move by 8 eps: what rounding may make of it.

8 · eps · Σ|terms| of a sum of products is what each product may be off by 8 eps of itself, in
whichever of its factors. Where a score moves by more than the tolerance, as where the terms of a
sum cancel, a graph passes within the span that scikit-learn's answers have around the row.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.estimators.nesting import nested
from convert.prove.splits import is_tree_model

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from convert.graph.emitted import EmittedOutput
    from convert.prove.reference import Answers

    Doubles = NDArray[np.float64]
    Bounds = Mapping[str, tuple[Doubles, Doubles]]

_JUMPS = ("Binarizer", "KBinsDiscretizer", "OneHotEncoder", "OrdinalEncoder")


def is_continuous(estimator: Any) -> bool:
    """Whether nothing in it, at whatever depth, chooses: no tree, no neighbour, no category.

    Between two answers of an estimator that chooses lies none of its answers.
    """
    return not any(
        is_tree_model(one) or hasattr(one, "_fit_X") or type(one).__name__ in _JUMPS
        for one in nested(estimator)
    )


def with_moved_weights(estimator: Any, by: float, rng: np.random.Generator) -> Any:
    """A copy of it, each number that its training left moved by the share `by`, up or down.

    Sums of products that cancel behind the columns, as over the points of a kernel, show so alone.
    """
    moved = copy.deepcopy(estimator)
    for one in list(nested(moved)):
        for name, value in vars(one).items():
            if name.endswith("_") or name.startswith("_"):
                setattr(one, name, _moved(value, by, rng))
    return moved


def _moved(value: Any, by: float, rng: np.random.Generator) -> Any:
    if isinstance(value, list):
        return [_moved(part, by, rng) for part in value]
    if not isinstance(value, np.ndarray) or value.dtype != np.float64:
        return value
    return value * (1.0 + by * rng.choice([-1.0, 1.0], size=value.shape))


def span(
    rows: int, around: Mapping[int, Sequence[Answers]], outputs: Sequence[EmittedOutput]
) -> Bounds:
    """The least and the largest of the answers `around` some of the rows; NaN for the others."""
    found = {}
    for output in outputs:
        if output.kind != "score":
            continue
        low: Doubles | None = None
        for row, answers in around.items():
            every = np.stack([answer[output.name][0] for answer in answers])
            if low is None:
                low = np.full((rows, *every.shape[1:]), np.nan)
                high = low.copy()
            low[row], high[row] = every.min(axis=0), every.max(axis=0)
        if low is not None:
            found[output.name] = low, high
    return found


def filled(known: Bounds, asked: Bounds) -> Bounds:
    """The bounds that are known, and those that were asked for where none are."""
    found = dict(known)
    for name, (low, high) in asked.items():
        least, most = known.get(name, (low, high))
        unknown = np.isnan(least) | np.isnan(most)
        found[name] = np.where(unknown, low, least), np.where(unknown, high, most)
    return found
