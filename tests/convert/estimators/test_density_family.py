"""Discriminants, centroids and mixtures."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.neighbors import NearestCentroid

IRIS = load_iris(return_X_y=True)
CANCER = load_breast_cancer(return_X_y=True)
DATA = pytest.mark.parametrize("data", [IRIS, CANCER], ids=["multiclass", "binary"])


@DATA
@pytest.mark.parametrize(
    "settings", [{}, {"reg_param": 0.1}, {"solver": "eigen", "shrinkage": "auto"}], ids=str
)
def test_quadratic_discriminants(data, settings, side_by_side):
    X, y = data
    X = X / X.std(axis=0)
    X = X[:, [0, 1, 4, 8, 9]] if X.shape[1] > 4 else X
    estimator = QuadraticDiscriminantAnalysis(**settings).fit(X, np.array(["c", "a", "b"])[y])
    side_by_side(estimator, X.shape[1]).assert_all_close(np.concatenate([X, X * 1.5]))


@DATA
@pytest.mark.parametrize("solver", ["svd", "eigen", "lsqr"])
def test_linear_discriminants_project(data, solver, side_by_side):
    X, y = data
    side = side_by_side(LinearDiscriminantAnalysis(solver=solver).fit(X, y), X.shape[1])
    side.assert_all_close(X)
    assert ("transform" in side.outputs) == (solver != "lsqr")


@DATA
@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
@pytest.mark.parametrize("priors", ["uniform", "empirical"])
@pytest.mark.parametrize("shrink", [None, 0.5])
def test_nearest_centroids(data, metric, priors, shrink, side_by_side):
    X, y = data
    keep = np.arange(len(X)) > 20
    X, y = X[keep], y[keep]
    estimator = NearestCentroid(metric=metric, priors=priors, shrink_threshold=shrink).fit(X, y)
    side_by_side(estimator, X.shape[1]).assert_all_close(np.concatenate([X, X * 1.5]))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize("family", [GaussianMixture, BayesianGaussianMixture])
def test_mixtures_of_every_covariance(kind, family, side_by_side):
    X, _ = IRIS
    estimator = family(n_components=3, covariance_type=kind, random_state=0).fit(X)
    rows = np.concatenate([X, X * 2, np.random.default_rng(0).normal(size=(200, 4)) * 5])
    side_by_side(estimator, 4).assert_all_close(rows)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_dirichlet_distribution_and_one_component(side_by_side):
    X, _ = IRIS
    kind = "dirichlet_distribution"
    estimator = BayesianGaussianMixture(
        n_components=4, weight_concentration_prior_type=kind, random_state=0
    )
    side_by_side(estimator.fit(X), 4).assert_all_close(X)
    side_by_side(GaussianMixture(1).fit(X), 4).assert_all_close(X)
