"""Imputers, selectors and products of columns, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import feature_selection, linear_model
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer, PolynomialFeatures, StandardScaler

from convert.errors import Unsupported
from convert.graph.emit import emit_model
from edge_infer.errors import BadInput

CANCER = load_breast_cancer(return_X_y=True)
IRIS = load_iris(return_X_y=True)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def with_holes(placeholder: float = np.nan, *, share: float = 0.2) -> np.ndarray:
    X = IRIS[0].copy()
    X[np.random.default_rng(0).random(X.shape) < share] = placeholder
    return X


@pytest.mark.parametrize("add_indicator", [False, True])
@pytest.mark.parametrize("placeholder", [np.nan, -1, 0.2])
@pytest.mark.parametrize("strategy", ["mean", "median", "most_frequent", "constant"])
def test_simple_imputer(strategy, placeholder, add_indicator, side_by_side):
    X = with_holes(placeholder)
    imputer = SimpleImputer(
        missing_values=placeholder, strategy=strategy, add_indicator=add_indicator
    )
    side_by_side(imputer.fit(X), 4).assert_same_bits("transform", X)


def test_simple_imputer_with_a_function_of_its_own(side_by_side):
    X = with_holes()
    imputer = SimpleImputer(strategy=np.max).fit(X)
    side_by_side(imputer, 4).assert_same_bits("transform", X)


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("strategy", ["mean", "constant"])
@pytest.mark.filterwarnings("ignore:Skipping features")
def test_a_column_that_was_empty_at_fit(strategy, keep, side_by_side):
    X = with_holes()
    X[:, 1] = np.nan
    rows = np.vstack([X[:9], IRIS[0][:9]])
    imputer = SimpleImputer(strategy=strategy, keep_empty_features=keep, add_indicator=True)
    side_by_side(imputer.fit(X), 4).assert_same_bits("transform", rows)


def test_an_indicator_that_has_nothing_to_say(side_by_side):
    imputer = SimpleImputer(add_indicator=True).fit(IRIS[0])
    side_by_side(imputer, 4).assert_same_bits("transform", with_holes())


def test_imputers_fitted_on_other_dtypes(side_by_side):
    X = with_holes()
    side_by_side(SimpleImputer().fit(X.astype(np.float32)), 4).assert_same_bits("transform", X)
    whole = np.rint(with_holes(-1)).astype(np.int64)
    imputer = SimpleImputer(missing_values=-1, strategy="most_frequent").fit(whole)
    side_by_side(imputer, 4).assert_same_bits("transform", whole.astype(np.float64))


def test_an_imputer_of_objects_is_refused():
    imputer = SimpleImputer(strategy="most_frequent").fit(with_holes().astype(object))
    with pytest.raises(Unsupported, match="other than numbers"):
        emit_model(imputer, 4)


@pytest.mark.parametrize("features", ["all", "missing-only"])
def test_missing_indicator_is_boolean(features, side_by_side):
    X = with_holes()
    indicator = MissingIndicator(features=features, error_on_new=False).fit(X)
    both = side_by_side(indicator, 4)
    both.assert_same_bits("transform", X)
    assert both.got("transform", X).dtype == np.bool_


def test_missing_indicator_before_a_model(side_by_side):
    X = with_holes()
    chain = make_pipeline(MissingIndicator(), linear_model.LogisticRegression()).fit(X, IRIS[1])
    side_by_side(chain, 4).assert_all_close(X)


def test_rows_that_the_indicator_raises_on_are_refused(with_checks):
    X = with_holes()
    X[:, 2] = 1.0
    checked = with_checks(MissingIndicator().fit(X), 4)
    checked.assert_refuses_what_scikit_learn_refuses(np.vstack([X, with_holes()]))
    with pytest.raises(Unsupported, match="sparse"):
        emit_model(MissingIndicator(sparse=True).fit(with_holes()), 4)


@pytest.mark.parametrize(
    "selector",
    [
        feature_selection.SelectKBest(k=5),
        feature_selection.SelectKBest(k="all"),
        feature_selection.SelectPercentile(percentile=40),
        feature_selection.SelectFpr(),
        feature_selection.SelectFdr(),
        feature_selection.SelectFwe(),
        feature_selection.GenericUnivariateSelect(mode="k_best", param=3),
        feature_selection.VarianceThreshold(0.1),
        feature_selection.SelectFromModel(RandomForestClassifier(5, random_state=0)),
        feature_selection.SequentialFeatureSelector(
            linear_model.LinearRegression(), n_features_to_select=2, cv=2
        ),
    ],
    ids=lambda s: type(s).__name__,
)
def test_selectors(selector, side_by_side):
    X, y = CANCER
    rows = np.vstack([X[:99], -1e300 * X[:9]])
    side_by_side(selector.fit(X, y), 30).assert_same_bits("transform", rows)


@pytest.mark.parametrize(
    "estimator",
    [
        feature_selection.RFE(RandomForestClassifier(5, random_state=0), step=0.5),
        feature_selection.RFE(linear_model.LinearRegression(), n_features_to_select=4),
        feature_selection.RFECV(linear_model.LogisticRegression(max_iter=50), step=0.3, cv=2),
    ],
    ids=lambda e: type(e).__name__ + type(e.estimator).__name__,
)
def test_recursive_elimination_predicts_as_its_estimator(estimator, side_by_side):
    X, y = CANCER
    both = side_by_side(estimator.fit(X, y), 30)
    both.assert_all_close(X)
    assert {"predict", "transform"} <= set(both.outputs)


def test_a_selector_that_keeps_nothing_is_refused():
    X, y = load_diabetes(return_X_y=True)
    nothing = feature_selection.SelectFromModel(linear_model.Ridge(), threshold=1e9).fit(X, y)
    with pytest.raises(Unsupported, match="selected no column"):
        emit_model(nothing, 10)


@pytest.mark.parametrize("include_bias", [False, True])
@pytest.mark.parametrize("interaction_only", [False, True])
@pytest.mark.parametrize("degree", [1, 2, 3, 5, (2, 3), (3, 3), (0, 2)])
def test_polynomial_features(degree, interaction_only, include_bias, side_by_side):
    expansion = PolynomialFeatures(
        degree, interaction_only=interaction_only, include_bias=include_bias
    )
    rows = np.vstack([IRIS[0][:60], IRIS[0][:20] * -1e30])
    side_by_side(expansion.fit(IRIS[0]), 4).assert_same_bits("transform", rows)


def test_polynomial_features_of_degree_zero(side_by_side):
    both = side_by_side(PolynomialFeatures(0).fit(IRIS[0]), 4)
    both.assert_same_bits("transform", IRIS[0])


def test_polynomial_features_of_one_column(side_by_side):
    X = IRIS[0][:, :1]
    side_by_side(PolynomialFeatures(4).fit(X), 1).assert_same_bits("transform", X)
    nothing = PolynomialFeatures((2, 2), interaction_only=True, include_bias=False)
    with pytest.raises(Unsupported, match="no column"):
        emit_model(nothing.fit(X), 1)


def test_products_of_scaled_and_imputed_columns_before_a_model(side_by_side):
    X = with_holes()
    chain = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True),
        StandardScaler(),
        PolynomialFeatures(include_bias=False),
        feature_selection.SelectKBest(k=12),
        linear_model.LogisticRegression(max_iter=200),
    )
    side_by_side(chain.fit(X, IRIS[1]), 4).assert_all_close(X)


@pytest.mark.parametrize("threshold", [0.0, 1.4, -2.0])
def test_binarizer_at_its_threshold(threshold, side_by_side):
    X = IRIS[0]
    near = np.nextafter(threshold, [[-np.inf], [threshold], [np.inf]]) * np.ones((3, 4))
    both = side_by_side(Binarizer(threshold=threshold).fit(X), 4)
    both.assert_same_bits("transform", np.vstack([near, X[:50]]))


def test_a_stateless_transformer_needs_its_columns():
    with pytest.raises(BadInput, match="not fitted"):
        emit_model(Binarizer(), 4)
