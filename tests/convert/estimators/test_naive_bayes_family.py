"""Naive Bayes, on counts, categories and measurements."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, ComplementNB, GaussianNB, MultinomialNB

from convert.estimators import emit
from convert.graph.builder import Graph

IRIS = load_iris(return_X_y=True)
DIGITS = load_digits(return_X_y=True)
CANCER = load_breast_cancer(return_X_y=True)
LABELS = {"int": [7, -3, 0], "str": ["b", "a", "ccc"], "float": [0.0, -1.0, 2.0]}


@pytest.mark.parametrize("kind", LABELS)
def test_gaussian_labels_of_every_kind(kind, side_by_side):
    X, y = IRIS
    rows = np.concatenate([X, X * 1e6, -X, X * 1e-300])
    side_by_side(GaussianNB().fit(X, np.array(LABELS[kind])[y]), 4).assert_all_close(rows)


@pytest.mark.parametrize("n_features", [5, 11, 27])
def test_gaussian_ties_fall_as_numpy_adds(n_features, side_by_side):
    """Two classes whose terms are each other's backwards: the order of additions decides."""
    rng = np.random.default_rng(n_features)
    X = rng.random((6, n_features))
    estimator = GaussianNB().fit(np.concatenate([X, X[:, ::-1]]), np.repeat([0, 1], 6))
    values = rng.random((400, 1))
    rows = np.repeat(values, n_features, axis=1)
    side = side_by_side(estimator, n_features)
    side.assert_same_bits("predict", rows)
    assert 10 < side.want("predict", rows).sum() < 390


@pytest.mark.parametrize("family", [MultinomialNB, ComplementNB, BernoulliNB, GaussianNB])
def test_counts(family, side_by_side):
    X, y = DIGITS
    side_by_side(family().fit(X, y), 64).assert_all_close(X)


@pytest.mark.parametrize("settings", [{"fit_prior": False}, {"alpha": 1e-3}, {"norm": True}])
def test_settings_of_the_discrete_families(settings, side_by_side):
    X, y = CANCER
    family = ComplementNB if "norm" in settings else MultinomialNB
    side_by_side(family(**settings).fit(X, y), 30).assert_all_close(X)


@pytest.mark.parametrize("threshold", [None, 0.0, 4.0])
def test_bernoulli_thresholds(threshold, side_by_side):
    X, y = DIGITS
    rows = (X > 3).astype(float) if threshold is None else X
    side_by_side(BernoulliNB(binarize=threshold).fit(rows, y), 64).assert_all_close(rows)


@pytest.mark.parametrize("family", [MultinomialNB, ComplementNB, BernoulliNB, GaussianNB])
def test_a_single_class(family, side_by_side):
    X = IRIS[0]
    side_by_side(family().fit(X, np.ones(len(X))), 4).assert_all_close(X)


def test_unknown_categories_are_checked():
    onnxruntime = pytest.importorskip("onnxruntime")
    from convert.graph.emitted import EmittedOutput
    from convert.graph.onnx_model import to_onnx

    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 4, size=(80, 3)).astype(float), rng.integers(0, 3, size=80)
    estimator = CategoricalNB().fit(X, y)
    g = Graph("X")
    emission = emit(g, estimator, g.x)
    tensors = {"label": emission.index, "p": emission.verbs["predict_proba"].tensor}
    outputs = [
        EmittedOutput("predict", "label", "int64", (None,), "label"),
        EmittedOutput("predict_proba", "p", "float64", (None, 3), "score"),
        EmittedOutput("check", "refused", "bool", (None,), "label"),
    ]
    tensors["refused"] = emission.checks[0].tensor
    onnx = to_onnx(estimator, g, tensors, outputs, n_features=3)
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    label, p, refused = session.run(["label", "p", "refused"], {"X": X + 0.7})
    np.testing.assert_array_equal(label, estimator.predict(X + 0.7))
    np.testing.assert_allclose(p, estimator.predict_proba(X), rtol=1e-12)
    assert not refused.any()
    odd = np.array([[0.0, 1.0, 4.0], [-1.0, 0.0, 0.0], [-0.5, 0.0, 3.9]])
    assert session.run(["refused"], {"X": odd})[0].tolist() == [True, True, False]
    assert estimator.predict(odd[2:]) == session.run(["label"], {"X": odd[2:]})[0]
