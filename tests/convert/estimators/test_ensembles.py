"""Votes, stacks, bags and boosts of other estimators."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    RandomForestClassifier,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.impute import KNNImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from convert.errors import NotExact, Unsupported
from convert.export import export
from convert.graph.emit import emit_model

IRIS, KIND = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[KIND]
CANCER, SICK = load_breast_cancer(return_X_y=True)
DIABETES, PROGRESS = load_diabetes(return_X_y=True)
THREE = pytest.param(IRIS, NAMES, id="three classes")
TWO = pytest.param(CANCER, SICK * 2 - 5, id="two classes")


def scaled_logistic():
    return make_pipeline(StandardScaler(), LogisticRegression())


def classifiers():
    return [
        ("linear", scaled_logistic()),
        ("gone", "drop"),
        ("forest", RandomForestClassifier(5, random_state=0)),
        ("tree", DecisionTreeClassifier(max_depth=2, random_state=0)),
    ]


def regressors():
    return [
        ("linear", LinearRegression()),
        ("gone", "drop"),
        ("tree", DecisionTreeRegressor(max_depth=4, random_state=0)),
        ("stump", DecisionTreeRegressor(max_depth=1)),
    ]


@pytest.mark.parametrize("weights", [None, [1, 9, 2, 3], [0.1, 9.0, 0.2, 0.3]], ids=str)
@pytest.mark.parametrize("voting", ["hard", "soft"])
@pytest.mark.parametrize(("X", "y"), [THREE, TWO])
def test_voting(X, y, voting, weights, side_by_side):
    estimator = VotingClassifier(classifiers(), voting=voting, weights=weights).fit(X, y)
    side_by_side(estimator, X.shape[1]).assert_all_close(X)


def test_tied_votes_go_to_the_first_class(side_by_side):
    trees = [(str(depth), DecisionTreeClassifier(max_depth=depth)) for depth in (1, 2)]
    estimator = VotingClassifier(trees).fit(IRIS, NAMES)
    counts = [np.bincount(row) for row in estimator.transform(IRIS)]
    assert any((count == 1).sum() == 2 for count in counts)
    side_by_side(estimator, 4).assert_same_bits("predict", IRIS)


def test_what_voting_cannot_serve():
    apart = VotingClassifier(classifiers(), voting="soft", flatten_transform=False)
    emitted = emit_model(apart.fit(IRIS, NAMES), 4)
    assert [output.verb for output in emitted.outputs] == ["predict", "predict_proba"]
    assert "flatten_transform" in emitted.notes[0]
    against = VotingClassifier(classifiers(), weights=[1, 1, -1, 1]).fit(IRIS, NAMES)
    with pytest.raises(Unsupported, match=r"member 'forest': votes with the weight -1"):
        emit_model(against, 4)


@pytest.mark.parametrize("weights", [None, [1, 9, 2, 0.3]], ids=str)
def test_voting_regressors(weights, side_by_side):
    estimator = VotingRegressor(regressors(), weights=weights).fit(DIABETES, PROGRESS)
    side_by_side(estimator, 10).assert_all_close(DIABETES)


@pytest.mark.parametrize("passthrough", [False, True])
@pytest.mark.parametrize("method", ["auto", "predict"])
@pytest.mark.parametrize(("X", "y"), [THREE, TWO])
def test_stacking(X, y, method, passthrough, side_by_side):
    estimator = StackingClassifier(
        classifiers(),
        final_estimator=scaled_logistic(),
        stack_method=method,
        passthrough=passthrough,
        cv=2,
    )
    side_by_side(estimator.fit(X, y), X.shape[1]).assert_all_close(X)


def test_stacking_on_fitted_members_and_a_forest_behind(side_by_side):
    members = [(n, e.fit(IRIS, KIND + 5)) for n, e in classifiers() if e != "drop"]
    forest = RandomForestClassifier(5, random_state=0)
    for method in ("auto", "predict"):
        estimator = StackingClassifier(members, forest, cv="prefit", stack_method=method)
        side_by_side(estimator.fit(IRIS, KIND + 5), 4).assert_all_close(IRIS)


def test_a_tree_behind_probabilities_that_are_1_but_for_rounding_is_refused():
    """Of rows a billionth beside its boundary 60 in 1,250 got another label, and no probe did."""
    members = [("a", GaussianNB()), ("b", QuadraticDiscriminantAnalysis(reg_param=0.1))]
    tree = DecisionTreeClassifier(max_depth=5, random_state=0)
    model = StackingClassifier(members, tree, cv=3).fit(CANCER, SICK)
    with pytest.raises(NotExact, match="tells apart what is 1 but for rounding") as refusal:
        export(model, CANCER)
    assert "stack_method='decision_function'" in refusal.value.hint


def test_a_tree_behind_probabilities_that_are_less_sure_is_exact():
    members = [("a", GaussianNB()), ("b", scaled_logistic())]
    tree = DecisionTreeClassifier(max_depth=3, random_state=0)
    model = StackingClassifier(members, tree, cv=3).fit(IRIS, KIND)
    assert export(model, IRIS).contract.golden.rows > 10


def test_stacking_regressors(side_by_side):
    for passthrough in (False, True):
        estimator = StackingRegressor(regressors(), passthrough=passthrough, cv=2)
        side_by_side(estimator.fit(DIABETES, PROGRESS), 10).assert_all_close(DIABETES)


@pytest.mark.parametrize("columns", [1.0, 0.5])
@pytest.mark.parametrize(
    "inner", [None, scaled_logistic(), LinearSVC(dual=False), SVC()], ids=lambda e: str(e)[:8]
)
@pytest.mark.parametrize(("X", "y"), [THREE, TWO])
def test_bagging(X, y, inner, columns, side_by_side):
    estimator = BaggingClassifier(inner, 5, max_features=columns, max_samples=0.5, random_state=0)
    side_by_side(estimator.fit(X, y), X.shape[1]).assert_all_close(X)


@pytest.mark.parametrize("inner", [None, scaled_logistic()], ids=["trees", "pipelines"])
def test_bags_that_missed_a_class(inner, side_by_side):
    estimator = BaggingClassifier(inner, 9, max_samples=4, random_state=4)
    # Otherwise trees see every row, most with a weight of 0.
    with sklearn.config_context(enable_metadata_routing=True):
        estimator.fit(IRIS, NAMES)
    assert {len(one.classes_) for one in estimator.estimators_} == {2, 3}
    pair = side_by_side(estimator, 4)
    assert set(pair.outputs) == {"predict", "predict_proba"}
    pair.assert_all_close(IRIS)


@pytest.mark.parametrize("inner", [None, LinearRegression()], ids=["trees", "linear"])
def test_bagging_regressors(inner, side_by_side):
    estimator = BaggingRegressor(inner, 5, max_features=0.6, random_state=0)
    side_by_side(estimator.fit(DIABETES, PROGRESS), 10).assert_all_close(DIABETES)
    estimator.fit(DIABETES, np.c_[PROGRESS, -PROGRESS])
    side_by_side(estimator, 10).assert_all_close(DIABETES)


@pytest.mark.parametrize(
    "inner",
    [None, DecisionTreeClassifier(max_depth=3), LogisticRegression(max_iter=500)],
    ids=["stumps", "trees", "linear"],
)
@pytest.mark.parametrize(("X", "y"), [THREE, pytest.param(CANCER[:, :5], SICK, id="two classes")])
def test_ada_boost(X, y, inner, side_by_side):
    pair = side_by_side(AdaBoostClassifier(inner, n_estimators=12).fit(X, y), X.shape[1])
    pair.assert_same_bits("decision_function", X)
    pair.assert_all_close(X)


@pytest.mark.parametrize(
    "inner",
    [None, DecisionTreeRegressor(max_depth=1), LinearRegression()],
    ids=["trees", "stumps", "linear"],
)
@pytest.mark.parametrize("count", [1, 2, 25])
def test_the_weighted_median_of_ada_boost(inner, count, side_by_side):
    estimator = AdaBoostRegressor(inner, n_estimators=count, random_state=0)
    side_by_side(estimator.fit(DIABETES, PROGRESS), 10).assert_all_close(DIABETES)


def test_the_median_of_equal_weights_is_the_lower_one(side_by_side):
    estimator = AdaBoostRegressor(n_estimators=4, random_state=0).fit(DIABETES, PROGRESS)
    estimator.estimator_weights_ = np.ones(4)
    side_by_side(estimator, 10).assert_same_bits("predict", DIABETES)


@pytest.mark.parametrize(
    ("composite", "path"),
    [
        (VotingClassifier, "member 'bad'"),
        (StackingClassifier, "member 'bad'"),
        (BaggingClassifier, r"estimators_\[0\]"),
    ],
)
def test_the_path_of_a_member_is_named(composite, path):
    bad = make_pipeline(KNNImputer(weights=abs), LogisticRegression(max_iter=1000))
    frozen = FrozenEstimator(bad.fit(IRIS, KIND))
    inner = frozen if composite is BaggingClassifier else [("bad", frozen)]
    with pytest.raises(Unsupported, match=path + ".*step 'knnimputer'"):
        emit_model(composite(inner).fit(IRIS, KIND), 4)


def test_a_frozen_member_of_other_labels_cannot_vote():
    frozen = FrozenEstimator(DecisionTreeClassifier().fit(IRIS, KIND + 7))
    estimator = VotingClassifier([("other", frozen)]).fit(IRIS, KIND + 7)
    with pytest.raises(Unsupported, match="member 'other': it was trained on other labels"):
        emit_model(estimator, 4)
