"""Rounding through the transforming steps of a pipeline.

Each step takes a bound on the error of its input, in units of eps, and gives the one of its
output: what came in, scaled as the step scales it, plus the Σ|terms| of the sums that it adds
up itself. Element by element arithmetic, as in scalers, is the same in every IEEE 754 engine
and adds nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.decomposition import PCA, IncrementalPCA, TruncatedSVD
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    RobustScaler,
    StandardScaler,
)

from convert.prove.rounding.columns import COLUMNS
from convert.prove.rounding.maps import MAPS
from convert.prove.rounding.supervised import SUPERVISED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Doubles = NDArray[np.float64]
    Step = Callable[[Any, Doubles, Doubles], Doubles | None]


def carry(step: Any, x: Doubles, error: Doubles) -> Doubles | None:
    """The error `(n, g)` of `step.transform(x)` from the error `(n, f)` of x; both in eps.

    None where the step's sums are not known here. A subclass may transform otherwise, so only
    the very classes count.
    """
    known = STEPS.get(type(step))
    return None if known is None else known(step, x, error)


def rows_of(value: Any) -> Doubles:
    """What a step handed over as a dense float64 array."""
    return np.asarray(value.toarray() if hasattr(value, "toarray") else value, dtype=np.float64)


def _divided(step: Any, x: Doubles, error: Doubles) -> Doubles:
    del x
    return error if step.scale_ is None else error / np.abs(step.scale_)


def _multiplied(step: Any, x: Doubles, error: Doubles) -> Doubles:
    del x
    return np.asarray(error * np.abs(step.scale_))


def _normalized(step: Any, x: Doubles, error: Doubles) -> Doubles:
    y = np.abs(step.transform(x))
    with np.errstate(all="ignore"):
        norm = np.where(y > 0, np.abs(x) / y, 0.0).max(axis=1, keepdims=True)
        norm[norm == 0] = 1.0
        moved = (error + y * (y * error).sum(axis=1, keepdims=True)) / norm
    own = 0.0 if step.norm == "max" else y
    return np.asarray(moved + own)


def _projected(step: Any, x: Doubles, error: Doubles) -> Doubles:
    weights = np.abs(step.components_).T
    total = (np.abs(x) + error) @ weights
    if hasattr(step, "mean_") and step.mean_ is not None:
        total = total + np.abs(step.mean_) @ weights
    if getattr(step, "whiten", False):
        deviation = np.sqrt(step.explained_variance_)
        total = total / np.maximum(deviation, np.finfo(np.float64).eps)
    return np.asarray(total)


STEPS: Mapping[type, Step] = {
    StandardScaler: _divided,
    RobustScaler: _divided,
    MaxAbsScaler: _divided,
    MinMaxScaler: _multiplied,
    Normalizer: _normalized,
    PCA: _projected,
    IncrementalPCA: _projected,
    TruncatedSVD: _projected,
    **COLUMNS,
    **MAPS,
    **SUPERVISED,
}
