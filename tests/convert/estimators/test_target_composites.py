"""Transformed targets and several targets at once."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import KNNImputer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.multioutput import MultiOutputRegressor, RegressorChain
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.tree import DecisionTreeRegressor

from convert.errors import Unsupported
from convert.graph.emit import emit_model

X, Y = load_diabetes(return_X_y=True)
SMALL = Y / 1000
SEVERAL = np.c_[Y, Y**2 / 100, np.exp(Y / 100)]


@pytest.mark.parametrize(
    ("function", "inverse", "target"),
    [
        (np.log1p, np.expm1, Y),
        (np.log, np.exp, Y),
        (np.log2, np.exp2, Y),
        (np.sqrt, np.square, Y),
        (np.reciprocal, np.reciprocal, Y),
        (np.negative, np.negative, Y),
        (None, None, Y),
        (np.exp, np.log, SMALL),
        (np.expm1, np.log1p, SMALL),
        (np.exp2, np.log2, SMALL),
        (np.square, np.sqrt, SMALL + 1),
        (logit, expit, SMALL),
    ],
    ids=lambda f: getattr(f, "__name__", ""),
)
def test_functions_of_the_target(function, inverse, target, side_by_side):
    estimator = TransformedTargetRegressor(Ridge(), func=function, inverse_func=inverse)
    side_by_side(estimator.fit(X, target), 10).assert_all_close(X)


@pytest.mark.parametrize("target", [Y, Y[:, None], SEVERAL], ids=["flat", "one", "three"])
@pytest.mark.parametrize(
    "transformer",
    [
        StandardScaler(),
        StandardScaler(with_mean=False),
        MinMaxScaler((-1, 2)),
        MaxAbsScaler(),
        RobustScaler(),
        QuantileTransformer(n_quantiles=50),
        PowerTransformer(),
        PowerTransformer("box-cox", standardize=False),
        make_pipeline(StandardScaler(), "passthrough", MinMaxScaler()),
        FunctionTransformer(np.log1p, np.expm1),
    ],
    ids=lambda transformer: str(transformer)[:30],
)
def test_transformers_of_the_target(transformer, target, side_by_side):
    estimator = TransformedTargetRegressor(LinearRegression(), transformer=transformer)
    side_by_side(estimator.fit(X, target), 10).assert_all_close(X)


def test_powers_on_both_sides_of_zero(side_by_side):
    estimator = TransformedTargetRegressor(LinearRegression(), transformer=PowerTransformer())
    estimator.fit(X, Y - 150)
    for power in (0.0, 2.0, -0.5, 1.3):
        estimator.transformer_.lambdas_[:] = power
        side_by_side(estimator, 10).assert_all_close(X)


@pytest.mark.parametrize(
    "inner",
    [Ridge(), DecisionTreeRegressor(max_depth=4), HistGradientBoostingRegressor(max_iter=4)],
    ids=lambda e: type(e).__name__,
)
def test_several_targets(inner, side_by_side):
    side_by_side(MultiOutputRegressor(inner).fit(X, SEVERAL), 10).assert_all_close(X)
    for order in (None, [2, 0, 1]):
        chain = RegressorChain(inner, order=order).fit(X, SEVERAL)
        side_by_side(chain, 10).assert_all_close(X)


def test_what_is_refused():
    def shout(y):
        return y

    custom = TransformedTargetRegressor(Ridge(), func=shout, inverse_func=shout).fit(X, Y)
    with pytest.raises(Unsupported, match=r"transformer_: the inverse function 'shout'"):
        emit_model(custom, 10)
    bins = KBinsDiscretizer(encode="ordinal", quantile_method="averaged_inverted_cdf")
    binned = TransformedTargetRegressor(Ridge(), transformer=bins, check_inverse=False)
    binned.fit(X, Y)
    with pytest.raises(Unsupported, match="inverse_transform of KBinsDiscretizer"):
        emit_model(binned, 10)
    normal = QuantileTransformer(n_quantiles=9, output_distribution="normal")
    with pytest.raises(Unsupported, match="cdf"):
        emit_model(TransformedTargetRegressor(Ridge(), transformer=normal).fit(X, Y), 10)
    bad = make_pipeline(KNNImputer(weights=abs), Ridge())
    with pytest.raises(Unsupported, match=r"estimators_\[0\]: pipeline step 'knnimputer"):
        emit_model(RegressorChain(bad).fit(X, SEVERAL), 10)
