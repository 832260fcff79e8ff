"""Kernels between rows and support vectors, as libsvm's `Kernel::k_function` has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from convert.errors import Unsupported
from convert.estimators.arrays import Doubles, dense
from convert.estimators.callables import REGISTER, name_of
from convert.graph.compaction import stored

if TYPE_CHECKING:
    from convert.graph.builder import Graph, Tensor

EXPANSION_LIMIT = 4.0
"""Largest gamma * radius² for which |x|² - 2x·s + |s|² keeps exp's argument to a few ulp."""

_FAR = 2.0**490
"""Its square, times any number of columns, is finite."""


def svm_kernel(g: Graph, estimator: Any, x: Tensor) -> Tensor:
    """`(n, m)` kernel values between the rows and the m support vectors."""
    if not isinstance(estimator.kernel, str):
        raise Unsupported(
            f"{type(estimator).__name__} with a callable kernel cannot be exported",
            actual=name_of(estimator.kernel),
            hint=f"use kernel='linear', 'poly', 'rbf', 'sigmoid' or 'precomputed', {REGISTER}",
        )
    if estimator.kernel == "precomputed":
        return g.op("Gather", x, np.asarray(estimator.support_, dtype=np.int64), axis=1)
    vectors = dense(estimator.support_vectors_)
    gamma = float(estimator._gamma)
    if estimator.kernel == "rbf":
        return g.op("Exp", g.op("Mul", squared_distances(g, x, vectors, gamma), -gamma))
    product = g.op("MatMul", x, vectors.T)
    if estimator.kernel == "linear":
        return product
    inner = g.op("Add", g.op("Mul", product, gamma), float(estimator.coef0))
    if estimator.kernel == "sigmoid":
        return g.op("Tanh", inner)
    return integer_power(g, inner, int(estimator.degree))


def squared_distances(g: Graph, x: Tensor, vectors: Doubles, gamma: float) -> Tensor:
    """|x - s|² for every row and support vector.

    Expanded around the vectors' mean where cancellation stays below a few ulp of the kernel,
    otherwise summed over the differences, which takes n * m * f doubles of memory.
    """
    axis = np.array([1], dtype=np.int64)
    center = vectors.mean(axis=0) if len(vectors) else np.zeros(vectors.shape[1])
    centered = vectors - center
    norms = (centered**2).sum(axis=1)
    if gamma * float(norms.max(initial=0.0)) <= EXPANSION_LIMIT:
        # Beyond these the kernel is 0, and of infinite squares NaN would be left.
        y = g.op("Clip", g.op("Sub", x, center), -_FAR, _FAR)
        own = g.op("ReduceSum", g.op("Mul", y, y), axis, keepdims=1)
        cross = g.op("MatMul", y, _doubled(g, vectors, center))
        return g.op("Add", g.op("Add", own, cross), norms)
    difference = g.op("Sub", g.op("Unsqueeze", x, axis), vectors)
    last = np.array([2], dtype=np.int64)
    return g.op("ReduceSum", g.op("Mul", difference, difference), last, keepdims=0)


def _doubled(g: Graph, vectors: Doubles, center: Doubles) -> Tensor | Doubles:
    """-2 (s - center), `(f, m)`, by the graph when it is opened where s alone takes less room."""
    if stored(vectors) is not None:
        return g.op("Mul", g.op("Sub", vectors.T, center[:, None]), -2.0)
    return -2.0 * (vectors - center).T


def integer_power(g: Graph, base: Tensor, exponent: int) -> Tensor:
    """libsvm's `powi`: repeated squaring, in its order of multiplications."""
    result: Tensor | None = None
    square = base
    remaining = exponent
    while remaining > 0:
        if remaining % 2 == 1:
            result = square if result is None else g.op("Mul", result, square)
        remaining //= 2
        if remaining:
            square = g.op("Mul", square, square)
    return result if result is not None else g.op("Add", g.op("Mul", base, 0.0), 1.0)
