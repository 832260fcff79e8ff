"""Wrappers around one estimator: searches, frozen and self-trained ones, moved thresholds."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.impute import KNNImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, make_scorer
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.svm import SVC, LinearSVC

from convert.errors import Unsupported
from convert.graph.emit import emit_model
from edge_infer.errors import BadInput

X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[Y]
CANCER, SICK = load_breast_cancer(return_X_y=True)
WORDS = np.where(SICK, "benign", "malign")


def scaled_logistic():
    return make_pipeline(StandardScaler(), LogisticRegression())


@pytest.mark.parametrize(
    "search",
    [
        GridSearchCV(LogisticRegression(max_iter=500), {"C": [0.1, 1]}),
        RandomizedSearchCV(LogisticRegression(max_iter=500), {"C": [0.1, 1]}, n_iter=2),
        HalvingGridSearchCV(LogisticRegression(max_iter=500), {"C": [0.1, 1]}),
        HalvingRandomSearchCV(LogisticRegression(max_iter=500), {"C": [0.1, 1]}, n_candidates=2),
    ],
    ids=lambda search: type(search).__name__,
)
def test_searches_predict_as_their_best_estimator(search, side_by_side):
    pair = side_by_side(search.fit(X, NAMES), 4)
    assert set(pair.outputs) == {"predict", "predict_proba", "decision_function"}
    pair.assert_all_close(X)


def test_a_search_over_a_transformer(side_by_side):
    search = GridSearchCV(MinMaxScaler(), {"clip": [True]}, scoring=lambda e, X, y=None: 1.0)
    side_by_side(search.fit(X), 4).assert_same_bits("transform", X)


def test_a_search_that_kept_no_estimator():
    search = GridSearchCV(LogisticRegression(max_iter=500), {"C": [1]}, refit=False).fit(X, Y)
    with pytest.raises(BadInput, match="kept no estimator"):
        emit_model(search, 4)


def test_frozen_and_self_trained(side_by_side):
    frozen = FrozenEstimator(scaled_logistic().fit(X, NAMES))
    side_by_side(frozen, 4).assert_all_close(X)
    partly = Y.copy()
    partly[::3] = -1
    pair = side_by_side(SelfTrainingClassifier(scaled_logistic()).fit(X, partly), 4)
    pair.assert_all_close(X)


@pytest.mark.parametrize("pos_label", [None, "benign", "malign"])
@pytest.mark.parametrize(
    ("method", "threshold"),
    [
        ("auto", "auto"),
        ("auto", 0.2),
        ("predict_proba", 0.9),
        ("decision_function", 0.7),
        ("decision_function", "auto"),
    ],
)
def test_fixed_thresholds_of_either_class(pos_label, method, threshold, side_by_side):
    estimator = FixedThresholdClassifier(
        scaled_logistic(), threshold=threshold, pos_label=pos_label, response_method=method
    )
    side_by_side(estimator.fit(CANCER, WORDS), 30).assert_all_close(CANCER)


def test_a_score_on_the_threshold_counts_as_positive(side_by_side):
    forest = RandomForestClassifier(4, random_state=0)
    for pos_label in ("benign", "malign"):
        estimator = FixedThresholdClassifier(forest, threshold=0.25, pos_label=pos_label)
        estimator.fit(CANCER, WORDS)
        position = list(estimator.classes_).index(pos_label)
        assert (estimator.predict_proba(CANCER)[:, position] == 0.25).any()
        side_by_side(estimator, 30).assert_same_bits("predict", CANCER)


def test_the_tuned_threshold_is_not_dropped(side_by_side):
    estimator = TunedThresholdClassifierCV(scaled_logistic(), scoring="precision")
    pair = side_by_side(estimator.fit(CANCER, SICK), 30)
    pair.assert_all_close(CANCER)
    plain = estimator.estimator_.predict(CANCER)
    assert (pair.got("predict", CANCER) != plain).any()


@pytest.mark.parametrize("pos_label", ["benign", "malign"])
def test_the_class_that_the_scorer_tuned_for(pos_label, side_by_side):
    scorer = make_scorer(f1_score, pos_label=pos_label)
    estimator = TunedThresholdClassifierCV(LinearSVC(max_iter=200, dual=False), scoring=scorer)
    side_by_side(estimator.fit(CANCER, WORDS), 30).assert_all_close(CANCER)


def test_the_path_of_an_unknown_member_is_named():
    frozen = FrozenEstimator(make_pipeline(KNNImputer(weights=abs)).fit(X))
    with pytest.raises(Unsupported, match=r"frozen estimator: pipeline step 'knnimputer.*KNN"):
        emit_model(frozen, 4)


def test_a_threshold_on_a_verb_without_an_exact_graph():
    with pytest.warns(FutureWarning, match="probability"):
        inner = SVC(probability=True, random_state=0).fit(CANCER, SICK)
    estimator = FixedThresholdClassifier(FrozenEstimator(inner), threshold=0.3).fit(CANCER, SICK)
    with pytest.raises(Unsupported, match=r"estimator_: predict_proba of FrozenEstimator"):
        emit_model(estimator, 30)
