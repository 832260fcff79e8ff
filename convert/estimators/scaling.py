"""Column and row scaling, with scikit-learn's own operations.

A reciprocal multiplication would differ from `X /= scale_` in the last bit, enough to send a
row down another branch of a tree behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    RobustScaler,
    StandardScaler,
)

from convert.estimators.arrays import dense
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor


def standard_scaler(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`StandardScaler.transform`: subtract `mean_`, divide by `scale_`."""
    y = x
    if estimator.with_mean:
        y = g.op("Sub", y, dense(estimator.mean_))
    if estimator.with_std:
        y = g.op("Div", y, dense(estimator.scale_))
    return _transform(estimator, y)


def min_max_scaler(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`MinMaxScaler.transform`: multiply by `scale_`, add `min_`, clip if asked."""
    y = g.op("Add", g.op("Mul", x, dense(estimator.scale_)), dense(estimator.min_))
    if estimator.clip:
        low, high = estimator.feature_range
        y = numpy_clip(g, y, float(low), float(high))
    return _transform(estimator, y)


def max_abs_scaler(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`MaxAbsScaler.transform`: divide by `scale_`, clip to [-1, 1] if asked."""
    y = g.op("Div", x, dense(estimator.scale_))
    if getattr(estimator, "clip", False):
        y = numpy_clip(g, y, -1.0, 1.0)
    return _transform(estimator, y)


def robust_scaler(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`RobustScaler.transform`: subtract `center_`, divide by `scale_`."""
    y = x
    if estimator.with_centering:
        y = g.op("Sub", y, dense(estimator.center_))
    if estimator.with_scaling:
        y = g.op("Div", y, dense(estimator.scale_))
    return _transform(estimator, y)


def normalizer(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`sklearn.preprocessing.normalize`: each row by its norm, near-zero norms left at 1."""
    axis = np.array([1], dtype=np.int64)
    if estimator.norm == "l1":
        norms = g.op("ReduceSum", g.op("Abs", x), axis, keepdims=1)
    elif estimator.norm == "l2":
        norms = g.op("Sqrt", g.op("ReduceSum", g.op("Mul", x, x), axis, keepdims=1))
    else:
        norms = g.op("ReduceMax", g.op("Abs", x), axis, keepdims=1)
    # `_handle_zeros_in_scale`
    tiny = g.op("Less", norms, 10 * np.finfo(np.float64).eps)
    return _transform(estimator, g.op("Div", x, g.op("Where", tiny, 1.0, norms)))


def numpy_clip(g: Graph, x: Tensor, low: float, high: float) -> Tensor:
    """`numpy.clip`, which passes NaN on; ONNX leaves NaN in `Clip` undefined."""
    clipped = g.op("Clip", x, low, high)
    return g.op("Where", g.op("IsNaN", x), x, clipped)


def _transform(estimator: Any, y: Tensor) -> Emission:
    return Emission({"transform": Scores(y, int(estimator.n_features_in_))})


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    MaxAbsScaler: max_abs_scaler,
    MinMaxScaler: min_max_scaler,
    Normalizer: normalizer,
    RobustScaler: robust_scaler,
    StandardScaler: standard_scaler,
}
