"""Classifiers of several outputs return what scikit-learn returns, lists included."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import convert
from convert.errors import NotExact
from convert.graph.builder import Graph
from convert.graph.classes import target_labels
from convert.graph.emit import emit_model
from convert.progress import quiet
from convert.prove import prove
from edge_infer.contract import Classes

pytestmark = pytest.mark.usefixtures("shorter")


def rows(seed=0, n=160):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    return X, X + rng.normal(scale=0.4, size=(n, 4))


def targets(kind):
    """Two targets of three and two classes; of other lengths as text."""
    _, noisy = rows()
    first, second = np.digitize(noisy[:, 0], [-0.5, 0.5]), (noisy[:, 1] > 0).astype(int)
    if kind == "int":
        return np.stack([first - 1, second], axis=1)
    if kind == "bool":
        return np.stack([first > 0, second > 0], axis=1)
    if kind == "float":
        return np.stack([first - 1.0, second * 3.0], axis=1)
    words = np.array(["no", "yes", "perhaps"])
    return np.stack([np.array(["a", "b", "c"])[first], words[second + 1]], axis=1)


def assert_same(model, estimator, X):
    got, want = model.predict(X), estimator.predict(X)
    assert got.dtype.kind == want.dtype.kind
    np.testing.assert_array_equal(got, want)
    for verb in ("predict_proba", "predict_log_proba"):
        if not hasattr(estimator, verb):
            continue
        with np.errstate(divide="ignore"):
            wanted = getattr(estimator, verb)(X)
        found = getattr(model, verb)(X)
        assert isinstance(found, list) == isinstance(wanted, list)
        for part, expected in zip(found, wanted, strict=True):
            np.testing.assert_allclose(part, expected, rtol=1e-9)
    for got_classes, want_classes in zip(model.classes, estimator.classes_, strict=True):
        np.testing.assert_array_equal(got_classes, want_classes)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("kind", ["int", "bool", "float", "str"])
def test_a_forest_of_two_targets(kind, loaded):
    X, _ = rows()
    estimator = RandomForestClassifier(7, max_depth=5, random_state=0).fit(X, targets(kind))
    model = loaded(convert.export(estimator, X))
    assert_same(model, estimator, X)
    assert model.predict_one(X[0]) == estimator.predict(X[:1])[0].tolist()


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "estimator",
    [
        DecisionTreeClassifier(random_state=0),
        ExtraTreesClassifier(5, random_state=0),
        make_pipeline(StandardScaler(), DecisionTreeClassifier(max_depth=4, random_state=0)),
        KNeighborsClassifier(4),
        KNeighborsClassifier(5, weights="distance", metric="manhattan"),
        DummyClassifier(),
        DummyClassifier(strategy="constant", constant=[1, 0]),
        MultiOutputClassifier(LogisticRegression()),
    ],
    ids=[
        "tree",
        "extra trees",
        "pipeline",
        "neighbours",
        "near neighbours",
        "prior",
        "constant",
        "one for each",
    ],
)
def test_classifiers_of_two_targets(estimator, loaded):
    X, _ = rows()
    model = loaded(convert.export(estimator.fit(X, targets("int")), X))
    assert_same(model, estimator, X)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "estimator",
    [
        ClassifierChain(LogisticRegression(), order=[1, 0]),
        OneVsRestClassifier(LogisticRegression()),
        MLPClassifier((6,), max_iter=50, random_state=0),
        RidgeClassifier(),
        KNeighborsClassifier(3),
    ],
    ids=["chain", "one against rest", "network", "ridge", "neighbours"],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_multi_label_matrix(estimator, loaded):
    X, _ = rows()
    y = np.minimum(np.abs(targets("int")), 1)
    model = loaded(convert.export(estimator.fit(X, y), X))
    for verb in set(model.verbs) - {"predict_log_proba"}:
        got, want = getattr(model, verb)(X), getattr(estimator, verb)(X)
        assert isinstance(got, list) == isinstance(want, list)
        np.testing.assert_allclose(np.array(got), np.array(want), rtol=1e-9, atol=1e-12)
    assert model.predict(X).dtype == estimator.predict(X).dtype
    kinds = {probe.kind for probe in model.certificate.probes}
    assert "decision boundary" in kinds


def test_a_target_of_one_class(loaded):
    X, _ = rows()
    y = targets("int")
    y[:, 1] = 4
    estimator = DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, y)
    assert_same(loaded(convert.export(estimator, X)), estimator, X)


def test_swapped_targets_are_found():
    X, _ = rows()
    y = targets("int")[:, 1]
    estimator = DecisionTreeClassifier(random_state=0).fit(X, np.stack([y, 1 - y], axis=1))
    emitted = emit_model(estimator, 4)
    label, first, second = emitted.outputs
    swapped = (label, replace(second, target=0), replace(first, target=1))
    with pytest.raises(NotExact, match="predict_proba"):
        prove(estimator, replace(emitted, outputs=swapped), X, progress=quiet)


def test_a_list_of_another_length_is_found():
    X, _ = rows()
    estimator = DecisionTreeClassifier(random_state=0).fit(X, targets("int"))
    emitted = emit_model(estimator, 4)
    fewer = replace(emitted, outputs=emitted.outputs[:-1])
    with pytest.raises(NotExact, match="other parts"):
        prove(estimator, fewer, X, progress=quiet)


def test_targets_with_labels_of_different_types_are_refused():
    graph = Graph("X")
    classes = [Classes("int64", (0, 1)), Classes("str", ("no", "yes"))]
    with pytest.raises(convert.Unsupported, match="different types"):
        target_labels(graph, classes, [graph.x, graph.x], None)
