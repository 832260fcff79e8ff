"""What one step of a pipeline hands to the next besides numbers.

Inside the graph every row is float64 and dense. scikit-learn's own rows may be sparse, which
changes no value, or of another dtype, which may change what the next step computes; or they may
hold a NaN or an infinity that no row had before, on which the next step raises.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special
from sklearn import feature_selection, impute, preprocessing, random_projection
from sklearn.impute._iterative import IterativeImputer
from sklearn.pipeline import Pipeline

from convert.errors import Unsupported
from convert.estimators.asking import quietly
from convert.graph.emission import Check

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convert.estimators.arrays import Doubles
    from convert.graph.builder import Graph, Tensor
    from convert.graph.emission import Emission, Scores

KEEP_SPARSE = frozenset(
    {
        Pipeline,
        feature_selection.GenericUnivariateSelect,
        feature_selection.RFE,
        feature_selection.RFECV,
        feature_selection.SelectFdr,
        feature_selection.SelectFpr,
        feature_selection.SelectFromModel,
        feature_selection.SelectFwe,
        feature_selection.SelectKBest,
        feature_selection.SelectPercentile,
        feature_selection.SequentialFeatureSelector,
        feature_selection.VarianceThreshold,
        impute.MissingIndicator,
        impute.SimpleImputer,
        preprocessing.Binarizer,
        preprocessing.FunctionTransformer,
        preprocessing.MaxAbsScaler,
        preprocessing.Normalizer,
        preprocessing.PolynomialFeatures,
        preprocessing.QuantileTransformer,
        preprocessing.RobustScaler,
        preprocessing.StandardScaler,
        random_projection.SparseRandomProjection,
    }
)
"""Transformers that return a sparse matrix for a sparse matrix."""


def received(step: Any, emission: Emission, rows: Scores | None) -> Emission:
    """What a step returns for the rows that the step before it hands over.

    Raises:
        Unsupported: it would compute in another precision than double.
    """
    if rows is None:
        return emission
    check_double(step, rows)
    own = emission.verbs.get("transform")
    if own is None or not rows.sparse or type(step) not in KEEP_SPARSE:
        return emission
    return replace(emission, verbs={**emission.verbs, "transform": replace(own, sparse=True)})


def check_double(step: Any, rows: Scores) -> None:
    """Refuse rows on which the step would not compute in double."""
    # numpy's functions answer int64 with int64 and bool with float16
    elementwise = type(step) is preprocessing.FunctionTransformer
    if rows.dtype == "float32" or (elementwise and rows.dtype != "float64"):
        raise Unsupported(
            f"{type(step).__name__} would compute on {rows.dtype} rows",
            expected="float64 rows",
            actual=rows.dtype,
            hint="give the step before it dtype=numpy.float64",
        )


SINGLE_OVERFLOW = 2.0**128 - 2.0**103
"""The smallest double that float32 rounds to an infinity."""
FINITE_FUNCTIONS = (
    np.absolute,
    np.cbrt,
    np.ceil,
    np.cos,
    np.deg2rad,
    special.expit,
    np.fabs,
    np.floor,
    np.negative,
    np.positive,
    np.rint,
    np.sign,
    np.sin,
    np.tanh,
    np.trunc,
)
"""Functions that are finite wherever their argument is."""


def leaves_finite(step: Any) -> bool:
    """Whether a transformer may turn an ordinary row into one that the next step refuses.

    It answers NaN, an infinity, or a number too large for the single precision of trees.
    """
    if type(step) is preprocessing.PowerTransformer:
        return not step.standardize
    if type(step) is IterativeImputer:
        return True
    if type(step) is preprocessing.FunctionTransformer:
        known = any(step.func is function for function in FINITE_FUNCTIONS)
        return step.func is not None and not known
    for name in ("steps", "transformers_", "transformer_list"):
        inner = getattr(step, name, None)
        if isinstance(inner, list):
            return any(leaves_finite(part) for entry in inner for part in entry[1:2])
    return False


_REACH = 2.0**20
"""How far beyond those of the training rows are served at least."""


def sets_apart(step: Any) -> bool:
    """Whether a scaler makes more than single precision holds of what is ordinary elsewhere.

    Of columns of 1e-30 and of 1e30, no one |x| keeps the first from that and lets the second in.
    """
    if type(step) is Pipeline:
        return any(sets_apart(part) for _, part in step.steps)
    if type(step) not in _SCALERS:
        return False
    factor, size = _SCALERS[type(step)](step)
    return float(np.max(factor) * np.max(size)) * _REACH > SINGLE_OVERFLOW


def _divided(center: Any, scale: Any) -> tuple[Doubles, Doubles]:
    """Factor and ordinary size of every column of (x - center) / scale, either of them None."""
    if scale is None:
        return np.ones(1), np.ones(1)
    return 1.0 / scale, scale + np.abs(0.0 if center is None else center)


_SCALERS: Mapping[type, Callable[[Any], tuple[Doubles, Doubles]]] = {
    preprocessing.MaxAbsScaler: lambda one: (1.0 / one.scale_, one.max_abs_),
    preprocessing.MinMaxScaler: lambda one: (
        one.scale_,
        np.maximum(np.abs(one.data_min_), np.abs(one.data_max_)),
    ),
    preprocessing.PowerTransformer: lambda one: (
        _divided(one._scaler.mean_, one._scaler.scale_)
        if one.standardize
        else (np.ones(1), np.ones(1))
    ),
    preprocessing.RobustScaler: lambda one: _divided(one.center_, one.scale_),
    preprocessing.StandardScaler: lambda one: _divided(one.mean_, one.scale_),
}


def single_overflow(g: Graph, step: Any, y: Tensor) -> tuple[Check, ...]:
    """Rows `(n, f)` of which single precision does not hold a value, as far as the step raises."""
    return () if takes(step, SINGLE_OVERFLOW) else (_check(g, step, *_too_large(g, y)),)


def refused_values(g: Graph, step: Any, y: Tensor) -> tuple[Check, ...]:
    """Rows `(n, f)` that hold NaN or too large a number, as far as the step raises on them."""
    cells: list[tuple[Tensor, str]] = []
    if not takes(step, np.nan):
        cells.append((g.op("IsNaN", y), "NaN"))
    if not takes(step, SINGLE_OVERFLOW):
        cells.append(_too_large(g, y))
    elif not takes(step, np.inf):
        cells.append((g.op("Equal", g.op("Abs", y), np.inf), "an infinity"))
    return tuple(_check(g, step, *cell) for cell in cells)


def _too_large(g: Graph, y: Tensor) -> tuple[Tensor, str]:
    large = g.op("GreaterOrEqual", g.op("Abs", y), SINGLE_OVERFLOW)
    return large, "more than single precision holds"


def _check(g: Graph, step: Any, cell: Tensor, value: str) -> Check:
    found = g.op("ReduceMax", g.cast(cell, np.int32), np.array([1], dtype=np.int64), keepdims=0)
    message = f"{type(step).__name__} is handed {value} by the step before it"
    return Check(g.cast(found, np.bool_), message)


def takes(step: Any, value: float) -> bool:
    """Whether a fitted step answers a row of nothing but `value`; asked of the step itself."""
    verb = "transform" if hasattr(step, "transform") else "predict"
    row = np.full((1, int(step.n_features_in_)), value)
    try:
        with quietly():
            getattr(step, verb)(row)
    except Exception:  # whatever a step raises on a row, it does not take it
        return False
    return True
