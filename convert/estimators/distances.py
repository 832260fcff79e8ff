"""Reduced Minkowski distances, added feature by feature as scikit-learn's `DistanceMetric` does.

A reduced distance orders as the distance does: the square of the Euclidean one, the p-th power of
any other, `sklearn.metrics._dist_metrics` has them as `rdist`. The order of additions decides
which neighbours tie, so it is kept; `ReduceSum` would add in another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.linalg.blas import ddot

from convert.errors import Unsupported
from convert.estimators.arrays import Doubles, dense
from convert.estimators.callables import REGISTER, name_of

if TYPE_CHECKING:
    from convert.graph.builder import Graph, Tensor

_POWERS = {
    "euclidean": 2.0,
    "l2": 2.0,
    "manhattan": 1.0,
    "cityblock": 1.0,
    "l1": 1.0,
    "chebyshev": np.inf,
    "infinity": np.inf,
}
_FEWEST_LANES = 16
"""Terms from which on OpenBLAS adds a dot product up in several lanes."""


@dataclass(frozen=True)
class Minkowski:
    """The metric of power `p`, features weighted by `weights` `(f,)` where given."""

    p: float
    weights: Doubles | None = None

    def term(self, g: Graph, difference: Tensor, count: int) -> Tensor:
        """What one feature adds `(n, count)`: |d|, d² or |d|^p.

        onnxruntime multiplies d by d by d where a single exponent is 3, which rounds twice: with
        an exponent for each of the points it takes the power, as scikit-learn does.
        """
        if self.p == 2 and self.weights is None:
            return g.op("Mul", difference, difference)
        size = g.op("Abs", difference)
        if self.p in (1.0, np.inf):
            return size
        return g.op("Pow", size, np.full(count, self.p) if self.p == 3 else self.p)

    def distance(self, g: Graph, reduced: Tensor) -> Tensor:
        """`_rdist_to_dist`."""
        if self.p == 2 and self.weights is None:
            return g.op("Sqrt", reduced)
        return reduced if self.p in (1.0, np.inf) else g.op("Pow", reduced, 1.0 / self.p)

    def reduce(self, value: float) -> float:
        """`_dist_to_rdist`."""
        return value if self.p in (1.0, np.inf) else float(value**self.p)


def fitted_metric(estimator: Any) -> Minkowski:
    """The metric that a fitted neighbours estimator uses.

    Raises:
        Unsupported: it is not a Minkowski metric.
    """
    name, settings = estimator.effective_metric_, estimator.effective_metric_params_ or {}
    if name == "minkowski":
        weights = settings.get("w")
        return Minkowski(float(settings["p"]), None if weights is None else dense(weights))
    if not isinstance(name, str) or name not in _POWERS:
        raise Unsupported(
            f"{type(estimator).__name__} with this metric has no exact converter",
            expected="minkowski, euclidean, manhattan or chebyshev",
            actual=name if isinstance(name, str) else name_of(name),
            hint=f"fit it with one of these, {REGISTER}",
        )
    return Minkowski(_POWERS[name])


def features(g: Graph, x: Tensor, count: int) -> tuple[Tensor, ...]:
    """The columns of x, `(n, 1)` each."""
    if count == 1:
        return (x,)
    return g.multi("Split", x, outputs=count, axis=1, num_outputs=count)


def reduced_distances(g: Graph, x: Tensor, points: Doubles, metric: Minkowski) -> Tensor:
    """`(n, m)` reduced distances between the rows and the m points."""
    total: Tensor | None = None
    for j, column in enumerate(features(g, x, points.shape[1])):
        difference = g.op("Sub", column, points[:, j])
        total = accumulate(g, total, difference, metric, j, count=len(points))
    assert total is not None, "points have a feature"
    return total


def accumulate(
    g: Graph,
    total: Tensor | None,
    difference: Tensor,
    metric: Minkowski,
    feature: int,
    *,
    count: int,
) -> Tensor:
    """Add what one feature's difference `(n, count)` contributes to the reduced distance."""
    term = metric.term(g, difference, count)
    if metric.weights is not None:
        term = g.op("Mul", term, float(metric.weights[feature]))
    if total is None:
        return term
    return g.op("Max" if metric.p == np.inf else "Add", total, term)


def expanded_squares(g: Graph, x: Tensor, points: Doubles, norms: Doubles | None = None) -> Tensor:
    """|x|² - 2 x·y + |y|², at least 0, NaN as 0: `EuclideanArgKmin64` and its siblings.

    `norms` `(m,)` are |y|² where the caller of the search hands them over.
    """
    norms = dot_norms(points) if norms is None else norms
    cross = g.op("MatMul", x, -2.0 * points.T)
    total = g.op("Add", g.op("Add", _own_norms(g, x, points.shape[1]), cross), norms)
    return g.op("Where", g.op("Greater", total, 0.0), total, 0.0)


def dot_norms(points: Doubles) -> Doubles:
    """`(m,)` |y|² by BLAS, as `_sqeuclidean_row_norms64` takes them: its last bit breaks ties."""
    return np.array([ddot(point, point) for point in points])


def _own_norms(g: Graph, x: Tensor, count: int) -> Tensor:
    """`(n, 1)` |x|²: to the last bit as `dot_norms` where the terms are added one by one.

    Of so few terms BLAS and a product of matrices make one chain, each step rounded once; of more
    they make several, otherwise from processor to processor.
    """
    if count >= _FEWEST_LANES:
        return g.op("ReduceSum", g.op("Mul", x, x), np.array([1], dtype=np.int64), keepdims=1)
    row, column = np.array([1], dtype=np.int64), np.array([2], dtype=np.int64)
    own = g.op("MatMul", g.op("Unsqueeze", x, row), g.op("Unsqueeze", x, column))
    return g.op("Squeeze", own, column)
