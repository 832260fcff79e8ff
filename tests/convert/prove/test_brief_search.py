"""The plain search by brute force where it proves; the heap of the search where it does not."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from sklearn.datasets import load_digits, load_iris
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from convert.export import export
from convert.graph.emit import emit_model
from convert.prove.effort import Bounds

DIGITS, LABELS = (part[:600] for part in load_digits(return_X_y=True))
IRIS = load_iris(return_X_y=True)
PLAIN = 60
"""Nodes: a heap has a dozen for every training row."""


@pytest.fixture
def few_rows(monkeypatch):
    few = Bounds(probes=(400, 500), alone=(8, 10), engine=(30, 40), row_buffers=20)
    monkeypatch.setattr("convert.prove.effort.BOUNDS", few)


def nodes(serialised):
    return len(onnx.load_from_string(serialised).graph.node)


@pytest.mark.parametrize(
    ("model", "X", "y"),
    [
        (KNeighborsClassifier(), DIGITS, LABELS),
        (KNeighborsClassifier(5, algorithm="brute"), *IRIS),
    ],
    ids=["digits", "iris"],
)
def test_a_plain_search_that_proves_is_what_is_served(model, X, y):
    model.fit(X, y)
    assert model._fit_method == "brute"
    assert nodes(export(model, X).onnx) < PLAIN
    assert nodes(emit_model(model, X.shape[1]).onnx) > len(X)


@pytest.mark.usefixtures("few_rows")
@pytest.mark.parametrize("precision", ["double", "auto"])
def test_a_plain_search_that_does_not_prove_is_not_served(precision):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 6, size=(60, 2)).astype(float)
    model = KNeighborsRegressor(3, algorithm="brute").fit(X, rng.normal(size=60))
    assert emit_model(model, 2, brief=True).is_shortened
    artifact = export(model, X, precision=precision)
    assert nodes(artifact.onnx) > len(X)


@pytest.mark.usefixtures("few_rows")
def test_labels_that_often_hang_on_ties_are_given_as_the_heap_has_them():
    rng = np.random.default_rng(2)
    X = rng.integers(0, 8, size=(60, 3)) / 10
    model = KNeighborsClassifier(5, algorithm="brute").fit(X, rng.integers(0, 3, size=60))
    artifact = export(model, X)
    assert nodes(artifact.onnx) > len(X)
