"""Gradient boosting, constant predictors and generalised linear models."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import (
    GammaRegressor,
    LinearRegression,
    PoissonRegressor,
    TweedieRegressor,
)
from sklearn.tree import DecisionTreeRegressor

from convert.errors import Unsupported
from convert.graph.emit import emit_model

IRIS = load_iris(return_X_y=True)
CANCER = load_breast_cancer(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)


def _at_thresholds(estimator, X):
    """Rows on every threshold, one ulp of float32 either way."""
    trees = [tree.tree_ for tree in estimator.estimators_.ravel()]
    rows = []
    for tree in trees[:40]:
        for feature, threshold in zip(tree.feature, tree.threshold, strict=True):
            if feature >= 0:
                exact = np.float32(threshold)
                for value in (threshold, exact, np.nextafter(exact, np.float32(np.inf))):
                    row = X[len(rows) % len(X)].copy()
                    row[feature] = value
                    rows.append(row)
    return np.array(rows)


@pytest.mark.parametrize("data", [IRIS, CANCER], ids=["multiclass", "binary"])
@pytest.mark.parametrize("init", [None, "zero", RandomForestClassifier(5)])
def test_classifiers_and_their_init(data, init, side_by_side):
    X, y = data
    estimator = GradientBoostingClassifier(n_estimators=20, init=init, random_state=0).fit(X, y)
    side = side_by_side(estimator, X.shape[1])
    side.assert_all_close(X)
    rows = _at_thresholds(estimator, X)
    if isinstance(init, RandomForestClassifier):
        side.assert_all_close(rows)
    else:
        side.assert_same_bits("decision_function", rows)
        side.assert_same_bits("predict", rows)


def test_exponential_loss_and_a_score_of_zero(side_by_side):
    X, y = CANCER
    estimator = GradientBoostingClassifier(loss="exponential", n_estimators=20).fit(X, y)
    side_by_side(estimator, 30).assert_all_close(X)
    X = np.array([[0.0], [1.0]])
    even = GradientBoostingClassifier(init="zero", n_estimators=1, min_samples_split=3)
    side_by_side(even.fit(X, ["a", "b"]), 1).assert_all_close(X)


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", "quantile"])
@pytest.mark.parametrize("init", [None, "zero", DecisionTreeRegressor(max_depth=3)])
def test_regressors(loss, init, side_by_side):
    X, y = DIABETES
    estimator = GradientBoostingRegressor(loss=loss, init=init, n_estimators=20).fit(X, y)
    side = side_by_side(estimator, 10)
    side.assert_all_close(X)
    if not isinstance(init, DecisionTreeRegressor):
        side.assert_same_bits("predict", _at_thresholds(estimator, X))


@pytest.mark.parametrize("strategy", ["most_frequent", "prior", "constant"])
def test_dummies(strategy, side_by_side):
    X, y = IRIS
    y = np.where(y == 0, "no", "yes")
    constant = "no" if strategy == "constant" else None
    side = side_by_side(DummyClassifier(strategy=strategy, constant=constant).fit(X, y), 4)
    side.assert_same_bits("predict", X)
    side.assert_same_bits("predict_proba", X)
    X, y = DIABETES
    side_by_side(DummyRegressor().fit(X, y), 10).assert_same_bits("predict", X)
    side_by_side(DummyRegressor().fit(X, np.c_[y, -y]), 10).assert_same_bits("predict", X)


@pytest.mark.parametrize("strategy", ["stratified", "uniform"])
def test_random_dummies_are_refused(strategy):
    with pytest.raises(Unsupported, match="at random"):
        emit_model(DummyClassifier(strategy=strategy).fit(*IRIS), 4)


@pytest.mark.parametrize(
    "estimator",
    [
        PoissonRegressor(),
        GammaRegressor(),
        TweedieRegressor(power=0),
        TweedieRegressor(power=0, link="log"),
        TweedieRegressor(power=1.5),
        TweedieRegressor(power=1.5, link="identity", max_iter=5),
        TweedieRegressor(power=3),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_generalised_linear_models_of_every_link(estimator, side_by_side):
    X, y = DIABETES
    side_by_side(estimator.fit(X, y), 10).assert_all_close(np.concatenate([X, X * 30]))


def test_an_init_estimator_that_computes_in_float32_is_refused():
    estimator = GradientBoostingRegressor(init=LinearRegression(), n_estimators=2)
    with pytest.raises(Unsupported, match="float32"):
        emit_model(estimator.fit(*DIABETES), 10)


@pytest.mark.parametrize(
    "estimator", [HistGradientBoostingClassifier, HistGradientBoostingRegressor]
)
@pytest.mark.parametrize("categories", [2, 9, 60])
def test_splits_by_categories(estimator, categories, side_by_side):
    """Known and unknown categories, missing ones, fractions between them."""
    rng = np.random.default_rng(categories)
    X = rng.normal(size=(400, 4))
    X[:, 1] = rng.integers(0, categories, 400) * 3 - 5
    X[:, 3] = rng.integers(0, 4, 400)
    X[rng.random(400) < 0.1, 1] = np.nan
    effect = rng.normal(size=categories + 1)
    y = effect[np.nan_to_num((X[:, 1] + 5) / 3, nan=-1).astype(int)] + 0.3 * X[:, 0] + 0.2 * X[:, 3]
    y = (y > 0).astype(int) if estimator is HistGradientBoostingClassifier else y
    model = estimator(max_iter=15, categorical_features=[1, 3], min_samples_leaf=5).fit(X, y)
    rows = np.repeat(X[:60], 6, axis=0)
    rows[::6, 1], rows[1::6, 1], rows[2::6, 1], rows[3::6, 3] = np.nan, 1e9, -4.5, np.nan
    rows[4::6, 0], rows[5::6, 3] = np.nan, -1
    both = side_by_side(model, 4)
    both.assert_all_close(rows)


@pytest.mark.parametrize(
    "settings",
    [
        {"monotonic_cst": [1, 0, -1, 0]},
        {"interaction_cst": [{0, 1}, {2, 3}]},
        {"interaction_cst": "no_interactions", "max_leaf_nodes": 4},
        {"class_weight": "balanced", "max_depth": 2},
    ],
    ids=str,
)
def test_constraints(settings, side_by_side):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(300, 4))
    y = (X[:, 0] - X[:, 2] + X[:, 1] * X[:, 3] > 0).astype(int)
    model = HistGradientBoostingClassifier(max_iter=15, **settings).fit(X, y)
    both = side_by_side(model, 4)
    both.assert_close("decision_function", rng.normal(size=(300, 4)), relative=1e-14)
