"""`Model`: scikit-learn's verbs, dtypes and refusals, from one thread or many."""

from __future__ import annotations

import dataclasses
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from artifact_builder import Linear, contract_parts, golden_rows, random_linear, write_artifact

import edge_infer
from edge_infer.contract import Classes
from edge_infer.errors import BadInput, Incompatible

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_infer.model import Model

X = np.random.default_rng(1).normal(size=(50, 64), scale=3.0)


def test_every_verb_agrees_with_numpy(model: Model, linear: Linear) -> None:
    for verb in ("decision_function", "predict_proba"):
        got, want = getattr(model, verb)(X), getattr(linear, verb)(X)
        assert got.shape == (50, 10)
        assert got.dtype == np.float64
        assert np.allclose(got, want, rtol=1e-12, atol=0)
    assert model.predict(X).tolist() == linear.predict(X).tolist()
    assert np.array_equal(model.predict_log_proba(X), np.log(model.predict_proba(X)))


def test_the_logarithm_of_zero_is_silent(model: Model) -> None:
    assert np.isneginf(model.predict_log_proba(X * 1e6)).any()


@pytest.mark.parametrize(
    "classes",
    [
        [0, 1, 2],
        [-5, 2**40],
        [False, True],
        [0.5, 1.5, 2.5],
        ["a", "null", "Üİ", ""],
    ],
    ids=["int", "large int", "bool", "float", "text"],
)
def test_labels_come_in_the_dtype_of_the_classes(
    key: Path, trust: Path, tmp_path: Path, classes: list[object]
) -> None:
    linear = random_linear(6, classes)
    out = write_artifact(tmp_path / "out", key, linear)
    model = edge_infer.load(out, trust=trust)
    rows = np.random.default_rng(2).normal(size=(40, 6), scale=3.0)
    want = linear.predict(rows)
    assert len(set(want.tolist())) > 1
    for got, expected in [(model.predict(rows), want), (model.predict(rows[:1]), want[:1])]:
        assert got.dtype == linear.classes.dtype
        assert got.tolist() == expected.tolist()
    ones = [model.predict_one(row) for row in rows]
    assert ones == want.tolist()
    assert {type(one) for one in ones} == {type(classes[0])}
    assert model.classes is not None
    assert model.classes.dtype == linear.classes.dtype
    assert model.classes.tolist() == classes


@pytest.mark.parametrize(
    ("classes", "name"),
    [
        ([0, 1, 2], "int8"),
        ([0, 1, 2], "uint8"),
        ([-5, 7], "int32"),
        ([0.5, 1.5], "float32"),
        (["a", "bc"], "object"),
        (["a", "bc"], "U7"),
    ],
)
def test_labels_come_in_the_dtype_that_the_contract_names(
    key: Path, trust: Path, tmp_path: Path, classes: list[Any], name: str
) -> None:
    linear = random_linear(6, classes)
    named = Classes(linear.dtype, tuple(classes), name)
    out = write_artifact(tmp_path / "out", key, linear, classes=named)
    model = edge_infer.load(out, trust=trust)
    rows = np.random.default_rng(2).normal(size=(40, 6), scale=3.0)
    for got in (model.predict(rows), model.predict(rows[:1]), model.classes):
        assert got.dtype == np.dtype(name)
    assert model.predict(rows).tolist() == linear.predict(rows).tolist()
    assert type(model.predict_one(rows[0])) is type(classes[0])


@pytest.mark.parametrize("name", ["int8", "U1", "V8", "nonsense", "bool"])
def test_a_dtype_that_does_not_hold_the_labels_is_refused(
    key: Path, trust: Path, tmp_path: Path, name: str
) -> None:
    linear = random_linear(6, [0, 300])
    named = Classes("int64", (0, 300), name)
    out = write_artifact(tmp_path / "out", key, linear, classes=named)
    with pytest.raises(Incompatible, match="dtype"):
        edge_infer.load(out, trust=trust)


def test_predict_one_takes_what_a_row_can_be(model: Model, linear: Linear) -> None:
    for row, label in zip(X, linear.predict(X).tolist(), strict=True):
        assert model.predict_one(row) == label
        assert model.predict_one(row.tolist()) == label
        assert model.predict_one(tuple(row)) == label
        assert model.predict_one(row.astype(">f8")) == label
    strided = np.repeat(X, 2, axis=1)
    assert model.predict_one(strided[0, ::2]) == linear.predict(X[:1])[0]
    assert type(model.predict_one(X[0])) is int


@pytest.mark.parametrize(
    "row",
    [X[:1], X[0, :-1], X[0].astype("f4"), ["1"] * 64, [None] * 64, 3.0, [], "seven", X[0] * np.nan,
     np.append(X[0, :-1], np.inf), None, {}],
    ids=lambda row: type(row).__name__,
)  # fmt: skip
def test_predict_one_refuses_what_is_no_row(model: Model, row: object) -> None:
    with pytest.raises(BadInput):
        model.predict_one(row)
    assert model.predict_one(X[0]) == model.predict(X[:1])[0]


