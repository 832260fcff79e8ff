"""Isotonic regression: `numpy.interp` between the thresholds, as `interp1d` calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.isotonic import IsotonicRegression

from convert.errors import Unsupported
from convert.estimators import labels
from convert.estimators.arrays import dense
from convert.estimators.dummies import repeated
from convert.graph.emission import Check, Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor

_ROWS = np.array([1], dtype=np.int64)


def isotonic(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """Rows outside the thresholds are clipped, NaN or refused, as `out_of_bounds` says."""
    if estimator.X_thresholds_.dtype != np.float64:
        raise Unsupported(
            "IsotonicRegression fitted on float32 rows interpolates in float32",
            hint="fit it on float64 rows",
        )
    knots, values = dense(estimator.X_thresholds_), dense(estimator.y_thresholds_)
    checks: tuple[Check, ...] = ()
    if len(values) == 1:
        found = repeated(g, x, values[0])
    else:
        found, checks = _interpolated(g, estimator, x, knots, values)
    scores = Scores(found, None)
    return Emission({"predict": scores, "transform": scores}, checks=checks)


def _interpolated(
    g: Graph, estimator: Any, x: Tensor, knots: np.ndarray, values: np.ndarray
) -> tuple[Tensor, tuple[Check, ...]]:
    low, high = float(estimator.X_min_), float(estimator.X_max_)
    inside = g.op("Max", g.op("Min", x, high), low)
    reached = g.cast(g.op("GreaterOrEqual", inside, knots), np.float64)
    count = g.op("ReduceSum", reached, _ROWS, keepdims=1)
    at = g.cast(g.op("Sub", count, 1.0), np.int64)
    slope = np.append(np.diff(values) / np.diff(knots), 0.0)
    step = g.op("Sub", inside, g.op("Gather", knots, at))
    rise = g.op("Mul", g.op("Gather", slope, at), step)
    found = labels.flat(g, g.op("Add", rise, g.op("Gather", values, at)))
    if estimator.out_of_bounds == "clip":
        return found, ()
    outside = g.op("Not", g.op("Equal", labels.flat(g, inside), labels.flat(g, x)))
    if estimator.out_of_bounds == "raise":
        message = "a value outside of what IsotonicRegression was fitted on"
        return found, (Check(outside, message),)
    return g.op("Where", outside, np.nan, found), ()


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {IsotonicRegression: isotonic}
