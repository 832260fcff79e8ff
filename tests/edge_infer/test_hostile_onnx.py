"""Attacks by an ONNX file: refused before onnxruntime sees them, fast and in little memory."""

from __future__ import annotations

import ast
import resource
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from artifact_builder import random_linear
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from edge_infer.engines import onnxruntime
from edge_infer.engines.onnx_check import MAX_NODES, check_onnx
from edge_infer.engines.operators import OPERATORS
from edge_infer.errors import Incompatible, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
HONEST = random_linear(4, ["location", "other"]).onnx()


def proto(model: bytes = HONEST) -> onnx.ModelProto:
    return onnx.load_model_from_string(model)


def refused(model: onnx.ModelProto | bytes, match: str = "") -> None:
    """By the check, and by whoever opens a graph, without onnxruntime."""
    data = model if isinstance(model, bytes) else model.SerializeToString()
    for call in (check_onnx, onnxruntime.open_session):
        with pytest.raises(Incompatible) as caught:
            call(data)
        assert "onnxruntime cannot open" not in str(caught.value)
        assert match in str(caught.value)


def graph_of(*nodes: onnx.NodeProto, constants: tuple[onnx.TensorProto, ...] = ()) -> Any:
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        list(nodes),
        "g",
        [value("X", TensorProto.DOUBLE, [None, 4])],
        [value("y", TensorProto.DOUBLE, None)],
        list(constants),
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def constant(name: str, array: np.ndarray) -> onnx.TensorProto:
    return numpy_helper.from_array(array, name)


def test_honest_graphs_pass() -> None:
    check_onnx(HONEST)
    frozen = sorted(ROOT.glob("tests/data/v*/*/model.onnx"))
    assert frozen
    for path in frozen:
        check_onnx(path.read_bytes())


def varint(number: int) -> bytes:
    found = b""
    while number > 127:
        found += bytes([number & 127 | 128])
        number >>= 7
    return found + bytes([number])


# 53


@pytest.mark.parametrize("data", [b"", b"no graph", b"\x00" * 100, b"\xff" * 100, b"\x0a" * 999])
def test_random_bytes_as_a_graph(data: bytes) -> None:
    refused(data)


def test_every_truncated_graph_is_refused_or_has_lost_a_part() -> None:
    """A cut between two fields is valid protobuf; what is left is checked like any graph."""
    for end in range(len(HONEST)):
        try:
            check_onnx(HONEST[:end])
        except Incompatible:
            continue
        onnx.load_model_from_string(HONEST[:end])


@settings(deadline=None, max_examples=400)
@given(at=st.integers(0, len(HONEST) - 1), new=st.binary(max_size=4), cut=st.integers(0, 4))
def test_damaged_graphs_never_end_in_another_error(at: int, new: bytes, cut: int) -> None:
    """And what passes is what onnx itself reads, with the same operators."""
    data = HONEST[:at] + new + HONEST[at + cut :]
    try:
        check_onnx(data)
    except Incompatible:
        return
    try:
        truth = proto(data)
    except Exception:
        return  # protobuf is stricter about text; onnxruntime refuses it as well
    assert all(node.op_type in OPERATORS[node.domain] for node in truth.graph.node)
    assert not truth.functions
    assert not truth.training_info


# 54


@pytest.mark.parametrize("path", ["w.bin", "../../etc/passwd", "/etc/passwd", "link", "hard"])
@pytest.mark.parametrize("inside", ["initializer", "attribute"])
def test_weights_in_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, inside: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("w.bin").write_bytes(np.arange(4.0).tobytes())
    Path("link").symlink_to("w.bin")
    Path("hard").hardlink_to("w.bin")
    tensor = TensorProto(name="w", data_type=TensorProto.DOUBLE, dims=[4])
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", path
    if inside == "initializer":
        model = graph_of(helper.make_node("Add", ["X", "w"], ["y"]), constants=(tensor,))
    else:
        model = graph_of(helper.make_node("Cast", ["X"], ["y"], to=tensor))
    refused(model, "other files")


