"""Trees, forests and boosting: equal to the last bit, wherever a row may be sent astray."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

DIGITS = load_digits(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)
IRIS = load_iris(return_X_y=True)


def around_thresholds(trees, rows, *, single):
    """Rows on each threshold and one ulp to either side, in the precision of the comparison."""
    made = []
    for tree in trees:
        inner = tree.children_left >= 0
        for feature, threshold in zip(tree.feature[inner], tree.threshold[inner], strict=True):
            kind = np.float32 if single else np.float64
            at = kind(threshold)
            for value in (at, np.nextafter(at, kind(np.inf)), np.nextafter(at, kind(-np.inf))):
                row = rows[len(made) % len(rows)].copy()
                row[feature] = value
                made.append(row)
            row = rows[len(made) % len(rows)].copy()
            row[feature] = threshold
            made.append(row)
    return np.array(made)


@pytest.mark.parametrize(
    "estimator",
    [
        DecisionTreeClassifier(random_state=0),
        DecisionTreeClassifier(random_state=0, max_depth=4),
        RandomForestClassifier(10, random_state=0),
        RandomForestClassifier(10, random_state=0, max_depth=5),
        ExtraTreesClassifier(5, random_state=0, min_samples_leaf=9),
    ],
    ids=str,
)
def test_classifiers_at_thresholds_and_one_ulp_beside(estimator, side_by_side):
    X, y = DIGITS
    estimator.fit(X, y)
    trees = [tree.tree_ for tree in getattr(estimator, "estimators_", [estimator])]
    rows = around_thresholds(trees[:4], X, single=True)
    both = side_by_side(estimator, X.shape[1])
    both.assert_same_bits("predict", rows)
    both.assert_same_bits("predict_proba", rows)


@pytest.mark.parametrize(
    "estimator",
    [
        DecisionTreeRegressor(random_state=0),
        RandomForestRegressor(10, random_state=0),
        ExtraTreesRegressor(10, random_state=0, max_depth=4),
        make_pipeline(StandardScaler(), RandomForestRegressor(5, random_state=0)),
    ],
    ids=str,
)
def test_regressors_on_columns_of_mixed_magnitude(estimator, side_by_side):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 1000, (300, 6)) * 10.0 ** np.array([-30, -3, 0, 3, 9, 20])
    estimator.fit(X, rng.normal(size=300))
    side_by_side(estimator, 6).assert_same_bits("predict", rng.permuted(X, axis=0))


@pytest.mark.parametrize(
    "estimator",
    [
        DecisionTreeClassifier(random_state=0),
        RandomForestClassifier(10, random_state=0),
        HistGradientBoostingClassifier(max_iter=5),
    ],
    ids=str,
)
def test_nan_goes_where_scikit_learn_sends_it(estimator, side_by_side):
    X, y = DIGITS
    rng = np.random.default_rng(1)
    X = np.where(rng.random(X.shape) < 0.15, np.nan, X)
    estimator.fit(X, y)
    rows = np.where(rng.random(X.shape) < 0.5, np.nan, X)
    both = side_by_side(estimator, X.shape[1])
    both.assert_same_bits("predict", rows)
    both.assert_close("predict_proba", rows, relative=1e-15)


@pytest.mark.parametrize(
    "loss", ["squared_error", "absolute_error", "quantile", "gamma", "poisson"]
)
def test_hist_gradient_boosting_of_every_loss(loss, side_by_side):
    X, y = DIABETES
    quantile = 0.3 if loss == "quantile" else None
    estimator = HistGradientBoostingRegressor(max_iter=10, loss=loss, quantile=quantile).fit(X, y)
    both = side_by_side(estimator, X.shape[1])
    nodes = [p.nodes for iteration in estimator._predictors for p in iteration]
    rows = X[np.arange(400) % len(X)].copy()
    for row, node in zip(rows, np.concatenate(nodes), strict=False):
        if not node["is_leaf"]:
            row[node["feature_idx"]] = np.nextafter(node["num_threshold"], np.inf)
    both.assert_close("predict", rows, relative=1e-15)
    if loss not in ("gamma", "poisson"):
        both.assert_same_bits("predict", rows)


def test_a_tree_that_is_a_single_leaf(side_by_side):
    X, _ = IRIS
    constant = DecisionTreeClassifier().fit(X, np.full(len(X), -7))
    side_by_side(constant, 4).assert_same_bits("predict", X)
    stump = HistGradientBoostingRegressor(max_iter=1).fit(X, np.ones(len(X)))
    side_by_side(stump, 4).assert_same_bits("predict", X)


def test_a_regression_tree_of_several_outputs(side_by_side):
    X, y = DIABETES
    estimator = DecisionTreeRegressor(max_depth=6).fit(X, np.c_[y, -y, y * 0])
    side_by_side(estimator, X.shape[1]).assert_same_bits("predict", X)


def test_votes_that_tie_keep_the_first_class(side_by_side):
    X = np.array([[0.0], [0.0], [1.0], [1.0]])
    estimator = RandomForestClassifier(4, random_state=0, bootstrap=False).fit(X, [1, 0, 1, 0])
    both = side_by_side(estimator, 1)
    assert np.all(both.want("predict_proba", X) == 0.5)
    both.assert_same_bits("predict", X)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    depth=st.integers(1, 7),
    classes=st.integers(2, 5),
    scale=st.sampled_from([1e-30, 1.0, 1e20]),
)
def test_any_forest_of_impure_leaves(seed, depth, classes, scale):
    import onnxruntime

    from convert.graph.emit import emit_model

    rng = np.random.default_rng(seed)
    X = np.round(rng.normal(size=(80, 3)), 1) * scale
    X[rng.random(X.shape) < 0.05] = np.nan
    forest = RandomForestClassifier(7, max_depth=depth, random_state=0)
    forest.fit(X, rng.integers(0, classes, 80))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(emit_model(forest, 3).onnx, options)
    got = session.run(["probabilities"], {"X": X})[0]
    np.testing.assert_array_equal(got, forest.predict_proba(X))
