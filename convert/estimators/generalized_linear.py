"""Generalised linear regressors: the inverse link of `X @ coef_ + intercept_`.

Mirrors `sklearn.linear_model._glm.glm._GeneralizedLinearRegressor.predict`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.linear_model import GammaRegressor, PoissonRegressor, TweedieRegressor

from convert.errors import Unsupported
from convert.estimators.linear_regressors import predictor
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor


def regressor(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`exp` for the log link, else the linear predictor itself."""
    raw = predictor(g, estimator, x)
    link = type(estimator._base_loss.link).__name__
    if link == "LogLink":
        return Emission({"predict": Scores(g.op("Exp", raw.tensor), raw.columns)})
    if link != "IdentityLink":
        raise Unsupported(f"{type(estimator).__name__} with {link} has no exact converter")
    return Emission({"predict": raw})


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    GammaRegressor: regressor,
    PoissonRegressor: regressor,
    TweedieRegressor: regressor,
}
