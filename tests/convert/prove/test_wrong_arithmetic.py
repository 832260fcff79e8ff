"""Graphs that are wrong in their sums, labels, shapes or batches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from onnx import TensorProto, helper
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from convert.errors import NotExact
from convert.graph.emit import emit_model
from convert.progress import quiet
from convert.prove import prove
from edge_infer.contract import Check


@pytest.fixture(scope="module")
def logistic(blobs):
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(*blobs)


def first_add_constant(graph):
    """The name of the intercept."""
    constants = {tensor.name for tensor in graph.initializer}
    add = next(node for node in graph.node if node.op_type == "Add")
    return next(name for name in add.input if name in constants)


def test_labels_from_saturated_probabilities(tamper):
    rng = np.random.default_rng(3)
    X = rng.integers(0, 256, size=(300, 6)).astype(float)
    y = rng.integers(0, 3, size=300)
    model = SGDClassifier(loss="log_loss", random_state=0).fit(X, y)

    def change(graph):
        (node,) = tamper.nodes(graph, "ArgMax")
        node.input[0] = "probabilities"
        # Whatever makes labels now comes after what makes probabilities.
        late = [node]
        for other in graph.node:
            if any(set(other.input) & set(made.output) for made in late):
                late.append(other)
        kept = [other for other in graph.node if other not in late]
        del graph.node[:]
        graph.node.extend([*kept, *late])

    wrong = tamper.rewritten(emit_model(model, 6), change)
    error = tamper.refused(model, wrong, X)
    assert error.what.startswith("predict of the exported graph")


def test_sigmoid_that_loses_small_probabilities(tamper, blobs):
    """onnxruntime's double Sigmoid is 0 from -37 down, which only far rows reach."""
    X, y = blobs
    model = make_pipeline(StandardScaler(), SGDClassifier(loss="log_loss", random_state=0))
    model.fit(X, y)

    def change(graph):
        (exp,) = tamper.nodes(graph, "Exp")
        (negated,) = (n for n in tamper.nodes(graph, "Neg") if n.output[0] == exp.input[0])
        plus = next(n for n in graph.node if exp.output[0] in n.input)
        divided = next(n for n in graph.node if plus.output[0] in n.input)
        divided.op_type = "Sigmoid"
        del divided.input[:]
        divided.input.append(negated.input[0])

    wrong = tamper.rewritten(emit_model(model, 4), change)
    message = str(tamper.refused(model, wrong, X))
    assert "scaled sample row" in message


def test_intercept_off_by_a_millionth(tamper, blobs, logistic):
    def change(graph):
        tamper.set_constant(graph, first_add_constant(graph), lambda b: b * (1 + 1e-6))

    wrong = tamper.rewritten(emit_model(logistic, 4), change)
    error = tamper.refused(logistic, wrong, blobs[0])
    assert error.exit_code == 7
    assert error.expected != error.actual


def test_sums_in_float32(tamper, blobs, logistic):
    def change(graph):
        node = tamper.nodes(graph, "MatMul")[0]
        casts = [("Cast", {"to": TensorProto.FLOAT}), ("Cast", {"to": TensorProto.DOUBLE})]
        tamper.insert_before(graph, node, casts)

    wrong = tamper.rewritten(emit_model(logistic, 4), change)
    assert "differs on" in str(tamper.refused(logistic, wrong, blobs[0]))


def test_decision_of_exactly_zero(tamper, blobs):
    X, y = blobs
    model = LogisticRegression(fit_intercept=False).fit(X, y > 0)

    def change(graph):
        (node,) = tamper.nodes(graph, "Greater")
        node.op_type = "GreaterOrEqual"

    wrong = tamper.rewritten(emit_model(model, 4), change)
    error = tamper.refused(model, wrong, X)
    assert "[0.0, 0.0, 0.0, 0.0]" in error.what


def test_large_values_clipped(tamper, blobs):
    X, y = blobs
    model = LinearRegression().fit(X, y)

    def change(graph):
        graph.initializer.append(helper.make_tensor("most", TensorProto.DOUBLE, [], [1e16]))
        node = tamper.nodes(graph, "MatMul")[0]
        graph.node.insert(0, helper.make_node("Min", ["X", "most"], ["clipped"]))
        node.input[list(node.input).index("X")] = "clipped"

    wrong = tamper.rewritten(emit_model(model, 4), change)
    assert "column extreme" in str(tamper.refused(model, wrong, X))