def test_one_row_gives_the_same_by_every_way(model: Model) -> None:
    batch = model.predict(X)
    for i in range(len(X)):
        assert model.predict(X[i : i + 1]).tolist() == [batch[i]]
        assert model.predict(X[i : i + 1].astype(">f8")).tolist() == [batch[i]]
        assert model.predict(X[i : i + 1].tolist()).tolist() == [batch[i]]


def test_the_caller_s_answer_is_not_overwritten_by_the_next(model: Model, linear: Linear) -> None:
    want = linear.predict(X)
    first = next(i for i in range(1, 50) if want[i] != want[0])
    kept = model.predict(X[:1])
    model.predict(X[first : first + 1])
    assert kept.tolist() == [want[0]]


def test_a_missing_verb_names_those_there_are_and_why(model: Model) -> None:
    with pytest.raises(BadInput, match="no transform") as caught:
        model.transform(X)
    assert "predict_proba" in str(caught.value.expected)
    assert caught.value.hint == "transform: the last step has none"
    with pytest.raises(BadInput, match="no score_samples") as caught:
        model.score_samples(X)
    assert "transform" not in str(caught.value.hint)


def test_without_probabilities_there_is_no_logarithm_of_them(
    key: Path, trust: Path, tmp_path: Path
) -> None:
    linear = random_linear(4, "ab")
    contract, _ = contract_parts(linear, golden_rows(linear))
    outputs = contract.outputs[:2]
    golden = dataclasses.replace(contract.golden, outputs=contract.golden.outputs[:2])
    out = write_artifact(tmp_path / "out", key, linear, outputs=outputs, golden_changes=golden)
    model = edge_infer.load(out, trust=trust)
    assert model.verbs == ("predict", "decision_function")
    with pytest.raises(BadInput, match="no predict_log_proba"):
        model.predict_log_proba(X[:, :4])


def test_what_the_model_says_of_itself(model: Model) -> None:
    assert model.engine.startswith("onnxruntime 1.")
    assert model.inputs[0].shape == (None, 64)
    assert model.certificate.relative_tolerance == 1e-9
    assert model.self_test.rows == 8
    classes = model.classes
    assert classes is not None
    classes[0] = 99
    assert model.predict(X).max() < 10


def test_two_threads_get_their_own_answers(model: Model, linear: Linear) -> None:
    want = linear.predict(X).tolist()
    barrier = threading.Barrier(4)

    def work(start: int) -> list[int]:
        barrier.wait()
        wrong = []
        for step in range(3000):
            i = (start + step) % len(X)
            one = model.predict_one(X[i]) if step % 2 else model.predict(X[i : i + 1])[0]
            if one != want[i]:
                wrong.append(i)
        return wrong

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, [0, 11, 23, 37])) == [[], [], [], []]


def test_a_signal_handler_that_predicts_disturbs_nothing(model: Model, linear: Linear) -> None:
    """The handler runs between filling the row's buffer and running the graph on it."""
    want = linear.predict(X).tolist()
    other = next(i for i in range(1, 50) if want[i] != want[0])
    shortcut = model._one_row
    assert shortcut is not None
    run, seen = shortcut._run, []

    def interrupted() -> None:
        shortcut._run = run
        seen.append(model.predict_one(X[other]))
        run()

    shortcut._run = interrupted
    try:
        assert model.predict_one(X[0]) == want[0]
    finally:
        shortcut._run = run
    assert seen == [want[other]]


def test_one_row_costs_about_what_the_engine_costs(model: Model, artifact: Path) -> None:
    """At most 1.3 times a bare run of the same file (`benchmarks/runtime.py`); thrice that here."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(artifact / "model.onnx", options)
    row = X[:1].copy()

    def seconds(call: Callable[[], object]) -> float:
        started = time.perf_counter()
        for _ in range(300):
            call()
        return time.perf_counter() - started

    ratios = [
        seconds(lambda: model.predict(row)) / seconds(lambda: session.run(["label"], {"X": row}))
        for _ in range(9)
    ]
    assert statistics.median(ratios) <= 3 * 1.3


def test_a_verb_that_is_missing_is_explained_by_its_own_notes_only(linear: Linear) -> None:
    from edge_infer.verbs import not_served

    contract, _ = contract_parts(linear, golden_rows(linear))
    notes = (
        "rows with |x| > 1e+08 are refused: rounding",
        "predict_proba of SVC is not served: libsvm couples the pairs",
        "transform of a VotingClassifier is not served: its first axis",
    )
    certificate = dataclasses.replace(contract.certificate, notes=notes)
    for verb, note in (("predict_proba", 1), ("predict_log_proba", 1), ("transform", 2)):
        told = not_served(verb, ("predict",), certificate)
        assert told.hint == notes[note]
        assert (told.expected, told.actual) == ("predict", verb)
    told = not_served("predict", ("transform",), certificate)
    assert told.hint == "use transform, or another estimator"
