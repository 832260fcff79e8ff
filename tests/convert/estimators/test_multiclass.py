"""Binary estimators put together to many classes."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.impute import KNNImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from convert.errors import Unsupported
from convert.graph.emit import emit_model

IRIS, KIND = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[KIND]
CANCER, SICK = load_breast_cancer(return_X_y=True)
DIGITS, DIGIT = load_digits(return_X_y=True)
DATA = [
    pytest.param(IRIS, NAMES, id="three"),
    pytest.param(CANCER, SICK * 2 - 5, id="two"),
    pytest.param(DIGITS[:500], DIGIT[:500] * 3 - 7, id="ten"),
]
INNER = [
    pytest.param(make_pipeline(StandardScaler(), LogisticRegression()), id="both verbs"),
    pytest.param(LinearSVC(dual=False), id="decision"),
    pytest.param(DecisionTreeClassifier(max_depth=3, random_state=0), id="probability"),
]


@pytest.mark.parametrize("inner", [*INNER, pytest.param(LinearRegression(), id="regressor")])
@pytest.mark.parametrize(("X", "y"), DATA)
def test_one_vs_rest(X, y, inner, side_by_side):
    pair = side_by_side(OneVsRestClassifier(inner).fit(X, y), X.shape[1])
    assert pair.outputs.keys() == {"predict"} | {
        verb for verb in ("decision_function", "predict_proba") if hasattr(pair.estimator, verb)
    }
    pair.assert_all_close(X)


@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize(("X", "y"), DATA)
def test_one_vs_one(X, y, inner, side_by_side):
    side_by_side(OneVsOneClassifier(inner).fit(X, y), X.shape[1]).assert_all_close(X)


@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize(("X", "y"), DATA)
def test_output_codes(X, y, inner, side_by_side):
    estimator = OutputCodeClassifier(inner, code_size=2.5, random_state=0)
    side_by_side(estimator.fit(X, y), X.shape[1]).assert_all_close(X)


def test_codes_that_two_classes_share_and_bits_that_no_class_has(side_by_side):
    estimator = OutputCodeClassifier(LinearSVC(dual=False), code_size=0.7, random_state=3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator.fit(IRIS, NAMES)
    assert len(np.unique(estimator.code_book_, axis=0)) < 3
    side_by_side(estimator, 4).assert_same_bits("predict", IRIS)
    constant = OutputCodeClassifier(LinearSVC(dual=False), code_size=2, random_state=0)
    constant.fit(IRIS, NAMES)
    kinds = {type(one).__name__ for one in constant.estimators_}
    assert kinds == {"LinearSVC", "_ConstantPredictor"}
    side_by_side(constant, 4).assert_all_close(IRIS)


def test_exact_ties_of_trees(side_by_side):
    """Probabilities of stumps are often equal: the first class wins."""
    stump = DecisionTreeClassifier(max_depth=1)
    coarse = np.floor(IRIS)
    for composite in (OneVsRestClassifier(stump), OneVsOneClassifier(stump)):
        side_by_side(composite.fit(coarse, NAMES), 4).assert_same_bits("predict", coarse)


def test_pairs_over_a_precomputed_kernel(side_by_side):
    gram = IRIS @ IRIS.T
    estimator = OneVsOneClassifier(SVC(kernel="precomputed")).fit(gram, NAMES)
    side_by_side(estimator, len(gram)).assert_all_close(gram)


def test_what_is_refused():
    with pytest.raises(Unsupported, match="single class"), pytest.warns(UserWarning, match="Label"):
        emit_model(OneVsRestClassifier(LinearSVC()).fit(IRIS, np.zeros(150)), 4)
    with pytest.raises(Unsupported, match="rounding decides"):
        emit_model(OneVsOneClassifier(LinearRegression()).fit(IRIS, KIND), 4)
    bad = make_pipeline(KNNImputer(weights=abs), LogisticRegression())
    with pytest.raises(Unsupported, match=r"estimators_\[0\]: pipeline step 'knnimputer"):
        emit_model(OneVsRestClassifier(bad).fit(IRIS, KIND), 4)