def test_a_class_named_location_is_served() -> None:
    rows = np.random.default_rng(0).normal(size=(20, 4))
    (label,) = onnxruntime.open_session(HONEST).run(["label"], {"X": rows})
    assert set(label) <= {"location", "other"}


# 55


@pytest.mark.parametrize("lengths", [[2**40], [2**31 - 1, 2**31 - 1], [-1], [1] * 9, [5], [3]])
def test_a_tensor_that_declares_other_elements_than_it_holds(lengths: list[int]) -> None:
    tensor = constant("w", np.zeros(4))
    del tensor.dims[:]
    tensor.dims.extend(lengths)
    refused(graph_of(helper.make_node("Add", ["X", "w"], ["y"]), constants=(tensor,)))


def test_a_tensor_in_an_attribute_is_held_to_the_same() -> None:
    model = graph_of(helper.make_node("Identity", ["X"], ["y"], t=constant("t", np.zeros(4))))
    check_onnx(model.SerializeToString())
    model.graph.node[0].attribute[0].t.dims[0] = 2**40
    refused(model, "lengths")
    model.graph.node[0].attribute[0].t.dims[0] = 5
    refused(model, "hold the elements")


@pytest.mark.parametrize("kind", [TensorProto.DOUBLE, TensorProto.INT64, TensorProto.STRING])
def test_a_typed_tensor_that_declares_more_than_it_holds(kind: int) -> None:
    values = [b"a"] * 4 if kind == TensorProto.STRING else [1] * 4
    tensor = helper.make_tensor("w", kind, [4], values)
    model = graph_of(helper.make_node("Identity", ["w"], ["y"]), constants=(tensor,))
    check_onnx(model.SerializeToString())
    model.graph.initializer[0].dims[0] = 10**6
    refused(model, "hold the elements")


@pytest.mark.parametrize("kind", [0, 10, 12, 14, 16, 23, 99])
def test_a_tensor_of_another_type(kind: int) -> None:
    tensor = TensorProto(name="w", data_type=kind, dims=[1], raw_data=b"\0" * 8)
    refused(graph_of(helper.make_node("Identity", ["w"], ["y"]), constants=(tensor,)), "type")


def test_constants_are_bounded_by_what_they_become() -> None:
    """A file of bytes that `Cast` makes eight times as large when it is opened."""
    narrow = constant("w", np.zeros(1 << 20, dtype=np.uint8))
    model = graph_of(helper.make_node("Cast", ["w"], ["y"], to=TensorProto.DOUBLE))
    model.graph.initializer.extend([narrow] * 128)
    check_onnx(model.SerializeToString())
    model.graph.initializer.extend([constant("v", np.zeros(1, dtype=np.uint8))])
    refused(model, "in double")


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16])
def test_small_whole_numbers_are_held_to_their_bytes(dtype: type) -> None:
    model = graph_of(
        helper.make_node("Cast", ["w"], ["y"], to=TensorProto.DOUBLE),
        constants=(constant("w", np.zeros(6, dtype=dtype)),),
    )
    check_onnx(model.SerializeToString())
    model.graph.initializer[0].dims[0] = 12
    refused(model, "hold the elements")


def test_a_giant_result_is_an_error_of_the_call() -> None:
    shape = constant("shape", np.array([2**21, 2**21]))
    model = graph_of(
        helper.make_node("ReduceSum", ["X"], ["sum"], keepdims=1),
        helper.make_node("Expand", ["sum", "shape"], ["y"]),
        constants=(shape,),
    )
    engine = onnxruntime.open_session(model.SerializeToString())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(2):
        with pytest.raises(Unavailable, match="could not compute"):
            engine.run(["y"], {"X": np.zeros((1, 4))})
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10


# 56, 57


def test_a_loop_of_2_to_the_62() -> None:
    value = helper.make_tensor_value_info
    body = helper.make_graph(
        [helper.make_node("Identity", ["more"], ["again"])],
        "body",
        [value("i", TensorProto.INT64, []), value("more", TensorProto.BOOL, [])],
        [value("again", TensorProto.BOOL, [])],
    )
    count, yes = constant("count", np.array(2**62)), constant("yes", np.array(True))
    loop = helper.make_node("Loop", ["count", "yes"], [], body=body)
    model = graph_of(loop, helper.make_node("Identity", ["X"], ["y"]), constants=(count, yes))
    assert len(model.SerializeToString()) < 300
    refused(model, "subgraph")
    model.graph.node[0].op_type = "Add"
    refused(model, "subgraph")
    del model.graph.node[0].attribute[:]
    model.graph.node[0].op_type = "Loop"
    refused(model, "Loop")


