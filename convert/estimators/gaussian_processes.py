"""Gaussian processes and kernel ridge regression: weighted kernels of the training points."""

from __future__ import annotations

from dataclasses import replace
from math import pi
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.linalg import solve_triangular
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process._gpc import (
    COEFS,
    LAMBDAS,
    _BinaryGaussianProcessClassifierLaplace,
)
from sklearn.kernel_ridge import KernelRidge

from convert.errors import Unsupported
from convert.estimators import labels
from convert.estimators.arrays import dense
from convert.estimators.covariances import Covariance
from convert.estimators.pairwise_kernels import pairwise_kernel
from convert.estimators.special_functions import erf
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.estimators.members import Composite, Emit
    from convert.graph.builder import Graph, Tensor
    from convert.graph.emission import Check

_ROWS = np.array([1], dtype=np.int64)


def regressor(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`K @ alpha_`, the normalisation of the targets undone."""
    if not hasattr(estimator, "X_train_"):
        raise Unsupported("a GaussianProcessRegressor that predicts from its prior alone")
    covariance = Covariance(g, x)
    kernel = covariance.between(estimator.kernel_, dense(estimator.X_train_))
    alpha = dense(estimator.alpha_)
    if alpha.ndim == 2 and alpha.shape[1] == 1:
        alpha = alpha[:, 0]
    mean, spread = (
        dense(value).reshape(-1 if alpha.ndim == 2 else ())
        for value in (estimator._y_train_mean, estimator._y_train_std)
    )
    value = g.op("Add", g.op("Mul", g.op("MatMul", kernel, alpha), spread), mean)
    scores = Scores(value, None if alpha.ndim == 1 else alpha.shape[1])
    return Emission({"predict": scores}, checks=tuple(covariance.checks))


def binary_classifier(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`predict` by the sign of the latent mean, `predict_proba` by its smoothed logistic."""
    covariance = Covariance(g, x)
    kernel = covariance.between(estimator.kernel_, dense(estimator.X_train_))
    mean = g.op("MatMul", kernel, dense(estimator.y_train_ - estimator.pi_))
    verbs: dict[str, Scores] = {}
    notes: tuple[str, ...] = ()
    try:
        variance = _latent_variance(g, estimator, covariance, kernel)
    except Unsupported as error:
        notes = (f"predict_proba is not served: {error.what}",)
    else:
        positive = _averaged_logistic(g, mean, variance)
        verbs["predict_proba"] = Scores(labels.two_columns(g, positive), 2)
    index = labels.above(g, mean, 0.0)
    return Emission(verbs, index, notes=notes, checks=tuple(covariance.checks))


def classifier(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """The binary classifier itself, or one for each class or pair."""
    found = emit(g, estimator.base_estimator_, x)
    verbs = {verb: found.verbs[verb] for verb in ("predict_proba",) if verb in found.verbs}
    return replace(found, verbs=verbs)


def kernel_ridge(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`K @ dual_coef_`."""
    dual = dense(estimator.dual_coef_)
    checks: tuple[Check, ...] = ()
    if estimator.kernel == "precomputed":
        kernel = x
    else:
        names = ("gamma", "degree", "coef0")
        settings = {name: getattr(estimator, name) for name in names}
        kernel, checks = pairwise_kernel(g, x, estimator.X_fit_, estimator.kernel, settings)
    scores = Scores(g.op("MatMul", kernel, dual), None if dual.ndim == 1 else dual.shape[1])
    return Emission({"predict": scores}, checks=checks)


def _latent_variance(g: Graph, estimator: Any, covariance: Covariance, kernel: Tensor) -> Tensor:
    """`kernel_.diag(X) - |L⁻¹ W^½ k|²`; L has no eigenvalue below 1, so its inverse is tame."""
    factor = dense(estimator.L_)
    inverse = solve_triangular(factor, np.eye(len(factor)), lower=True)
    weighted = dense(estimator.W_sr_)[:, None] * inverse.T
    v = g.op("MatMul", kernel, weighted)
    explained = g.op("ReduceSum", g.op("Mul", v, v), _ROWS, keepdims=0)
    return g.op("Sub", covariance.own(estimator.kernel_), explained)


def _averaged_logistic(g: Graph, mean: Tensor, variance: Tensor) -> Tensor:
    """Five error functions for a logistic one (Williams and Barber, 1998)."""
    lambdas, weights = dense(LAMBDAS).reshape(-1), dense(COEFS).reshape(-1)
    spread = labels.column(g, variance)
    alpha = g.op("Div", 1.0, g.op("Mul", spread, 2.0))
    gamma = g.op("Mul", labels.column(g, mean), lambdas)
    share = g.op("Sqrt", g.op("Div", alpha, g.op("Add", alpha, lambdas**2)))
    height = g.op("Mul", g.op("Sqrt", g.op("Div", pi, alpha)), erf(g, g.op("Mul", gamma, share)))
    scale = g.op("Mul", g.op("Sqrt", g.op("Mul", g.op("Mul", spread, 2.0), pi)), 2.0)
    integrals = g.op("Mul", g.op("Div", height, scale), weights)
    total = g.op("ReduceSum", integrals, _ROWS, keepdims=0)
    return g.op("Add", total, 0.5 * float(weights.sum()))


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    GaussianProcessRegressor: regressor,
    KernelRidge: kernel_ridge,
    _BinaryGaussianProcessClassifierLaplace: binary_classifier,
}

COMPOSITES: dict[type, Composite] = {GaussianProcessClassifier: classifier}
