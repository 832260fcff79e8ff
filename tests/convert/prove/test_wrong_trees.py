"""Each way in which converters get trees wrong is found by a probe made for it."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from convert.graph.emit import emit_model
from convert.progress import quiet
from convert.prove import prove


def one_threshold_moved(tamper, estimator, n_features, move):
    """The graph with one threshold, wherever it stands, replaced by `move(threshold)`."""

    def change(graph):
        (node,) = tamper.nodes(graph, "TreeEnsemble")

        def moved(splits):
            chosen = np.unique(splits)[len(np.unique(splits)) // 2]
            return np.where(splits == chosen, move(splits), splits)

        tamper.set_attribute(node, "nodes_splits", moved)

    return tamper.rewritten(emit_model(estimator, n_features), change)


@pytest.mark.parametrize("toward", [-np.inf, np.inf])
def test_threshold_off_by_one_double_in_histogram_boosting(tamper, blobs, toward):
    X, y = blobs
    model = HistGradientBoostingClassifier(max_iter=4, min_samples_leaf=5).fit(X, y == 1)
    wrong = one_threshold_moved(tamper, model, 4, lambda t: np.nextafter(t, toward))
    assert "tree threshold" in str(tamper.refused(model, wrong, X))


@pytest.mark.parametrize("toward", [-np.inf, np.inf])
def test_threshold_off_by_one_float32_in_a_tree(tamper, blobs, toward):
    X, y = blobs
    model = DecisionTreeClassifier(random_state=0).fit(X, y)

    def moved(t):
        # One step may only reach the float32 at which the rows flip anyhow.
        step = np.float32(toward)
        return np.nextafter(np.nextafter(t.astype(np.float32), step), step).astype(np.float64)

    wrong = one_threshold_moved(tamper, model, 4, moved)
    assert "tree threshold" in str(tamper.refused(model, wrong, X))


def test_less_instead_of_less_or_equal(tamper, blobs):
    # Halves, so that thresholds are values which rows can hold exactly.
    X = np.round(blobs[0] * 2) / 2
    model = DecisionTreeClassifier(random_state=0).fit(X * 4, blobs[1])

    def change(graph):
        (node,) = tamper.nodes(graph, "TreeEnsemble")
        tamper.set_attribute(node, "nodes_modes", lambda modes: np.where(modes == 0, 1, modes))

    wrong = tamper.rewritten(emit_model(model, 4), change)
    assert "tree threshold" in str(tamper.refused(model, wrong, X * 4))


def test_missing_float32_cast(tamper, blobs):
    X, y = blobs
    model = DecisionTreeClassifier(random_state=0).fit(X, y)

    def change(graph):
        for node in tamper.nodes(graph, "Cast")[:2]:
            node.op_type = "Identity"
            del node.attribute[:]

    wrong = tamper.rewritten(emit_model(model, 4), change)
    assert "tree threshold" in str(tamper.refused(model, wrong, X))


def test_nan_to_the_other_child(tamper, holes):
    X, y = holes
    model = RandomForestClassifier(5, max_depth=4, random_state=0).fit(X, y)

    def change(graph):
        (node,) = tamper.nodes(graph, "TreeEnsemble")
        tamper.set_attribute(node, "nodes_missing_value_tracks_true", lambda tracks: 1 - tracks)

    wrong = tamper.rewritten(emit_model(model, 4), change)
    assert "nan" in str(tamper.refused(model, wrong, np.nan_to_num(X)))


def test_scaler_as_a_multiplication_by_the_reciprocal(tamper, blobs):
    X, y = blobs
    target = X @ np.arange(4.0) + y
    model = make_pipeline(StandardScaler(), DecisionTreeRegressor(random_state=0)).fit(X, target)

    def change(graph):
        (node,) = tamper.nodes(graph, "Div")
        node.op_type = "Mul"
        tamper.set_constant(graph, node.input[1], lambda scale: 1.0 / scale)

    wrong = tamper.rewritten(emit_model(model, 4), change)
    assert "tree threshold" in str(tamper.refused(model, wrong, X))


def test_last_instead_of_first_class_of_a_tie(tamper, blobs):
    X, y = blobs
    model = RandomForestClassifier(4, random_state=0).fit(X[:120], y[:120])

    def change(graph):
        (node,) = tamper.nodes(graph, "ArgMax")
        node.attribute.append(helper.make_attribute("select_last_index", 1))

    wrong = tamper.rewritten(emit_model(model, 4), change)
    message = str(tamper.refused(model, wrong, X[:120]))
    assert "predict of the exported graph" in message


def test_infinity_taken_for_missing(tamper, holes):
    X, y = holes
    model = HistGradientBoostingClassifier(max_iter=4, min_samples_leaf=5).fit(X, y == 1)

    def change(graph):
        graph.initializer.append(helper.make_tensor("nan", TensorProto.DOUBLE, [], [np.nan]))
        made = [
            helper.make_node("IsInf", ["X"], ["is_infinite"]),
            helper.make_node("Where", ["is_infinite", "nan", "X"], ["without"]),
        ]
        for node in graph.node:
            for position, name in enumerate(node.input):
                if name == "X":
                    node.input[position] = "without"
        for at, node in enumerate(made):
            graph.node.insert(at, node)

    wrong = tamper.rewritten(emit_model(model, 4), change)
    assert "infinity row" in str(tamper.refused(model, wrong, X))


def test_trees_behind_pca_pass_with_either_branch_at_a_threshold(tamper, blobs):
    X, y = blobs
    model = make_pipeline(PCA(3), RandomForestClassifier(10, random_state=0)).fit(X, y)
    proof = prove(model, emit_model(model, 4), X, progress=quiet)
    probabilities = next(p for p in proof.certificate.parity if p.output == "probabilities")
    assert probabilities.undecided > 0
    assert probabilities.widest_undecided < 1e-13
    assert probabilities.max_difference == 0


def test_threshold_moved_by_more_than_rounding_behind_pca(tamper, blobs):
    X, y = blobs
    model = make_pipeline(PCA(3), RandomForestClassifier(3, random_state=0)).fit(X, y)

    def change(graph):
        (node,) = tamper.nodes(graph, "TreeEnsemble")
        tamper.set_attribute(node, "nodes_splits", lambda t: t + 1e-6)

    wrong = tamper.rewritten(emit_model(model, 4), change)
    message = str(tamper.refused(model, wrong, X))
    assert "tree threshold" in message
    assert "first step that departs is 'randomforestclassifier'" in message
