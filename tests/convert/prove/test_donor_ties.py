"""Rows whose answer hangs on a choice among equally far donors: refused, and that is proven."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import KNNImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import convert
from convert.errors import NotExact
from convert.graph.emit import emit_model
from convert.progress import quiet
from convert.prove import prove
from convert.prove.effort import Bounds
from edge_infer import BadInput

NUMBERS = np.random.default_rng(0).normal(3, 2, size=(120, 6))
TARGET = (NUMBERS[:, 0] + NUMBERS[:, 1] > 6).astype(int)


@pytest.fixture(autouse=True)
def few_rows(monkeypatch):
    few = Bounds(probes=(300, 500), alone=(16, 24), engine=(60, 90), row_buffers=40)
    monkeypatch.setattr("convert.prove.effort.BOUNDS", few)


def with_holes(X):
    found = X.copy()
    found[np.random.default_rng(1).random(X.shape) < 0.15] = np.nan
    return found


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(KNNImputer(), StandardScaler(), LogisticRegression()),
        pytest.param(
            make_pipeline(
                make_column_transformer(
                    (KNNImputer(n_neighbors=3), [0, 1, 2]), remainder=KNNImputer()
                ),
                RandomForestClassifier(5, random_state=0),
            ),
            marks=pytest.mark.deep,
        ),
    ],
    ids=["linear", "columns before trees"],
)
def test_a_model_behind_it_is_proven_and_ties_are_refused_on_the_device(model, loaded):
    train = with_holes(NUMBERS)
    model.fit(train, TARGET)
    device = loaded(convert.export(model, train))
    np.testing.assert_array_equal(device.predict(train), model.predict(train))
    hostile = train[:3].copy()
    hostile[1] = [1e200, np.nan, 1e200, 1.0, np.nan, 1.0]
    with pytest.raises(BadInput):
        device.predict(hostile)


def test_samples_that_tie_are_refused_with_the_reason():
    X = with_holes(load_iris().data)
    with pytest.raises(NotExact, match="scikit-learn disagrees with itself") as refusal:
        convert.export(KNNImputer().fit(X), X)
    assert "equally far" in str(refusal.value)
    assert "IterativeImputer" in refusal.value.hint


def test_what_ties_on_the_device_is_named(loaded):
    X = load_diabetes().data[:80, :5]
    model = loaded(convert.export(KNNImputer(n_neighbors=1).fit(X), X))
    row = X[:1].copy()
    row[0] = np.nan
    row[0, 1] = (X[:, 1].min() + X[:, 1].max()) / 2
    with pytest.raises(BadInput, match="equally far training rows"):
        model.transform(row)


def never_mark(graph):
    for node in graph.node:
        if "refused_0" in node.output:
            node.output[0] = "turned"
    graph.node.append(helper.make_node("Xor", ["turned", "turned"], ["refused_0"]))


def mark_every_hole(graph):
    for node in graph.node:
        if "refused_0" in node.output:
            node.output[0] = "turned"
    made = helper.make_node
    graph.node.extend(
        [
            made("IsNaN", ["X"], ["holes"]),
            made("Cast", ["holes"], ["counted"], to=6),
            made("ReduceMax", ["counted", "axis"], ["any"], keepdims=0),
            made("Cast", ["any"], ["refused_0"], to=9),
        ]
    )
    graph.initializer.append(helper.make_tensor("axis", 7, [1], [1]))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (never_mark, "answers a row that scikit-learn answers otherwise on another processor"),
        (mark_every_hole, "refuses a row that scikit-learn answers"),
    ],
)
def test_a_wrong_mark_is_found(change, reason, tamper):
    X = np.rint(NUMBERS)[:40]
    model = KNNImputer().fit(X)
    wrong = tamper.rewritten(emit_model(model, 6), change)
    with pytest.raises(NotExact, match=reason):
        prove(model, wrong, X, progress=quiet)
