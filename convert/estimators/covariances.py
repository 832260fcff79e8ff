"""Covariance functions: `sklearn.gaussian_process.kernels` between rows and training points."""

from __future__ import annotations

from math import pi, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.gaussian_process import kernels

from convert.errors import Unsupported
from convert.estimators.arrays import Doubles, dense
from convert.estimators.distances import Minkowski, reduced_distances
from convert.estimators.dummies import repeated
from convert.estimators.pairwise_kernels import pairwise_kernel

if TYPE_CHECKING:
    from convert.graph.builder import Graph, Tensor
    from convert.graph.emission import Check

    Value = Tensor | float

_EUCLIDEAN = Minkowski(2.0)
_ROWS = np.array([1], dtype=np.int64)
_OPERATIONS = {kernels.Sum: "Add", kernels.Product: "Mul"}


class Covariance:
    """Fitted kernels over the same rows; what they refuse gathers in `checks`."""

    def __init__(self, g: Graph, x: Tensor) -> None:
        self._g, self._x = g, x
        self.checks: list[Check] = []

    def between(self, kernel: Any, points: Doubles) -> Tensor:
        """`kernel(X, points)`: `(n, m)`.

        Raises:
            Unsupported: a kernel without an exact graph, such as a Matern of unusual smoothness.
        """
        found = self._between(kernel, points)
        if isinstance(found, float):
            return repeated(self._g, self._x, np.full(len(points), found))
        return found

    def own(self, kernel: Any) -> Value:
        """`kernel.diag(X)`: `(n,)`, or one number for all rows."""
        g, kind = self._g, type(kernel)
        if kind in _OPERATIONS:
            return self._combined(kind, self.own(kernel.k1), self.own(kernel.k2))
        if kind is kernels.Exponentiation:
            return self._power(self.own(kernel.kernel), float(kernel.exponent))
        if kind is kernels.ConstantKernel:
            return float(kernel.constant_value)
        if kind is kernels.WhiteKernel:
            return float(kernel.noise_level)
        if kind is kernels.DotProduct:
            product = g.op("ReduceSum", g.op("Mul", self._x, self._x), _ROWS, keepdims=0)
            return g.op("Add", product, float(kernel.sigma_0) ** 2)
        if isinstance(kernel, kernels.NormalizedKernelMixin):
            return 1.0
        raise Unsupported(
            f"the diagonal of the kernel {kind.__name__} has no exact converter",
            hint="predict alone is exact: use a GaussianProcessRegressor",
        )

    def _between(self, kernel: Any, points: Doubles) -> Value:
        g, kind = self._g, type(kernel)
        if kind in _OPERATIONS:
            first, second = self._between(kernel.k1, points), self._between(kernel.k2, points)
            return self._combined(kind, first, second)
        if kind is kernels.Exponentiation:
            return self._power(self._between(kernel.kernel, points), float(kernel.exponent))
        if kind is kernels.ConstantKernel:
            return float(kernel.constant_value)
        if kind is kernels.WhiteKernel:
            return 0.0
        if kind is kernels.DotProduct:
            product = g.op("MatMul", self._x, points.T)
            return g.op("Add", product, float(kernel.sigma_0) ** 2)
        if kind is kernels.PairwiseKernel:
            settings = {"gamma": kernel.gamma, **(kernel.pairwise_kernels_kwargs or {})}
            found, checks = pairwise_kernel(g, self._x, points, kernel.metric, settings)
            self.checks += checks
            return found
        return self._stationary(kernel, points)

    def _stationary(self, kernel: Any, points: Doubles) -> Tensor:
        g, kind = self._g, type(kernel)
        if kind in (kernels.RBF, kernels.Matern):
            scale = np.squeeze(dense(kernel.length_scale))
            rows = g.op("Div", self._x, scale)
            squared = reduced_distances(g, rows, points / scale, _EUCLIDEAN)
            if kind is kernels.RBF:
                return g.op("Exp", g.op("Mul", squared, -0.5))
            return _matern(g, float(kernel.nu), g.op("Sqrt", squared))
        squared = reduced_distances(g, self._x, points, _EUCLIDEAN)
        if kind is kernels.RationalQuadratic:
            size = 2 * float(kernel.alpha) * float(kernel.length_scale) ** 2
            base = g.op("Add", g.op("Div", squared, size), 1.0)
            return g.op("Pow", base, -float(kernel.alpha))
        if kind is kernels.ExpSineSquared:
            turn = g.op("Mul", g.op("Sqrt", squared), pi)
            sine = g.op("Sin", g.op("Div", turn, float(kernel.periodicity)))
            ratio = g.op("Div", sine, float(kernel.length_scale))
            return g.op("Exp", g.op("Mul", g.op("Mul", ratio, ratio), -2.0))
        raise Unsupported(
            f"the kernel {kind.__name__} has no exact converter",
            hint="use the kernels of sklearn.gaussian_process.kernels, their sums and products",
        )

    def _combined(self, kind: type, first: Tensor | float, second: Tensor | float) -> Value:
        if isinstance(first, float) and isinstance(second, float):
            return first + second if kind is kernels.Sum else first * second
        return self._g.op(_OPERATIONS[kind], first, second)

    def _power(self, value: Value, exponent: float) -> Value:
        if isinstance(value, float):
            return float(value**exponent)
        return self._g.op("Pow", value, exponent)


def _matern(g: Graph, nu: float, distance: Tensor) -> Tensor:
    """The smoothnesses that need no Bessel function."""
    if nu == 0.5:
        return g.op("Exp", g.op("Neg", distance))
    if nu == np.inf:
        return g.op("Exp", g.op("Div", g.op("Mul", distance, distance), -2.0))
    if nu not in (1.5, 2.5):
        raise Unsupported(
            f"Matern(nu={nu:g}) needs a Bessel function, which no engine has",
            expected="nu of 0.5, 1.5, 2.5 or infinity",
            actual=f"{nu:g}",
        )
    scaled = g.op("Mul", distance, sqrt(2 * nu))
    factor = g.op("Add", scaled, 1.0)
    if nu == 2.5:
        factor = g.op("Add", factor, g.op("Div", g.op("Mul", scaled, scaled), 3.0))
    return g.op("Mul", factor, g.op("Exp", g.op("Neg", scaled)))
