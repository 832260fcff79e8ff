"""What a proof leaves behind: certificate, contract fields, golden vectors."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from convert.graph.emit import emit_model
from convert.progress import quiet
from convert.prove import effort, prove
from convert.prove.dtypes import INTEGERS
from convert.prove.probes import Probes
from convert.prove.rows import Context, thresholds
from convert.prove.rows.thresholds import total
from edge_infer.contract.golden import read_tensors
from edge_infer.engines.onnxruntime import open_session


@pytest.fixture(scope="module")
def forest_proof(blobs):
    X, y = blobs
    model = RandomForestClassifier(10, random_state=0).fit(X, y)
    stages = []
    emitted = emit_model(model, 4)
    proof = prove(model, emitted, X, progress=lambda stage, done: stages.append(done))
    return model, emitted, proof, stages


def test_certificate_counts_every_kind(forest_proof, blobs):
    proof = forest_proof[2]
    kinds = {count.kind: count.rows for count in proof.certificate.probes}
    assert kinds["sample"] == len(blobs[0])
    for kind in ("tree threshold", "decision boundary", "tie", "column extreme", "NaN"):
        assert kinds[kind] > 0
    assert "infinity" not in kinds
    assert proof.certificate.engine.startswith("onnxruntime ")
    assert any("tree thresholds" in note for note in proof.certificate.notes)


def test_forest_is_equal_to_the_bit_and_nothing_is_undecided(forest_proof):
    for parity in forest_proof[2].certificate.parity:
        assert (parity.differ, parity.undecided, parity.max_difference) == (0, 0, 0.0)
        assert parity.compared > 5 * sum(c.rows for c in forest_proof[2].certificate.probes)


def test_input_says_what_is_accepted(forest_proof):
    (given,) = forest_proof[2].inputs
    assert (given.name, given.dtype, given.shape) == ("X", "float64", (None, 4))
    assert given.accepts == ("float64", "float32", *INTEGERS, "bool")
    assert given.nan
    assert not given.infinite


def test_golden_vectors_repeat_scikit_learn_on_the_engine(forest_proof):
    model, emitted, proof, _ = forest_proof
    inputs = read_tensors(proof.golden.inputs, proof.golden_bytes)
    outputs = read_tensors(proof.golden.outputs, proof.golden_bytes)
    assert 10 <= proof.golden.rows == len(inputs["X"]) <= 24
    assert set(outputs["label"].tolist()) == {0, 1, 2}
    np.testing.assert_array_equal(outputs["label"], model.predict(inputs["X"]))
    np.testing.assert_array_equal(outputs["probabilities"], model.predict_proba(inputs["X"]))
    label, probabilities = open_session(emitted.onnx).run(["label", "probabilities"], inputs)
    np.testing.assert_array_equal(label, outputs["label"])
    np.testing.assert_array_equal(probabilities, outputs["probabilities"])
    assert np.isnan(inputs["X"]).any(), "NaN is served, so it is repeated on the device"


def test_progress_only_grows(forest_proof):
    stages = forest_proof[3]
    assert stages == sorted(stages)
    assert stages[-1] == 1.0


def test_a_proof_can_be_repeated(blobs):
    X, y = blobs
    model = SGDClassifier(loss="log_loss", random_state=0).fit(X, y)
    first, second = (prove(model, emit_model(model, 4), X, progress=quiet) for _ in range(2))
    assert first == second


def test_golden_vectors_are_no_ties_where_terms_are_not_known(monkeypatch):
    """Any other `exp` than numpy's may turn such a row: a device would refuse a sound model."""
    few = effort.Bounds(probes=(200, 300), alone=(16, 24), engine=(60, 90), row_buffers=20)
    monkeypatch.setattr(effort, "BOUNDS", few)
    X, y = load_iris(return_X_y=True)
    model = CalibratedClassifierCV(LogisticRegression(max_iter=500)).fit(X, y)
    proof = prove(model, emit_model(model, 4), X, progress=quiet)
    rows = read_tensors(proof.golden.inputs, proof.golden_bytes)["X"]
    labels = read_tensors(proof.golden.outputs, proof.golden_bytes)["label"]
    rng = np.random.default_rng(0)
    for _ in range(16):
        moved = rows * (1 - 2.0**-46 * rng.uniform(size=rows.shape))
        np.testing.assert_array_equal(model.predict(moved), labels)


def test_what_the_caller_tells_numpy_to_raise_on_is_no_reason_to_refuse(blobs):
    X, y = blobs
    X = X * [1, 1, 1, 2.0**-1030]  # differences of the last column underflow
    model = DecisionTreeClassifier(max_depth=2).fit(X, y)
    quietly = prove(model, emit_model(model, 4), X, progress=quiet)
    with np.errstate(all="raise"):
        assert prove(model, emit_model(model, 4), X, progress=quiet) == quietly


def test_undecided_rows_are_counted_and_kept_out_of_the_golden_vectors(blobs):
    X, y = blobs
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    proof = prove(model, emit_model(model, 4), X, progress=quiet)
    by_output = {parity.output: parity for parity in proof.certificate.parity}
    assert by_output["label"].undecided > 0
    assert 0 < by_output["label"].widest_undecided < 1e-13
    assert by_output["probabilities"].undecided == 0
    assert 0 < by_output["probabilities"].max_difference < 1e-13
    rows = read_tensors(proof.golden.inputs, proof.golden_bytes)["X"]
    scores = np.sort(model.decision_function(rows), axis=1)
    assert (scores[:, -1] - scores[:, -2] > by_output["label"].widest_undecided).all()


