"""Rows on which scikit-learn raises are marked by the graph, and the marks are proven."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

import convert
from convert.errors import NotExact
from convert.graph.emit import emit_model
from convert.progress import quiet
from convert.prove import prove
from edge_infer import BadInput


@pytest.fixture(scope="module")
def shop():
    """A category of 0.5, 1, 7, and two numbers; whether it is bought."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(200, 3))
    X[:, 0] = rng.choice([0.5, 1.0, 7.0], size=200)
    return X, (X[:, 1] + (X[:, 0] == 7.0) > 0.3).astype(int)


def encoded(encoder):
    return ColumnTransformer([("category", encoder, [0]), ("number", StandardScaler(), [1, 2])])


@pytest.fixture(scope="module")
def refusing(shop):
    X, y = shop
    return make_pipeline(encoded(OneHotEncoder()), LogisticRegression()).fit(X, y)


def count(proof, kind):
    return {probe.kind: probe.rows for probe in proof.certificate.probes}.get(kind, 0)


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(encoded(OneHotEncoder()), LogisticRegression()),
        make_pipeline(encoded(OrdinalEncoder()), RandomForestClassifier(5, random_state=0)),
    ],
    ids=["one-hot", "ordinal"],
)
def test_a_model_that_raises_on_unknown_categories_is_proven(model, shop):
    X, y = shop
    proof = prove(model.fit(X, y), emit_model(model, 3), X, progress=quiet)
    assert count(proof, "refused row") > 50
    assert count(proof, "column extreme") > 50


def test_the_device_raises_where_scikit_learn_does(refusing, shop, loaded):
    X = shop[0]
    model = loaded(convert.export(refusing, X))
    np.testing.assert_array_equal(model.predict(X), refusing.predict(X))
    strange = X[:5].copy()
    strange[3, 0] = 2.0
    with pytest.raises(ValueError):
        refusing.predict(strange)
    with pytest.raises(BadInput, match="row 3: a category was not seen"):
        model.predict(strange)
    with pytest.raises(BadInput, match="row 0: a category was not seen"):
        model.predict_one(strange[3])


def negate_the_mark(graph):
    """Marks turn round: what was refused is answered."""
    for node in graph.node:
        if "refused_0" in node.output:
            node.output[0] = "turned"
    graph.node.append(helper.make_node("Not", ["turned"], ["refused_0"]))


def never_mark(graph):
    for node in graph.node:
        if "refused_0" in node.output:
            node.output[0] = "turned"
    graph.node.append(helper.make_node("Xor", ["turned", "turned"], ["refused_0"]))


def mark_column_one_above_two(graph):
    """The graph refuses rows that scikit-learn answers, none of them a sample."""
    for node in graph.node:
        if "refused_0" in node.output:
            node.output[0] = "turned"
    graph.initializer.append(helper.make_tensor("one", TensorProto.INT64, [1], [1]))
    graph.initializer.append(helper.make_tensor("limit", TensorProto.DOUBLE, [], [1e25]))
    made = helper.make_node
    graph.node.extend(
        [
            made("Gather", ["X", "one"], ["column"], axis=1),
            made("Greater", ["column", "limit"], ["large"]),
            made("Squeeze", ["large", "one"], ["flat"]),
            made("Or", ["turned", "flat"], ["refused_0"]),
        ]
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (negate_the_mark, "refuses a sample"),
        (never_mark, "raises"),
        (mark_column_one_above_two, "refuses a row that scikit-learn answers"),
    ],
)
def test_a_wrong_mark_is_found(refusing, shop, tamper, change, reason):
    wrong = tamper.rewritten(emit_model(refusing, 3), change)
    with pytest.raises(NotExact, match=reason):
        prove(refusing, wrong, shop[0], progress=quiet)


def test_golden_vectors_are_rows_that_are_answered(refusing, shop):
    from edge_infer.contract.golden import read_tensors

    proof = prove(refusing, emit_model(refusing, 3), shop[0], progress=quiet)
    rows = read_tensors(proof.golden.inputs, proof.golden_bytes)["X"]
    refusing.predict(rows)
