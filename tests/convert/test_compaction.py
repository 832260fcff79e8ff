"""Constants in fewer bytes: every bit comes back, before a row is computed, or they stay."""

from __future__ import annotations

import struct

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

import convert
from convert.graph.compaction import LEAST_SAVED_BYTES, compacted, stored
from convert.graph.emit import emit_model
from convert.graph.folding import folded
from convert.native.reading import read_graph
from edge_infer.engines.onnxruntime import _SINGLE_PRECISION, open_session

PAYLOAD = struct.unpack("<d", struct.pack("<Q", 0x7FF8_0000_DEAD_BEEF))[0]
NEGATIVE_NAN = struct.unpack("<d", struct.pack("<Q", 0xFFF8_0000_0000_0001))[0]
HOSTILE = [
    0.0, -0.0, 1.0, -1.0, 127.0, 128.0, -128.0, -129.0, 255.0, 256.0, 32767.0, 32768.0, -32768.0,
    65535.0, 65536.0, 2.0**24 + 1, 2.0**53, 0.1, np.float64(np.float32(0.1)), np.inf, -np.inf,
    np.nan, PAYLOAD, NEGATIVE_NAN, 5e-324, -5e-324, 2.0**-149, 2.0**-150, 2.2e-308, 1e-45,
    3.4028234663852886e38, 3.4028235677973366e38, 1.7976931348623157e308,
    np.nextafter(0.5, 1.0), np.nextafter(0.5, 0.0),
]  # fmt: skip
LARGE = 700
DIGITS, CLASSES = load_digits(return_X_y=True)


def model_of(array: np.ndarray, name: str = "w", given: str = "X") -> bytes:
    """A graph that hands on a constant, whatever its type."""
    kind = helper.np_dtype_to_tensor_dtype(array.dtype)
    x = helper.make_tensor_value_info(given, TensorProto.DOUBLE, [None, 1])
    outputs = [helper.make_tensor_value_info("y", kind, None), onnx.ValueInfoProto(name="z")]
    nodes = [helper.make_node("Identity", [name], ["y"]), helper.make_node("Abs", [given], ["z"])]
    graph = helper.make_graph(nodes, "g", [x], outputs, [numpy_helper.from_array(array, name)])
    opset = [helper.make_opsetid("", 21)]
    return helper.make_model(graph, opset_imports=opset, ir_version=10).SerializeToString()


def bits(array: np.ndarray) -> bytes:
    return np.ascontiguousarray(array).tobytes()


def came_back(array: np.ndarray) -> bytes:
    """The compacted model, once it is seen that a session and `folded` give every bit back."""
    small = compacted(model_of(array))
    (got,) = open_session(small).run(["y"], {"X": np.zeros((1, 1))})
    assert got.dtype == array.dtype
    assert got.shape == array.shape
    assert bits(got) == bits(array)
    (tensor,) = onnx.load_from_string(folded(small)).graph.initializer
    assert bits(numpy_helper.to_array(tensor)) == bits(array)
    return small


def types_of(model: bytes) -> set[str]:
    tensors = onnx.load_from_string(model).graph.initializer
    return {TensorProto.DataType.Name(tensor.data_type) for tensor in tensors}


@pytest.mark.parametrize(
    ("least", "most", "kind"),
    [
        (0, 255, "UINT8"),
        (-128, 127, "INT8"),
        (-129, 127, "INT16"),
        (0, 256, "UINT16"),
        (0, 65535, "UINT16"),
        (-32768, 32767, "INT16"),
        (-1, 65535, "FLOAT"),
        (0, 65536, "FLOAT"),
    ],
)
@pytest.mark.parametrize("dtype", [np.float64, np.int64, np.float32])
def test_whole_numbers_take_the_type_that_holds_both_ends(least, most, kind, dtype):
    array = np.resize(np.arange(least, most + 1), 140_000).astype(dtype)
    small = came_back(array)
    if kind == "FLOAT" and dtype is not np.float64:
        assert small == model_of(array)
    else:
        assert types_of(small) == {kind}


@pytest.mark.parametrize("value", HOSTILE)
def test_one_hostile_value_among_whole_numbers(value):
    array = np.arange(LARGE) % 200 + 0.0
    array[1::300] = value
    came_back(array.reshape(10, 70))


@pytest.mark.parametrize("value", HOSTILE)
def test_one_hostile_value_among_many_float32(value):
    array = np.random.default_rng(0).normal(size=70_000).astype(np.float32).astype(np.float64)
    array[12345] = value
    small = came_back(array)
    with np.errstate(all="ignore"):
        is_single = bits(np.float64(np.float32(value))) == bits(np.float64(value))
    assert ("FLOAT" in types_of(small)) == (is_single and not np.isnan(value))


def test_zero_and_its_negative_and_every_nan_are_different_values():
    array = np.tile(np.array(HOSTILE), 40)
    small = came_back(array)
    assert types_of(small) == {"UINT8", "DOUBLE"}
    assert len(small) < array.nbytes / 4