def test_deeply_nested_if() -> None:
    value, inner = helper.make_tensor_value_info, None
    for _ in range(25):
        nodes = [helper.make_node("Identity", ["X"], ["z"])]
        if inner is not None:
            nodes = [helper.make_node("If", ["c"], ["z"], then_branch=inner)]
            inner = None
        inner = helper.make_graph(nodes, "g", [], [value("z", TensorProto.DOUBLE, None)])
    model = graph_of(helper.make_node("If", ["c"], ["y"], then_branch=inner))
    refused(model, "subgraph")


def test_a_million_opening_tags_do_not_recurse() -> None:
    nested = b""
    for _ in range(2000):
        nested = b"\x3a" + varint(len(nested)) + nested
    refused(b"\x08\x0a" + nested)


# 58


def other_domain(model: onnx.ModelProto) -> None:
    model.graph.node[0].domain = "com.evil"


def custom_opset(model: onnx.ModelProto) -> None:
    model.opset_import.add(domain="com.evil", version=1)


def operator_of_microsoft(model: onnx.ModelProto) -> None:
    model.opset_import.add(domain="com.microsoft", version=1)
    model.graph.node[0].domain = "com.microsoft"


def future_opset(model: onnx.ModelProto) -> None:
    model.opset_import[0].version = 22


def opset_twice(model: onnx.ModelProto) -> None:
    model.opset_import.add(domain="", version=21)


def opset_zero(model: onnx.ModelProto) -> None:
    model.opset_import[0].version = 0


def future_ir(model: onnx.ModelProto) -> None:
    model.ir_version = 11


def ancient_ir(model: onnx.ModelProto) -> None:
    model.ir_version = 3


def function(model: onnx.ModelProto) -> None:
    model.functions.add(name="Add", domain="")


def training(model: onnx.ModelProto) -> None:
    model.training_info.add()


def sparse(model: onnx.ModelProto) -> None:
    model.graph.sparse_initializer.add()


def sequence(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.sequence_type.elem_type.tensor_type.elem_type = 1


def random_numbers(model: onnx.ModelProto) -> None:
    model.graph.node[0].op_type = "RandomNormal"


def no_graph(model: onnx.ModelProto) -> None:
    model.ClearField("graph")


def too_many_nodes(model: onnx.ModelProto) -> None:
    for _ in range(MAX_NODES):
        model.graph.node.add(op_type="Add")


CHANGES: list[Callable[[onnx.ModelProto], None]] = [
    other_domain, custom_opset, operator_of_microsoft, future_opset, opset_twice, opset_zero,
    future_ir, ancient_ir, function, training, sparse, sequence, random_numbers, no_graph,
    too_many_nodes,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_graph_that_is_more_than_arithmetic(change: Callable[[onnx.ModelProto], None]) -> None:
    model = proto()
    check_onnx(model.SerializeToString())
    change(model)
    refused(model)


# The allow-list


def test_every_operator_that_a_converter_names_is_allowed() -> None:
    schemas = {schema.name for schema in onnx.defs.get_all_schemas()}
    emitted = {
        node.value
        for folder in ("estimators", "graph")
        for path in (ROOT / "convert" / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in schemas
    }
    assert {"MatMul", "TreeEnsemble"} <= emitted
    assert emitted - frozenset().union(*OPERATORS.values()) == set()


def test_no_allowed_operator_takes_a_subgraph() -> None:
    kinds = onnx.defs.OpSchema.AttrType
    for domain, names in OPERATORS.items():
        for name in names:
            schema = onnx.defs.get_schema(name, max_inclusive_version=21, domain=domain)
            types = {attribute.type for attribute in schema.attributes.values()}
            assert not types & {kinds.GRAPH, kinds.GRAPHS}, name
