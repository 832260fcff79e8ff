"""Power transforms: `PowerTransformer.transform` over scipy's Box-Cox and Yeo-Johnson."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.preprocessing import PowerTransformer

from convert.estimators import special_functions
from convert.estimators.arrays import Doubles, dense
from convert.estimators.pairwise_kernels import any_cell
from convert.estimators.scaling import standard_scaler
from convert.graph.emission import Check, Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor

LARGE_EXPONENT = 3.0
EXP_LIMIT = 709.78
"""Where `scipy.special.boxcox` leaves expm1 for a form that overflows later."""


def power_transformer(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """Each column by its own lambda, then standardised if asked."""
    checks: tuple[Check, ...] = ()
    if estimator.method == "box-cox":
        y = _box_cox(g, x, dense(estimator.lambdas_))
        low = g.op("LessOrEqual", x, 0.0)
        checks = (any_cell(g, low, "Box-Cox takes positive values only"),)
    else:
        y = _yeo_johnson(g, x, np.asarray(estimator.lambdas_))
    if estimator.standardize:
        if _may_overflow(np.asarray(estimator.lambdas_), estimator.method):
            infinite = g.op("Equal", g.op("Abs", y), np.inf)
            checks += (any_cell(g, infinite, "a power overflows before it is standardised"),)
        y = standard_scaler(g, estimator._scaler, y).transformed
    return Emission({"transform": Scores(y, len(estimator.lambdas_))}, checks=checks)


def _may_overflow(lambdas: Doubles, method: str) -> bool:
    """Whether values below 1e100 may: others are beyond what is served anyway."""
    if method == "box-cox":
        return bool((np.abs(lambdas) > LARGE_EXPONENT).any())
    return bool((np.maximum(lambdas, 2 - lambdas) > LARGE_EXPONENT).any())


def _yeo_johnson(g: Graph, x: Tensor, lambdas: Doubles) -> Tensor:
    """`scipy.stats.yeojohnson`: the Box-Cox of 1 + |x|, with 2 - lambda and a minus below 0."""
    eps = float(np.finfo(np.float64).eps)
    above = np.where(np.abs(lambdas) < eps, 0.0, lambdas)
    # scikit-learn keeps lambdas in the dtype of the rows at fit, and so 2 - lambda
    below = np.where(np.abs(lambdas - 2) > eps, 2 - lambdas, 0.0)
    positive = g.op("GreaterOrEqual", x, 0.0)
    exponent = _columnwise(g, positive, above, below)
    y = _expm1_over(g, special_functions.log1p(g, g.op("Abs", x)), exponent)
    return g.op("Where", positive, y, g.op("Neg", y))


def _box_cox(g: Graph, x: Tensor, lambdas: Doubles) -> Tensor:
    """`scipy.special.boxcox`: (x**lambda - 1) / lambda, or log(x)."""
    lambdas = np.where(np.abs(lambdas) < 1e-19, 0.0, lambdas)
    log = g.op("Log", x)
    y = _expm1_over(g, log, lambdas)
    if (np.abs(lambdas) < 0.9).all():
        return y
    nonzero = np.where(lambdas == 0, 1.0, lambdas)
    power = g.op("Mul", log, lambdas)
    power = g.op("Exp", g.op("Sub", power, np.log(np.abs(nonzero))))
    late = g.op("Sub", g.op("Mul", power, np.sign(nonzero)), 1.0 / nonzero)
    return g.op("Where", g.op("Less", g.op("Mul", log, lambdas), EXP_LIMIT), y, late)


def _expm1_over(g: Graph, log: Tensor, exponent: Tensor | Doubles) -> Tensor:
    """expm1(exponent * log) / exponent, and `log` itself where the exponent is 0."""
    grown = special_functions.expm1(g, g.op("Mul", log, exponent))
    if isinstance(exponent, np.ndarray):
        zero = exponent == 0
        y = g.op("Div", grown, np.where(zero, 1.0, exponent))
        return g.op("Where", zero, log, y) if zero.any() else y
    y = g.op("Div", grown, exponent)
    return g.op("Where", g.op("Equal", exponent, 0.0), log, y)


def _columnwise(g: Graph, condition: Tensor, yes: Doubles, no: Doubles) -> Tensor:
    return g.op("Where", condition, dense(yes), dense(no))


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    PowerTransformer: power_transformer,
}
