"""`FunctionTransformer` over numpy's elementwise functions, each known by its own object."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special
from sklearn.preprocessing import FunctionTransformer

from convert.errors import Unsupported
from convert.estimators import labels, special_functions
from convert.estimators.callables import REGISTER, name_of
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor

    Elementwise = Callable[[Graph, Tensor], Tensor]


def function_transformer(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`func(X)`, or X itself where there is no function."""
    if estimator.kw_args:
        raise Unsupported(
            "FunctionTransformer with keyword arguments cannot be exported",
            expected="kw_args=None",
            actual=sorted(estimator.kw_args),
            hint=_HINT,
        )
    y = x if estimator.func is None else _function(estimator.func)(g, x)
    return Emission({"transform": Scores(y, int(estimator.n_features_in_))})


def _function(func: Any) -> Elementwise:
    for known, emitter in FUNCTIONS:
        if func is known:
            return emitter
    raise Unsupported(
        "FunctionTransformer runs Python code, which a device does not have",
        expected="None or one of " + ", ".join(known.__name__ for known, _ in FUNCTIONS),
        actual=name_of(func),
        hint=_HINT,
    )


_HINT = f"use one of numpy's elementwise functions, do this before the rows are given, {REGISTER}"


def _op(op_type: str) -> Elementwise:
    return lambda g, x: g.op(op_type, x)


def _binary(op_type: str, second: float) -> Elementwise:
    return lambda g, x: g.op(op_type, x, second)


def _logarithm(g: Graph, x: Tensor, *, base: float) -> Tensor:
    return g.op("Div", g.op("Log", x), float(np.log(base)))


def _truncated(g: Graph, x: Tensor) -> Tensor:
    return g.op("Mul", g.op("Sign", x), g.op("Floor", g.op("Abs", x)))


def _cube_root(g: Graph, x: Tensor) -> Tensor:
    return g.op("Mul", g.op("Sign", x), g.op("Pow", g.op("Abs", x), 1.0 / 3.0))


FUNCTIONS: tuple[tuple[Any, Elementwise], ...] = (
    (np.absolute, _op("Abs")),
    (np.cbrt, _cube_root),
    (np.ceil, _op("Ceil")),
    (np.cos, special_functions.cosine),
    (np.deg2rad, _binary("Mul", float(np.deg2rad(1.0)))),
    (np.exp, _op("Exp")),
    (np.exp2, lambda g, x: g.op("Pow", 2.0, x)),
    (special.expit, labels.logistic),
    (np.expm1, special_functions.expm1),
    (np.fabs, _op("Abs")),
    (np.floor, _op("Floor")),
    (np.log, _op("Log")),
    (np.log10, partial(_logarithm, base=10.0)),
    (np.log1p, special_functions.log1p),
    (np.log2, partial(_logarithm, base=2.0)),
    (np.negative, _op("Neg")),
    (np.positive, _op("Identity")),
    (np.rad2deg, _binary("Mul", float(np.rad2deg(1.0)))),
    (np.reciprocal, lambda g, x: g.op("Div", 1.0, x)),
    (np.rint, _op("Round")),
    (np.sign, lambda g, x: g.op("Where", g.op("IsNaN", x), x, g.op("Sign", x))),
    (np.sin, _op("Sin")),
    (np.sqrt, _op("Sqrt")),
    (np.square, lambda g, x: g.op("Mul", x, x)),
    (np.tanh, _op("Tanh")),
    (np.trunc, _truncated),
)
"""Compared by identity: a look-alike may compute otherwise."""

EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    FunctionTransformer: function_transformer,
}