def test_answers_that_depend_on_the_batch(tamper, blobs, logistic):
    X, y = blobs
    model = LinearRegression().fit(X, y)

    def change(graph):
        node = tamper.nodes(graph, "MatMul")[0]
        made = [
            helper.make_node("Shape", ["X"], ["shape"], end=1),
            helper.make_node("Cast", ["shape"], ["n"], to=TensorProto.DOUBLE),
            helper.make_node("Equal", ["n", "seventeen"], ["is_seventeen"]),
            helper.make_node("Where", ["is_seventeen", "two", "one"], ["factor"]),
            helper.make_node("Mul", ["X", "factor"], ["scaled"]),
        ]
        for name, value in (("seventeen", 17.0), ("two", 2.0), ("one", 1.0)):
            graph.initializer.append(helper.make_tensor(name, TensorProto.DOUBLE, [1], [value]))
        for at, item in enumerate(made):
            graph.node.insert(at, item)
        node.input[list(node.input).index("X")] = "scaled"

    wrong = tamper.rewritten(emit_model(model, 4), change)
    assert "in batches of 17" in str(tamper.refused(model, wrong, X))


def test_vote_for_the_wrong_class(tamper, blobs):
    X, y = blobs
    model = SVC().fit(X, y)

    def change(graph):
        (node,) = tamper.nodes(graph, "ArgMax")
        node.attribute.append(helper.make_attribute("select_last_index", 1))
        # Ties of votes are rare in three classes: turn the comparison round as well.
        for compared in tamper.nodes(graph, "Greater"):
            compared.op_type = "Less"

    wrong = tamper.rewritten(emit_model(model, 4), change)
    assert "predict of the exported graph" in str(tamper.refused(model, wrong, X))


def test_scores_of_another_shape(tamper, blobs):
    X, y = blobs
    model = LinearRegression().fit(X, y)
    right = emit_model(model, 4)

    def change(graph):
        graph.initializer.append(helper.make_tensor("axis", TensorProto.INT64, [1], [1]))
        last = graph.node[-1]
        last.output[0] = "flat"
        graph.node.append(helper.make_node("Unsqueeze", ["flat", "axis"], ["prediction"]))
        del graph.output[0].type.tensor_type.shape.dim[:]
        graph.output[0].type.tensor_type.ClearField("shape")

    wrong = tamper.rewritten(right, change)
    assert "another shape" in str(tamper.refused(model, wrong, X))


def test_graph_that_does_not_load(tamper, blobs, logistic):
    wrong = replace(emit_model(logistic, 4), onnx=b"not a graph")
    assert "does not open" in str(tamper.refused(logistic, wrong, blobs[0]))


def test_a_check_that_the_graph_has_not(blobs, logistic):
    wrong = replace(emit_model(logistic, 4), checks=(Check("refused", "unknown"),))
    with pytest.raises(NotExact, match="fails on rows"):
        prove(logistic, wrong, blobs[0], progress=quiet)


def test_refusal_names_the_step_that_departs(tamper, blobs, logistic, monkeypatch):
    """A scaler by reciprocals is named even where only the last step's scores show it."""

    def change(graph):
        node = tamper.nodes(graph, "Div")[0]
        node.op_type = "Mul"
        tamper.set_constant(graph, node.input[1], lambda scale: (1 + 1e-6) / scale)

    def emit_wrongly(estimator, n_features, **given):
        return tamper.rewritten(emit_model(estimator, n_features, **given), change)

    monkeypatch.setattr("convert.prove.diagnosis.emit_model", emit_wrongly)
    error = tamper.refused(logistic, emit_wrongly(logistic, 4), blobs[0])
    assert "first step that departs is 'standardscaler'" in error.what


def test_refusal_names_the_last_step_when_those_before_agree(tamper, blobs, logistic):
    def change(graph):
        tamper.set_constant(graph, first_add_constant(graph), lambda b: b + 0.5)

    error = tamper.refused(logistic, tamper.rewritten(emit_model(logistic, 4), change), blobs[0])
    assert "first step that departs is 'logisticregression'" in error.what
