"""Classifiers of several outputs return what scikit-learn returns, lists included."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
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
        with np.errstate(divide="ignore"):
            wanted = getattr(estimator, verb)(X)
        found = getattr(model, verb)(X)
        assert isinstance(found, list) == isinstance(wanted, list)
        for part, expected in zip(found, wanted, strict=True):
            np.testing.assert_allclose(part, expected, rtol=1e-9)
    for got_classes, want_classes in zip(model.classes, estimator.classes_, strict=True):
        np.testing.assert_array_equal(got_classes, want_classes)


@pytest.mark.parametrize("kind", ["int", "bool", "float", "str"])
def test_a_forest_of_two_targets(kind, loaded):
    X, _ = rows()
    estimator = RandomForestClassifier(7, max_depth=5, random_state=0).fit(X, targets(kind))
    model = loaded(convert.export(estimator, X))
    assert_same(model, estimator, X)
    assert model.predict_one(X[0]) == estimator.predict(X[:1])[0].tolist()


@pytest.mark.parametrize(
    "estimator",
    [
        DecisionTreeClassifier(random_state=0),
        ExtraTreesClassifier(5, random_state=0),
        make_pipeline(StandardScaler(), DecisionTreeClassifier(max_depth=4, random_state=0)),
    ],
    ids=["tree", "extra trees", "pipeline"],
)
def test_trees_of_two_targets(estimator, loaded):
    X, _ = rows()
    model = loaded(convert.export(estimator.fit(X, targets("int")), X))
    assert_same(model, estimator, X)


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
