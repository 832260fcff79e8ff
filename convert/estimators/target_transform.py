"""Regressors trained on a transformed target: `sklearn.compose._target`.

The regressor's prediction goes back through the inverse of the target's transformer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from convert.errors import Unsupported
from convert.estimators import labels
from convert.estimators.arrays import dense
from convert.estimators.callables import REGISTER, name_of
from convert.estimators.interpolation import clipped_interpolation
from convert.estimators.members import Composite, Emit, member
from convert.estimators.special_functions import expm1, log1p
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convert.graph.builder import Graph, Tensor

    Function = Callable[[Graph, Tensor], Tensor]
    Inverse = Callable[[Graph, Any, Tensor], Tensor]

_LN2 = float(np.log(2.0))
_LN10 = float(np.log(10.0))

FUNCTIONS: Mapping[object, Function] = {
    expit: labels.logistic,
    np.absolute: lambda g, y: g.op("Abs", y),
    np.exp: lambda g, y: g.op("Exp", y),
    np.exp2: lambda g, y: g.op("Pow", 2.0, y),
    np.expm1: expm1,
    np.log: lambda g, y: g.op("Log", y),
    np.log10: lambda g, y: g.op("Div", g.op("Log", y), _LN10),
    np.log1p: log1p,
    np.log2: lambda g, y: g.op("Div", g.op("Log", y), _LN2),
    np.negative: lambda g, y: g.op("Neg", y),
    np.reciprocal: lambda g, y: g.op("Div", 1.0, y),
    np.sqrt: lambda g, y: g.op("Sqrt", y),
    np.square: lambda g, y: g.op("Mul", y, y),
    np.tanh: lambda g, y: g.op("Tanh", y),
}
"""Inverse functions of a target, element by element."""


def transformed_target_regressor(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """`regressor_.predict`, then `transformer_.inverse_transform`."""
    one = member(g, "regressor_", estimator.regressor_, x, emit)
    predicted = one.predicted(g)
    y = predicted.tensor if predicted.columns else labels.column(g, predicted.tensor)
    back = inverse(g, "transformer_", estimator.transformer_, y)
    if estimator._training_dim == 1 and (predicted.columns or 1) == 1:
        return Emission({"predict": Scores(labels.flat(g, back), None)})
    return Emission({"predict": Scores(back, predicted.columns or 1)})


def inverse(g: Graph, path: str, transformer: Any, y: Tensor) -> Tensor:
    """`inverse_transform` of a fitted transformer, over `(n, k)`.

    Raises:
        Unsupported: it has no exact inverse here.
    """
    if type(transformer) is Pipeline:
        for name, step in reversed(transformer.steps):
            if step is not None and step != "passthrough":
                y = inverse(g, f"{path}: pipeline step {name!r}", step, y)
        return y
    if type(transformer) not in INVERSES:
        raise Unsupported(
            f"{path}: inverse_transform of {type(transformer).__name__} has no exact converter",
            expected=", ".join(sorted(kind.__name__ for kind in INVERSES)),
        )
    try:
        return INVERSES[type(transformer)](g, transformer, y)
    except Unsupported as error:
        raise error.at(path) from error


def _function(g: Graph, transformer: Any, y: Tensor) -> Tensor:
    function = transformer.inverse_func
    if function is None:
        return y
    if function not in FUNCTIONS or transformer.inv_kw_args:
        raise Unsupported(
            f"the inverse function {getattr(function, '__name__', function)!r} has no exact "
            "converter",
            expected="one of numpy's: " + ", ".join(sorted(f.__name__ for f in FUNCTIONS)),  # type: ignore[attr-defined]
            actual=name_of(function),
            hint="use func=numpy.log1p with inverse_func=numpy.expm1, for example, train on the "
            f"target as it is transformed, {REGISTER}",
        )
    return FUNCTIONS[function](g, y)


def _standard(g: Graph, scaler: Any, y: Tensor) -> Tensor:
    if scaler.with_std:
        y = g.op("Mul", y, dense(scaler.scale_))
    return g.op("Add", y, dense(scaler.mean_)) if scaler.with_mean else y


def _min_max(g: Graph, scaler: Any, y: Tensor) -> Tensor:
    return g.op("Div", g.op("Sub", y, dense(scaler.min_)), dense(scaler.scale_))


def _max_abs(g: Graph, scaler: Any, y: Tensor) -> Tensor:
    return g.op("Mul", y, dense(scaler.scale_))


def _robust(g: Graph, scaler: Any, y: Tensor) -> Tensor:
    if scaler.with_scaling:
        y = g.op("Mul", y, dense(scaler.scale_))
    return g.op("Add", y, dense(scaler.center_)) if scaler.with_centering else y


def _quantile(g: Graph, transformer: Any, y: Tensor) -> Tensor:
    if transformer.output_distribution != "uniform":
        raise Unsupported(
            "QuantileTransformer is undone by the normal distribution's cdf, which has no exact "
            "converter",
            hint="use output_distribution='uniform'",
        )
    quantiles = dense(transformer.quantiles_)
    references = dense(transformer.references_)
    count = quantiles.shape[1]
    return clipped_interpolation(g, y, [references] * count, list(quantiles.T))


def _power(g: Graph, transformer: Any, y: Tensor) -> Tensor:
    if transformer.standardize:
        y = _standard(g, transformer._scaler, y)
    undo = _box_cox if transformer.method == "box-cox" else _yeo_johnson
    columns = []
    for position, power in enumerate(transformer.lambdas_):
        column = g.op("Gather", y, np.array([position], dtype=np.int64), axis=1)
        columns.append(undo(g, column, float(power)))
    return columns[0] if len(columns) == 1 else g.op("Concat", *columns, axis=1)


def _box_cox(g: Graph, y: Tensor, power: float) -> Tensor:
    """`scipy.special.inv_boxcox`: exp(log1p(power * y) / power)."""
    if power == 0:
        return g.op("Exp", y)
    return g.op("Exp", g.op("Div", log1p(g, g.op("Mul", y, power)), power))


def _yeo_johnson(g: Graph, y: Tensor, power: float) -> Tensor:
    """`PowerTransformer._yeo_johnson_inverse_transform`: one formula on each side of 0."""
    if abs(power) < np.spacing(1.0):
        above = g.op("Sub", g.op("Exp", y), 1.0)
    else:
        base = g.op("Add", g.op("Mul", y, power), 1.0)
        above = g.op("Sub", g.op("Pow", base, 1 / power), 1.0)
    if abs(power - 2) > np.spacing(1.0):
        base = g.op("Add", g.op("Mul", y, -(2 - power)), 1.0)
        below = g.op("Sub", 1.0, g.op("Pow", base, 1 / (2 - power)))
    else:
        below = g.op("Sub", 1.0, g.op("Exp", g.op("Neg", y)))
    return g.op("Where", g.op("GreaterOrEqual", y, 0.0), above, below)


INVERSES: Mapping[type, Inverse] = {
    FunctionTransformer: _function,
    MaxAbsScaler: _max_abs,
    MinMaxScaler: _min_max,
    PowerTransformer: _power,
    QuantileTransformer: _quantile,
    RobustScaler: _robust,
    StandardScaler: _standard,
}

COMPOSITES: dict[type, Composite] = {TransformedTargetRegressor: transformed_target_regressor}
