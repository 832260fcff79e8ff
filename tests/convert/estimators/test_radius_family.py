"""Neighbours within a radius, and rows that have none."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.neighbors import RadiusNeighborsClassifier, RadiusNeighborsRegressor

import convert
from convert.errors import Unsupported
from convert.estimators import emit
from convert.graph.builder import Graph
from convert.graph.emit import emit_model

IRIS = load_iris(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)
FAR = np.full((2, 4), 99.0)

SEARCHES = pytest.mark.parametrize("algorithm", ["brute", "kd_tree", "ball_tree"])
WEIGHTS = pytest.mark.parametrize("weights", ["uniform", "distance"])


@SEARCHES
@WEIGHTS
@pytest.mark.parametrize("settings", [{"p": 2}, {"p": 1}, {"p": 3}, {"metric": "chebyshev"}])
def test_votes_within_a_radius(algorithm, weights, settings, side_by_side):
    X, y = IRIS
    X = np.round(X * 10)
    estimator = RadiusNeighborsClassifier(
        8.0, algorithm=algorithm, weights=weights, outlier_label="most_frequent", **settings
    ).fit(X, np.array(["c", "a", "b"])[y])
    side_by_side(estimator, 4).assert_all_close(np.concatenate([X + 0.3, X * 2, FAR * 10]))


@pytest.mark.parametrize("algorithm", ["kd_tree", "ball_tree", "brute"])
def test_a_point_on_the_circle_votes(algorithm, side_by_side):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 9, size=(200, 2)).astype(float)
    y = rng.integers(0, 3, size=200)
    estimator = RadiusNeighborsClassifier(2.0, algorithm=algorithm, outlier_label=1).fit(X, y)
    side_by_side(estimator, 2).assert_same_bits("predict", X)


def test_rows_without_neighbours_are_checked_where_scikit_learn_raises():
    X, y = IRIS
    estimator = RadiusNeighborsClassifier(0.5).fit(X, y)
    with pytest.raises(ValueError, match="No neighbors"):
        estimator.predict(FAR)
    g = Graph("X")
    (check,) = emit(g, estimator, g.x).checks
    assert "radius" in check.message


def test_an_outlier_label_of_its_own_is_refused():
    estimator = RadiusNeighborsClassifier(0.5, outlier_label=7).fit(*IRIS)
    with pytest.raises(Unsupported, match="outlier_label"):
        emit_model(estimator, 4)


@SEARCHES
@WEIGHTS
@pytest.mark.parametrize("kind", [float, int])
def test_means_within_a_radius(algorithm, weights, kind, side_by_side):
    X, y = DIABETES
    X = np.round(X * 1000)
    y = y.astype(kind)
    estimator = RadiusNeighborsRegressor(100.0, algorithm=algorithm, weights=weights)
    rows = np.concatenate([X + 0.5, X + 9e3])
    for targets in (y, np.c_[y, -y]):
        side = side_by_side(estimator.fit(X, targets), 10)
        got, want = side.got("predict", rows), side.want("predict", rows)
        np.testing.assert_allclose(got, want, rtol=1e-9)
        assert (want < -1e18).any() or np.isnan(want).any()


@WEIGHTS
def test_votes_on_several_targets(weights, loaded, shorter):
    """Each of its own classes; a row without neighbours gets each target's own label."""
    X, y = IRIS
    targets = np.c_[y, 5 * (X[:, 0] > 5.8)]
    estimator = RadiusNeighborsClassifier(1.0, weights=weights, outlier_label=[2, 5])
    estimator.fit(X + np.linspace(0, 0.1, 4), targets)
    model = loaded(convert.export(estimator, X))
    rows = np.concatenate([X + 0.013, FAR])
    assert (model.predict(rows) == estimator.predict(rows)).all()
    assert model.predict(FAR).tolist() == [[2, 5]] * 2
    for got, want in zip(model.predict_proba(rows), estimator.predict_proba(rows), strict=True):
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-12)


def test_several_targets_without_an_outlier_label_are_checked():
    X, y = IRIS
    estimator = RadiusNeighborsClassifier(0.5).fit(X, np.c_[y, y])
    g = Graph("X")
    (check,) = emit(g, estimator, g.x).checks
    assert "radius" in check.message
