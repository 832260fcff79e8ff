"""Kernels between rows and fixed points: `sklearn.metrics.pairwise.pairwise_kernels`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.preprocessing import Normalizer, normalize

from convert.errors import Unsupported
from convert.estimators.arrays import Doubles, dense
from convert.estimators.callables import REGISTER, name_of
from convert.estimators.distances import Minkowski, reduced_distances
from convert.estimators.scaling import normalizer
from convert.graph.emission import Check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convert.graph.builder import Graph, Tensor

KERNELS = (
    "additive_chi2",
    "chi2",
    "cosine",
    "laplacian",
    "linear",
    "poly",
    "polynomial",
    "rbf",
    "sigmoid",
)

_LAST = np.array([2], dtype=np.int64)


def pairwise_kernel(
    g: Graph, x: Tensor, points: Any, kernel: Any, settings: Mapping[str, Any]
) -> tuple[Tensor, tuple[Check, ...]]:
    """`(n, m)` kernel values, and the rows that the kernel raises on.

    `settings` holds gamma, degree and coef0 as far as the kernel has them, None for its own
    default.

    Raises:
        Unsupported: a callable kernel, or one that is not in KERNELS.
    """
    if not isinstance(kernel, str) or kernel not in KERNELS:
        raise Unsupported(
            "this kernel has no exact converter",
            expected=", ".join(KERNELS),
            actual=kernel if isinstance(kernel, str) else name_of(kernel),
            hint=f"use one of the named kernels, {REGISTER}",
        )
    y = dense(points)
    if kernel in ("chi2", "additive_chi2"):
        return _chi2(g, x, y, settings if kernel == "chi2" else None), (_negative(g, x),)
    if kernel == "cosine":
        unit = normalizer(g, Normalizer().fit(y), x).transformed
        return g.op("MatMul", unit, normalize(y).T), ()
    if kernel == "linear":
        return g.op("MatMul", x, y.T), ()
    gamma = 1.0 / y.shape[1] if settings.get("gamma") is None else float(settings["gamma"])
    if kernel == "rbf":
        return g.op("Exp", g.op("Mul", squared_euclidean(g, x, y), -gamma)), ()
    if kernel == "laplacian":
        return g.op("Exp", g.op("Mul", reduced_distances(g, x, y, Minkowski(1.0)), -gamma)), ()
    coef0 = 1.0 if settings.get("coef0") is None else float(settings["coef0"])
    inner = g.op("Add", g.op("Mul", g.op("MatMul", x, y.T), gamma), coef0)
    if kernel == "sigmoid":
        return g.op("Tanh", inner), ()
    degree = 3.0 if settings.get("degree") is None else float(settings["degree"])
    return (inner if degree == 1 else g.op("Pow", inner, degree)), ()


def squared_euclidean(g: Graph, x: Tensor, points: Doubles) -> Tensor:
    """`euclidean_distances(x, points, squared=True)`: -2 x·y + |x|² + |y|², at least 0."""
    own = g.op("ReduceSum", g.op("Mul", x, x), np.array([1], dtype=np.int64), keepdims=1)
    cross = g.op("MatMul", x, -2.0 * points.T)
    total = g.op("Add", g.op("Add", cross, own), np.einsum("ij,ij->i", points, points))
    return g.op("Max", total, 0.0)


def _chi2(g: Graph, x: Tensor, points: Doubles, settings: Mapping[str, Any] | None) -> Tensor:
    rows = g.op("Unsqueeze", x, np.array([1], dtype=np.int64))
    difference = g.op("Sub", rows, points)
    total = g.op("Add", rows, points)
    empty = g.op("Equal", total, 0.0)
    share = g.op("Div", g.op("Mul", difference, difference), g.op("Where", empty, 1.0, total))
    found = g.op("Neg", g.op("ReduceSum", share, _LAST, keepdims=0))
    if settings is None:
        return found
    gamma = 1.0 if settings.get("gamma") is None else float(settings["gamma"])
    return g.op("Exp", g.op("Mul", found, gamma))


def _negative(g: Graph, x: Tensor) -> Check:
    return any_cell(g, g.op("Less", x, 0.0), "a chi-squared kernel takes no negative values")


def any_cell(g: Graph, cells: Tensor, message: str) -> Check:
    """Refuse the rows in which a cell of bool `(n, f)` is true."""
    axis = np.array([1], dtype=np.int64)
    found = g.op("ReduceMax", g.cast(cells, np.int32), axis, keepdims=0)
    return Check(g.cast(found, np.bool_), message)
