"""Classifiers of several targets, and of several labels at once."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from sklearn.datasets import load_iris
from sklearn.impute import KNNImputer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

import convert
from convert.errors import Unsupported
from convert.graph.emit import emit_model

X, KIND = load_iris(return_X_y=True)
TARGETS = np.stack([KIND - 1, (KIND > 0) * 3, (X[:, 0] > 5.5) * 2], axis=1)
LABELS = np.stack([KIND > 0, KIND == 1, X[:, 0] > 5.5], axis=1).astype(int)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def scaled_logistic():
    return make_pipeline(StandardScaler(), LogisticRegression())


def assert_as_scikit_learn(estimator, verbs):
    emitted = emit_model(estimator, 4)
    assert {output.verb for output in emitted.outputs} == {"predict", *verbs}
    session = onnxruntime.InferenceSession(emitted.onnx, providers=["CPUExecutionProvider"])
    for output in emitted.outputs:
        (got,) = session.run([output.name], {"X": X})
        want = getattr(estimator, output.verb)(X)
        want = want if output.target is None else want[output.target]
        assert got.shape == want.shape
        if want.dtype.kind in "if":
            assert got.dtype == want.dtype
        if output.kind == "label":
            np.testing.assert_array_equal(got, want)
        else:
            np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "targets", [TARGETS, TARGETS.astype(str), LABELS > 0], ids=["int", "str", "bool"]
)
def test_one_classifier_for_each_target(targets):
    proba = MultiOutputClassifier(scaled_logistic()).fit(X, targets)
    assert_as_scikit_learn(proba, {"predict_proba"})
    assert_as_scikit_learn(MultiOutputClassifier(LinearSVC(dual=False)).fit(X, targets), set())


@pytest.mark.parametrize("order", [None, [2, 0, 1]], ids=str)
@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
def test_chains(method, order):
    chain = ClassifierChain(scaled_logistic(), chain_method=method, order=order).fit(X, LABELS)
    assert_as_scikit_learn(chain, {"predict_proba", "decision_function"})


def test_chains_of_three_classes_in_another_order():
    three = np.stack([KIND, 2 - KIND, np.minimum(KIND, 1)], axis=1)
    trees = DecisionTreeClassifier(max_depth=2)
    alike = ClassifierChain(trees, order=[1, 0, 2], chain_method="predict").fit(X, three)
    assert_as_scikit_learn(alike, set())
    fewer = ClassifierChain(trees, order=[2, 1, 0], chain_method="predict").fit(X, three)
    with pytest.raises(Unsupported, match="whose order moves targets of other classes"):
        emit_model(fewer, 4)


@pytest.mark.parametrize(
    ("estimator", "verbs"),
    [
        (OneVsRestClassifier(scaled_logistic()), {"predict_proba", "decision_function"}),
        (OneVsRestClassifier(LinearSVC(dual=False)), {"decision_function"}),
        (OneVsRestClassifier(DecisionTreeClassifier(max_depth=2)), {"predict_proba"}),
        (RidgeClassifier(), {"decision_function"}),
        (MLPClassifier(5, max_iter=30, random_state=0), {"predict_proba"}),
        (
            GridSearchCV(RidgeClassifier(), {"alpha": [1.0]}, cv=2),
            {"decision_function"},
        ),
    ],
    ids=lambda value: str(value)[:45] if not isinstance(value, set) else "",
)
def test_several_labels_at_once(estimator, verbs):
    assert_as_scikit_learn(estimator.fit(X, LABELS), verbs)


def test_a_label_that_every_row_has():
    labels = LABELS.copy()
    labels[:, 1] = 1
    estimator = OneVsRestClassifier(scaled_logistic())
    with pytest.warns(UserWarning, match="present in all"):
        estimator.fit(X, labels)
    assert_as_scikit_learn(estimator, {"predict_proba", "decision_function"})


@pytest.mark.deep
def test_they_are_proven_like_any_other():
    trees = DecisionTreeClassifier(max_depth=3, random_state=0)
    for estimator in (
        OneVsRestClassifier(trees).fit(X, LABELS),
        ClassifierChain(trees).fit(X, LABELS),
    ):
        artifact = convert.export(estimator, X)
        assert all(parity.differ == 0 for parity in artifact.contract.certificate.parity)


def test_the_path_of_a_target_is_named():
    bad = make_pipeline(KNNImputer(weights=abs), LogisticRegression())
    with pytest.raises(Unsupported, match=r"estimators_\[0\]: pipeline step 'knnimputer"):
        emit_model(MultiOutputClassifier(bad).fit(X, TARGETS), 4)
