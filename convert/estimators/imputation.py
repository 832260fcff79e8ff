"""Missing values filled column by column: `sklearn.impute._base`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.impute import MissingIndicator, SimpleImputer

from convert.errors import Unsupported
from convert.estimators import text_columns
from convert.estimators.arrays import dense
from convert.graph.emission import Check, Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from convert.graph.builder import Graph, Tensor


def simple_imputer(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`SimpleImputer.transform`: `statistics_` where a value is missing.

    Columns without any value at fit are dropped, or filled with 0 if `keep_empty_features`.
    """
    if text_columns.has_text(g, x):
        return text_columns.imputed(g, estimator, x)
    if estimator._fit_dtype.kind not in "fiu":
        raise Unsupported(
            "SimpleImputer fitted on other than numbers",
            expected="a float or integer array at fit",
            actual=estimator._fit_dtype,
            hint="fit it on a float64 array",
        )
    missing = missing_mask(g, estimator.missing_values, x)
    kept = kept_columns(estimator)
    fill = np.asarray(estimator.statistics_[kept]).astype(estimator._fill_dtype)
    y = g.op("Where", columns(g, missing, kept), dense(fill), columns(g, x, kept))
    return with_indicator(g, estimator, y, len(kept), missing)


def kept_columns(estimator: Any) -> NDArray[np.int64]:
    """The columns that `SimpleImputer.transform` returns."""
    statistics = np.asarray(estimator.statistics_, dtype=np.float64)
    if estimator.keep_empty_features:
        return np.arange(len(statistics))
    return np.flatnonzero(~np.isnan(statistics))


def missing_indicator(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`MissingIndicator.transform`: bool `(n, len(features_))`."""
    missing = missing_mask(g, estimator.missing_values, x)
    found, checks = indicator_columns(g, estimator, missing)
    scores = Scores(found, len(estimator.features_), "bool", sparse=estimator.sparse is True)
    return Emission({"transform": scores}, checks=checks)


def indicator_columns(
    g: Graph, indicator: Any, missing: Tensor
) -> tuple[Tensor, tuple[Check, ...]]:
    """The mask's `features_` as float64, and rows with NaN where no NaN was at fit."""
    features = np.asarray(indicator.features_, dtype=np.int64)
    found = g.cast(columns(g, missing, features), np.float64)
    others = np.setdiff1d(np.arange(indicator._n_features), features)
    if indicator.features != "missing-only" or not indicator.error_on_new or not len(others):
        return found, ()
    new = g.cast(g.op("Gather", missing, others, axis=1), np.int32)
    any_new = g.op("ReduceMax", new, np.array([1], dtype=np.int64), keepdims=0)
    message = "a value is missing in a column that had none missing at fit"
    return found, (Check(g.cast(any_new, np.bool_), message),)


def missing_mask(g: Graph, missing_values: Any, x: Tensor) -> Tensor:
    """`sklearn.utils._mask._get_mask`: bool `(n, f)`."""
    if text_columns.has_text(g, x):
        parts = [
            text_columns.text_mask(g, column, missing_values)
            if column.is_text
            else missing_mask(g, missing_values, column.tensor)
            for column in g.columns(x) or ()
        ]
        return parts[0] if len(parts) == 1 else g.op("Concat", *parts, axis=1)
    if isinstance(missing_values, float | np.floating) and np.isnan(missing_values):
        return g.op("IsNaN", x)
    if isinstance(missing_values, int | float | np.number):
        return g.op("Equal", x, float(missing_values))
    raise Unsupported(
        "the placeholder of missing values is not a number",
        expected="NaN or a number",
        actual=repr(missing_values),
        hint="use missing_values=numpy.nan",
    )


def columns(g: Graph, x: Tensor, kept: NDArray[np.int64]) -> Tensor:
    """`x[:, kept]`."""
    return g.op("Gather", x, np.asarray(kept, dtype=np.int64), axis=1)


def with_indicator(
    g: Graph, estimator: Any, y: Tensor, n_columns: int, missing: Tensor
) -> Emission:
    """`_BaseImputer._concatenate_indicator`: the mask behind the filled columns, if asked."""
    checks: tuple[Check, ...] = ()
    if estimator.add_indicator:
        found, checks = indicator_columns(g, estimator.indicator_, missing)
        y = g.op("Concat", y, found, axis=1)
        n_columns += len(estimator.indicator_.features_)
    return Emission({"transform": Scores(y, n_columns)}, checks=checks)


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    MissingIndicator: missing_indicator,
    SimpleImputer: simple_imputer,
}
