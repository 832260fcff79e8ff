"""Nearest neighbours, ties and all."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_diabetes, load_iris, load_wine
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from convert.errors import Unsupported
from convert.graph.emit import emit_model

IRIS = load_iris(return_X_y=True)
WINE = load_wine(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)

METRICS = [
    {"p": 1},
    {"p": 2},
    {"p": 3},
    {"metric": "chebyshev"},
    {"metric": "minkowski", "p": 2, "metric_params": {"w": np.array([1.0, 2.0, 0.5, 3.0])}},
]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("algorithm", ["brute", "kd_tree", "ball_tree"])
@pytest.mark.parametrize("settings", METRICS, ids=str)
def test_metrics_and_searches(weights, algorithm, settings, side_by_side):
    X, y = IRIS
    if algorithm == "brute":
        X = np.round(X * 10)
    rng = np.random.default_rng(0)
    estimator = KNeighborsClassifier(4, weights=weights, algorithm=algorithm, **deepcopy(settings))
    if algorithm == "kd_tree" and "metric_params" in settings:
        with pytest.raises(ValueError, match="kd_tree"):
            estimator.fit(X, y)
        return
    rows = X[:, :4] + rng.normal(size=X.shape) * 0.3
    side_by_side(estimator.fit(X, y), 4).assert_all_close(rows)


@pytest.mark.filterwarnings("ignore:The number of unique classes")
@pytest.mark.parametrize("k", [1, 2])
@pytest.mark.parametrize("leaf_size", [1, 5, 30])
@pytest.mark.parametrize("algorithm", ["brute", "kd_tree", "ball_tree"])
def test_ties_fall_to_the_point_that_the_search_meets_first(k, leaf_size, algorithm, side_by_side):
    """Small integers tie everywhere; every row has a label of its own."""
    rng = np.random.default_rng(1)
    X = rng.integers(0, 5, size=(300, 3)).astype(float)
    estimator = KNeighborsClassifier(k, algorithm=algorithm, leaf_size=leaf_size)
    rows = rng.integers(0, 9, size=(600, 3)) / 2
    side_by_side(estimator.fit(X, np.arange(300)), 3).assert_same_bits("predict", rows)


@pytest.mark.sampled(5)
@pytest.mark.filterwarnings("ignore:The number of unique classes")
@pytest.mark.parametrize("k", [3, 4, 5, 8, 20])
@pytest.mark.parametrize("leaf_size", [3, 30])
@pytest.mark.parametrize("algorithm", ["kd_tree", "ball_tree", "brute"])
def test_among_ties_the_history_of_the_heap_decides(k, leaf_size, algorithm, side_by_side):
    rng = np.random.default_rng(2)
    X = rng.integers(0, 4, size=(150, 3)).astype(float)
    rows = rng.integers(-1, 10, size=(400, 3)) / 2
    mean = KNeighborsRegressor(k, algorithm=algorithm, leaf_size=leaf_size)
    side_by_side(mean.fit(X, rng.normal(size=150)), 3).assert_close("predict", rows)
    vote = KNeighborsClassifier(k, algorithm=algorithm, leaf_size=leaf_size)
    side_by_side(vote.fit(X, np.arange(150)), 3).assert_same_bits("predict_proba", rows)


def between(X, way, rng, count=600):
    """Rows between pairs of training rows, where neighbours tie but for rounding."""
    low, high = X[rng.integers(len(X), size=(2, count))]
    return low * way + high * (1 - way)


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    seed=st.integers(0, 2**32 - 1),
    features=st.integers(1, 15),
    unit=st.sampled_from([1.0, 0.1, 0.3]),
    way=st.sampled_from([0.5, 0.25, 1 / 3]),
    k=st.sampled_from([1, 3, 5, 9]),
    algorithm=st.sampled_from(["brute", "kd_tree"]),
)
def test_between_any_rows_ties_are_broken_to_the_last_bit(
    seed, features, unit, way, k, algorithm, side_by_side
):
    """Of up to 15 columns |x|² is added up by BLAS, and in the graph, as one chain."""
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 6 if features < 4 else 2, size=(50, features)) * unit
    model = KNeighborsRegressor(k, algorithm=algorithm).fit(X, rng.normal(size=50))
    side_by_side(model, features).assert_close("predict", between(X, way, rng))


def test_a_third_power_is_taken_at_once(side_by_side):
    """onnxruntime multiplies d·d·d for one exponent of 3, which rounds twice."""
    X, y = IRIS
    rows = np.concatenate([X, between(X, 0.5, np.random.default_rng(0))])
    model = KNeighborsRegressor(5, p=3, algorithm="kd_tree").fit(X, y.astype(float))
    side_by_side(model, 4).assert_close("predict", rows)


def test_midpoints_of_decimal_columns(side_by_side):
    X, y = WINE
    rng = np.random.default_rng(0)
    pairs = rng.integers(len(X), size=(2, 1000))
    estimator = KNeighborsClassifier(2, weights="distance").fit(X, y)
    side_by_side(estimator, 13).assert_all_close(X[pairs[0]] / 2 + X[pairs[1]] / 2)


@pytest.mark.parametrize("k", [7, 9, 20])
def test_weighted_votes_of_many_neighbours(k, side_by_side):
    X, y = IRIS
    estimator = KNeighborsClassifier(k, weights="distance", algorithm="kd_tree").fit(X, y)
    side_by_side(estimator, 4).assert_all_close(X + 0.01)


@pytest.mark.parametrize("algorithm", ["brute", "kd_tree"])
def test_rows_out_of_reach(algorithm, side_by_side):
    X, y = IRIS
    estimator = KNeighborsClassifier(3, algorithm=algorithm).fit(X, (y + 1) % 3)
    rows = np.full((2, 4), 1e200)
    rows[1] *= -1
    side_by_side(estimator, 4).assert_same_bits("predict", rows)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("algorithm", ["brute", "kd_tree"])
def test_regressors(weights, algorithm, side_by_side):
    X, y = DIABETES
    X = np.round(X * 1000)
    estimator = KNeighborsRegressor(6, weights=weights, algorithm=algorithm)
    side_by_side(estimator.fit(X, y), 10).assert_all_close(X + 1e-3)
    side_by_side(estimator.fit(X, np.c_[y, -y]), 10).assert_all_close(X + 1e-3)
    side_by_side(estimator.fit(X, y.astype(int)), 10).assert_all_close(X + 1e-3)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"metric": "canberra"}, "metric"),
        ({"weights": lambda distance: distance}, "callable"),
        ({"metric": "precomputed"}, "metric"),
    ],
    ids=["metric", "weights", "precomputed"],
)
def test_what_is_refused(settings, reason):
    X, y = IRIS
    rows = X @ X.T if settings.get("metric") == "precomputed" else X
    with pytest.raises(Unsupported, match=reason):
        emit_model(KNeighborsClassifier(**settings).fit(rows, y), rows.shape[1])


def test_integer_rows_by_brute_force_are_refused():
    X, y = IRIS
    estimator = KNeighborsClassifier(algorithm="brute").fit(X.astype(int), y)
    with pytest.raises(Unsupported, match="int64"):
        emit_model(estimator, 4)


def test_distances_that_are_rounding_are_no_weights():
    X, y = IRIS
    estimator = KNeighborsClassifier(weights="distance", algorithm="brute").fit(X, y)
    with pytest.raises(Unsupported, match="rounding alone"):
        emit_model(estimator, 4)
    whole = KNeighborsClassifier(weights="distance", algorithm="brute").fit(np.round(X), y)
    assert emit_model(whole, 4).outputs
