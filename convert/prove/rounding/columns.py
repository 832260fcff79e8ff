"""Rounding through transformers that work column by column, or move columns about.

The unit is that of `terms`: eps, times a bound. Comparisons, lookups and IEEE 754's own
operations add nothing; a logarithm or an exponential differs by a few ulp from one mathematical
library to the next. None is what a rule answers where an error that came in could make a value
jump, for instance from one bin into the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import feature_selection, impute, preprocessing
from sklearn.ensemble import RandomTreesEmbedding
from sklearn.preprocessing import (
    FunctionTransformer,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Doubles = NDArray[np.float64]
    Step = Callable[[Any, Doubles, Doubles], Doubles | None]

ULPS = 4.0
"""How far apart two libraries' exponentials, logarithms and sines may be."""

_EXACT = (
    None,
    np.absolute,
    np.fabs,
    np.negative,
    np.positive,
    np.reciprocal,
    np.sqrt,
    np.square,
)
_JUMPS = (np.ceil, np.floor, np.rint, np.sign, np.trunc)
_SECANT = 2.0**-30
_STEP = 2.0**-17


def _discrete(step: Any, x: Doubles, error: Doubles) -> Doubles | None:
    if error.any():
        return None
    found = step.transform(x)
    return np.zeros(found.shape)


def _selected(step: Any, x: Doubles, error: Doubles) -> Doubles:
    del x
    return np.asarray(error[:, step.get_support()])


def _imputed(step: Any, x: Doubles, error: Doubles) -> Doubles:
    statistics = np.asarray(step.statistics_, dtype=np.float64)
    kept = np.ones(len(statistics), bool) if step.keep_empty_features else ~np.isnan(statistics)
    known = np.where(np.isnan(x), 0.0, error)[:, kept]
    width = len(step.indicator_.features_) if step.add_indicator else 0
    return np.hstack([known, np.zeros((len(x), width))])


def _averaged(step: Any, x: Doubles, error: Doubles) -> Doubles | None:
    """Means of the k nearest donors; an error that came in could take other ones."""
    if error.any():
        return None
    y = np.asarray(step.transform(x))
    largest = np.where(step._mask_fit_X, 0.0, np.abs(step._fit_X)).max(axis=0)
    kept = np.ones(len(largest), bool) if step.keep_empty_features else step._valid_mask
    holes = np.isnan(x) if np.isnan(step.missing_values) else x == step.missing_values
    own = (holes * float(step.n_neighbors) * largest)[:, kept]
    return np.hstack([own, np.zeros((len(x), y.shape[1] - own.shape[1]))])


def _multiplied_out(step: Any, x: Doubles, error: Doubles) -> Doubles:
    """Products of |x|: convex, so that a secant bounds the slope from above."""
    low = step.transform(np.abs(x))
    if not error.any():
        return np.zeros(low.shape)
    return np.asarray((step.transform(np.abs(x) + _SECANT * error) - low) / _SECANT)


def _powered(step: Any, x: Doubles, error: Doubles) -> Doubles:
    lambdas = np.asarray(step.lambdas_, dtype=np.float64)
    box_cox = step.method == "box-cox"
    log = np.log(x) if box_cox else np.log1p(np.abs(x))
    exponent = lambdas if box_cox else np.where(x >= 0, lambdas, 2 - lambdas)
    y = np.asarray(step.transform(x))
    scale, mean = np.ones(x.shape[1]), np.zeros(x.shape[1])
    if step.standardize:
        scale = np.asarray(step._scaler.scale_)
        mean = np.asarray(step._scaler.mean_)
    raw = np.abs(y * scale + mean)
    own = ULPS * raw * (1 + np.abs(exponent * log))
    slope = np.exp((exponent - 1) * log)
    return np.asarray((own + slope * error) / np.abs(scale))


def _ranked(step: Any, x: Doubles, error: Doubles) -> Doubles | None:
    if error.any():
        return None
    y = np.asarray(step.transform(x))
    if step.output_distribution == "uniform":
        return np.zeros(y.shape)
    return np.asarray(2 * ULPS * (np.abs(y) + 1.0))


def _applied(step: Any, x: Doubles, error: Doubles) -> Doubles | None:
    func = step.func
    if any(func is jump for jump in _JUMPS):
        return None if error.any() else np.zeros(x.shape)
    y = np.abs(np.asarray(step.transform(x), dtype=np.float64))
    exact = any(func is known for known in _EXACT)
    own = np.zeros(x.shape) if exact else ULPS * (y + (func in (np.sin, np.cos)))
    if not error.any():
        return np.asarray(own)
    h = _STEP * np.maximum(np.abs(x), _STEP)
    rise = np.abs(np.asarray(step.transform(x + h)) - np.asarray(step.transform(x - h)))
    return np.asarray(own + rise / h * error)


COLUMNS: Mapping[type, Step] = {
    FunctionTransformer: _applied,
    PolynomialFeatures: _multiplied_out,
    PowerTransformer: _powered,
    QuantileTransformer: _ranked,
    RandomTreesEmbedding: _discrete,
    feature_selection.GenericUnivariateSelect: _selected,
    feature_selection.RFE: _selected,
    feature_selection.RFECV: _selected,
    feature_selection.SelectFdr: _selected,
    feature_selection.SelectFpr: _selected,
    feature_selection.SelectFromModel: _selected,
    feature_selection.SelectFwe: _selected,
    feature_selection.SelectKBest: _selected,
    feature_selection.SelectPercentile: _selected,
    feature_selection.SequentialFeatureSelector: _selected,
    feature_selection.VarianceThreshold: _selected,
    impute.KNNImputer: _averaged,
    impute.MissingIndicator: _discrete,
    impute.SimpleImputer: _imputed,
    preprocessing.Binarizer: _discrete,
    preprocessing.KBinsDiscretizer: _discrete,
    preprocessing.OneHotEncoder: _discrete,
    preprocessing.OrdinalEncoder: _discrete,
    preprocessing.SplineTransformer: _discrete,
    preprocessing.TargetEncoder: _discrete,
}