@pytest.mark.parametrize("different", [256, 257, 65536, 65537])
def test_few_different_values_are_positions(different):
    values = np.random.default_rng(1).normal(size=different)
    array = np.resize(values, 400_000).reshape(4, -1)
    kinds = types_of(came_back(array))
    assert (
        kinds
        == {
            256: {"UINT8", "DOUBLE"},
            257: {"UINT16", "DOUBLE"},
            65536: {"UINT16", "DOUBLE"},
            65537: {"DOUBLE"},
        }[different]
    )


@pytest.mark.parametrize(
    "array",
    [
        np.random.default_rng(0).normal(size=5000),
        np.arange(100.0),
        np.zeros((0, 1000)),
        np.array(3.0),
        np.arange(70_000).astype(np.int32),
        np.zeros(70_000, dtype=bool),
        np.array([-(2**63), 2**63 - 1] + [2**40 + i for i in range(4000)]),
    ],
    ids=["random", "short", "empty", "number", "int32", "bool", "int64"],
)
def test_what_would_gain_nothing_stays_as_it_is(array):
    assert compacted(model_of(array)) == model_of(array)


@settings(deadline=None, max_examples=60)
@given(
    values=st.lists(st.floats(width=64) | st.floats(width=32) | st.integers(-9, 9), min_size=1),
    seed=st.integers(0, 9),
)
def test_arrays_of_any_values_come_back(values, seed):
    pool = np.array(values, dtype=np.float64)
    came_back(np.random.default_rng(seed).choice(pool, size=(3, LARGE)))


def test_names_that_a_column_has_are_not_taken():
    array = np.arange(9000.0)
    for given_name in ("wa", "wb"):
        small = onnx.load_from_string(compacted(model_of(array, given=given_name)))
        names = [tensor.name for tensor in small.graph.initializer] + [given_name]
        assert len(set(names)) == len(names)
        open_session(small.SerializeToString())


def test_it_saves_what_the_added_nodes_are_worth():
    for size in range(0, 600, 7):
        array = np.arange(size) % 256 + 0.5
        form = stored(array)
        if form is not None:
            assert array.nbytes - form.size_bytes >= LEAST_SAVED_BYTES * form.nodes


def exported(estimator):
    X, y = DIGITS[:400], CLASSES[:400]
    emitted = emit_model(estimator.fit(X, y), X.shape[1])
    return emitted.onnx, compacted(emitted.onnx), [output.name for output in emitted.outputs]


@pytest.mark.parametrize("estimator", [KNeighborsClassifier(), SVC(), SVC(kernel="poly")])
def test_a_row_of_a_small_graph_costs_what_it_did(estimator, tmp_path):
    """All that was added is gone when the session is open, and the answers are the same bits."""
    emitted, small, names = exported(estimator)
    assert len(small) < len(emitted) - 80_000
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "opened.onnx")
    options.log_severity_level = 4
    onnxruntime.InferenceSession(small, options, disabled_optimizers=list(_SINGLE_PRECISION))
    opened = onnx.load(tmp_path / "opened.onnx").graph
    fixed = {tensor.name for tensor in opened.initializer}
    assert not [node for node in opened.node if fixed.issuperset(node.input)]
    left = [node.op_type for node in opened.node]
    assert len(left) <= len(onnx.load_from_string(folded(emitted)).graph.node)
    rows = np.concatenate([DIGITS, DIGITS * 0.3])
    for got, want in zip(
        open_session(small).run(names, {"X": rows}),
        open_session(emitted).run(names, {"X": rows}),
        strict=True,
    ):
        assert bits(got) == bits(want)


@pytest.mark.parametrize("estimator", [KNeighborsClassifier(), SVC()])
def test_the_compiled_model_is_made_of_the_widened_graph(estimator):
    emitted, small, _ = exported(estimator)
    one, other = read_graph(folded(emitted)), read_graph(small)
    assert [node.op_type for node in one.nodes] == [node.op_type for node in other.nodes]
    read = {name for node in one.nodes for name in node.inputs} & set(one.constants)
    assert read
    for name in read:
        assert bits(one.constants[name]) == bits(other.constants[name])


@pytest.mark.usefixtures("shorter")
@pytest.mark.parametrize("precision", ["double", "float32"])
def test_an_artifact_of_whole_numbers_is_small_and_loads(loaded, precision):
    X, y = DIGITS[:300], CLASSES[:300]
    estimator = SVC(gamma=0.0004).fit(X, y)
    artifact = convert.export(estimator, X, precision=precision)
    vectors = len(estimator.support_vectors_) * X.shape[1]
    assert vectors < len(artifact.onnx) < 3 * vectors
    assert (loaded(artifact).predict(DIGITS) == estimator.predict(DIGITS)).all()
