"""Partial least squares: `sklearn.cross_decomposition._pls`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.cross_decomposition import CCA, PLSSVD, PLSCanonical, PLSRegression

from convert.estimators.arrays import dense
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor


def pls(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`transform` by rotation of the scaled rows, `predict` by coefficients of centred ones."""
    centered = g.op("Sub", x, dense(estimator._x_mean))
    coef = dense(estimator.coef_)
    product = g.op("MatMul", centered, coef[0] if estimator._predict_1d else coef.T)
    intercept = dense(estimator.intercept_)
    if estimator._predict_1d:
        predicted = Scores(g.op("Add", product, float(intercept.reshape(-1)[0])), None)
    else:
        predicted = Scores(g.op("Add", product, intercept), coef.shape[0])
    return Emission({"predict": predicted, "transform": _rotated(g, estimator, centered)})


def pls_svd(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`PLSSVD.transform`."""
    centered = g.op("Sub", x, dense(estimator._x_mean))
    scaled = g.op("Div", centered, dense(estimator._x_std))
    weights = dense(estimator.x_weights_)
    return Emission({"transform": Scores(g.op("MatMul", scaled, weights), weights.shape[1])})


def _rotated(g: Graph, estimator: Any, centered: Tensor) -> Scores:
    rotations = dense(estimator.x_rotations_)
    scaled = g.op("Div", centered, dense(estimator._x_std))
    return Scores(g.op("MatMul", scaled, rotations), rotations.shape[1])


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    CCA: pls,
    PLSCanonical: pls,
    PLSRegression: pls,
    PLSSVD: pls_svd,
}
