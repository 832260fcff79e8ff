"""Linear regressors: `X @ coef_.T + intercept_`.

Mirrors `sklearn.linear_model._base.LinearModel._decision_function`; `SGDRegressor`,
`LinearSVR` and `LinearRegression` compute the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import linear_model
from sklearn.svm import LinearSVR

from convert.estimators.arrays import dense
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor


def linear_regressor(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`predict`, `(n,)` for a flat `coef_` and `(n, targets)` for a two-dimensional one."""
    return Emission({"predict": predictor(g, estimator, x)})


def predictor(g: Graph, estimator: Any, x: Tensor) -> Scores:
    """The linear predictor; `SGDRegressor` and `LinearSVR` ravel a single target."""
    coef = dense(estimator.coef_)
    intercept = dense(estimator.intercept_)
    if coef.ndim == 1 or isinstance(estimator, LinearSVR):
        product = g.op("MatMul", x, coef.reshape(-1))
        return Scores(g.op("Add", product, float(intercept.reshape(-1)[0])), None)
    product = g.op("MatMul", x, coef.T)
    intercept = np.broadcast_to(intercept, (coef.shape[0],))
    return Scores(g.op("Add", product, intercept), coef.shape[0])


_REGRESSORS = (
    linear_model.ARDRegression,
    linear_model.BayesianRidge,
    linear_model.ElasticNet,
    linear_model.ElasticNetCV,
    linear_model.HuberRegressor,
    linear_model.Lars,
    linear_model.LarsCV,
    linear_model.Lasso,
    linear_model.LassoCV,
    linear_model.LassoLars,
    linear_model.LassoLarsCV,
    linear_model.LassoLarsIC,
    linear_model.LinearRegression,
    linear_model.MultiTaskElasticNet,
    linear_model.MultiTaskElasticNetCV,
    linear_model.MultiTaskLasso,
    linear_model.MultiTaskLassoCV,
    linear_model.OrthogonalMatchingPursuit,
    linear_model.OrthogonalMatchingPursuitCV,
    linear_model.QuantileRegressor,
    linear_model.Ridge,
    linear_model.RidgeCV,
    linear_model.SGDRegressor,
    linear_model.TheilSenRegressor,
    LinearSVR,
)

EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = dict.fromkeys(
    _REGRESSORS, linear_regressor
)