def test_float32_rows_are_accepted_only_where_proven(blobs):
    """A StandardScaler keeps float32 and so computes something else on such rows."""
    X, y = blobs
    scaled = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    plain = LogisticRegression().fit(X, y)
    accepts = [
        prove(model, emit_model(model, 4), X, progress=quiet).inputs[0].accepts
        for model in (scaled, plain)
    ]
    assert "float32" not in accepts[0]
    assert "float32" in accepts[1]


@pytest.mark.parametrize(
    ("function", "proven", "left_out"),
    [
        (np.square, ("bool",), ("int64", "int32", "uint8")),
        (np.negative, ("int64",), ("uint8", "uint64", "bool", "int8")),
        (np.exp, ("int64", "int32", "uint32"), ("int8", "uint8", "int16", "uint16")),
    ],
)
def test_integer_rows_are_accepted_only_where_proven(function, proven, left_out):
    """numpy's integers wrap around, and small ones become float16 or float32."""
    rng = np.random.default_rng(0)
    X = rng.integers(1, 9, size=(200, 3)).astype(float)
    model = make_pipeline(FunctionTransformer(function), LogisticRegression(max_iter=2000))
    model.fit(X, X[:, 0] > X[:, 1])
    (given,) = prove(model, emit_model(model, 3), X, progress=quiet).inputs
    assert set(proven) <= set(given.accepts)
    assert not set(left_out) & set(given.accepts)


def test_small_integers_stay_single_in_an_estimator_trained_in_single_precision(blobs):
    X, y = blobs
    single = LogisticRegression().fit(X.astype(np.float32), y)
    (given,) = prove(single, emit_model(single, 4), X, progress=quiet).inputs
    assert "int64" in given.accepts
    assert not {"int8", "uint8", "int16", "uint16"} & set(given.accepts)


def test_scale_is_the_largest_score_of_the_samples(blobs):
    X, y = blobs
    model = LogisticRegression().fit(X, y)
    outputs = {o.verb: o for o in prove(model, emit_model(model, 4), X, progress=quiet).outputs}
    assert outputs["predict"].scale == 0
    assert outputs["decision_function"].scale == np.abs(model.decision_function(X)).max()


def test_string_and_bool_labels(blobs):
    X, y = blobs
    names = np.array(["naïve", "π", "z"])[y]
    for labels, dtype in ((names, "str"), (y == 1, "int64")):
        model = LogisticRegression().fit(X, labels)
        proof = prove(model, emit_model(model, 4), X, progress=quiet)
        outputs = {o.name: o for o in proof.golden.outputs}
        assert outputs["label"].dtype == dtype


def test_votes_between_classes_are_undecided_not_excused(blobs):
    """libsvm's one-vs-rest decision jumps by a vote where a pair ties: both sides pass there."""
    X, y = blobs
    model = SVC(kernel="linear").fit(X, y)
    proof = prove(model, emit_model(model, 4), X, progress=quiet)
    decision = next(p for p in proof.certificate.parity if p.output == "decision")
    assert decision.max_difference <= 1e-9
    assert decision.widest_undecided < 1e-12


def test_a_data_frame_model_is_asked_with_its_names(blobs):
    pandas = pytest.importorskip("pandas")
    X, y = blobs
    frame = pandas.DataFrame(X, columns=list("abcd"))
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, y)
    names = ("a", "b", "c", "d")
    proof = prove(model, emit_model(model, 4), X, feature_names=names, progress=quiet)
    assert proof.inputs[0].columns == names


def test_threshold_rows_stand_on_both_sides_of_the_flip(blobs):
    """Adjacent doubles, one of each child, at every threshold of a small tree model."""
    from convert.prove.policy import Policy
    from convert.prove.reference import Reference

    X, y = blobs
    model = HistGradientBoostingClassifier(max_iter=1, max_depth=1, min_samples_leaf=5)
    model.fit(X, y == 1)
    assert total(model) == 1
    (node,) = (n for n in model._predictors[0][0].nodes if not n["is_leaf"])
    context = Context(Reference(model, (), None), Policy(False, False, None), X, None, 0)
    column = thresholds(context, 30)[:, node["feature_idx"]]
    assert node["num_threshold"] in column
    assert np.nextafter(node["num_threshold"], np.inf) in column


def test_nan_is_tried_in_the_column_of_a_node_that_the_row_arrives_at(holes):
    from convert.prove.policy import Policy
    from convert.prove.reference import Reference

    X, y = holes
    model = DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, y)
    context = Context(Reference(model, (), None), Policy(True, False, None), X, None, 0)
    missing = np.isnan(thresholds(context, 200))
    assert missing.any()
    assert set(np.flatnonzero(missing.any(axis=0))) <= set(model.tree_.feature)


def test_stratified_rows_come_from_every_kind():
    kinds = np.repeat([0, 1, 2], [50, 3, 200])
    probes = Probes(np.zeros((253, 1)), ("a", "b", "c"), kinds)
    chosen = kinds[probes.stratified(30, np.random.default_rng(0))]
    assert [int((chosen == kind).sum()) for kind in range(3)] == [10, 3, 10]
