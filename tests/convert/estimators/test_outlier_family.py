"""Outlier detectors, and thresholds that a training row lies on."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.covariance import EllipticEnvelope
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import SGDOneClassSVM
from sklearn.neighbors import LocalOutlierFactor
from sklearn.svm import OneClassSVM

from convert.errors import Unsupported
from convert.graph.emit import emit_model

X = load_iris().data
ROWS = np.concatenate([X, X * 3, np.random.default_rng(0).normal(size=(100, 4)) * 4])


@pytest.mark.parametrize("contamination", ["auto", 0.1, 0.5])
@pytest.mark.parametrize("max_features", [1.0, 0.5])
def test_isolation_forests_to_the_last_bit_of_the_label(contamination, max_features, side_by_side):
    estimator = IsolationForest(
        n_estimators=50, contamination=contamination, max_features=max_features, random_state=0
    ).fit(X)
    side = side_by_side(estimator, 4)
    side.assert_all_close(ROWS)
    side.assert_same_bits("predict", ROWS)


def test_isolation_forest_on_missing_values_and_one_sample(side_by_side):
    rows = ROWS.copy()
    rows[::3, 1] = np.nan
    side_by_side(IsolationForest(n_estimators=30, random_state=0).fit(rows), 4).assert_all_close(
        rows
    )
    single = IsolationForest(n_estimators=5, max_samples=1, random_state=0).fit(X)
    side_by_side(single, 4).assert_all_close(ROWS)


@pytest.mark.parametrize("kernel", ["linear", "poly", "rbf", "sigmoid"])
def test_one_class_svm(kernel, side_by_side):
    estimator = OneClassSVM(kernel=kernel, nu=0.2, coef0=0.3).fit(X)
    side_by_side(estimator, 4).assert_all_close(ROWS)


def test_sgd_one_class_svm(side_by_side):
    side_by_side(SGDOneClassSVM(random_state=0).fit(X), 4).assert_all_close(ROWS)


@pytest.mark.parametrize("algorithm", ["brute", "kd_tree", "ball_tree"])
@pytest.mark.parametrize("settings", [{}, {"p": 1}, {"n_neighbors": 5, "contamination": 0.1}])
def test_local_outlier_factor(algorithm, settings, side_by_side):
    rows = load_diabetes().data
    estimator = LocalOutlierFactor(novelty=True, algorithm=algorithm, **settings)
    side_by_side(estimator.fit(rows), 10, brief=True).assert_all_close(rows + 1e-3)


def test_local_outlier_factor_without_novelty_is_refused():
    with pytest.raises(Unsupported, match="novelty"):
        emit_model(LocalOutlierFactor().fit(X), 4)


def test_elliptic_envelope(side_by_side):
    estimator = EllipticEnvelope(contamination=0.15, random_state=0).fit(X)
    side_by_side(estimator, 4).assert_all_close(ROWS)
