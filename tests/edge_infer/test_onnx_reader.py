"""Reading an ONNX file: what is read is what onnx reads, within a bounded time."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from random import Random

import numpy as np
import onnx
import pytest
from artifact_builder import random_linear
from onnx import TensorProto, helper, numpy_helper

from edge_infer.engines.onnx_check import check_onnx
from edge_infer.engines.onnx_messages import MESSAGES
from edge_infer.engines.onnx_reader import MAX_FIELDS, Malformed, read_model
from edge_infer.errors import Incompatible

ROOT = Path(__file__).parents[2]

HONEST = random_linear(4, ["location", "other"]).onnx()


def graph_of(node: onnx.NodeProto) -> onnx.ModelProto:
    value = helper.make_tensor_value_info
    x, y = value("X", TensorProto.DOUBLE, [None, 4]), value("y", TensorProto.DOUBLE, None)
    graph = helper.make_graph([node], "g", [x], [y])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def test_what_was_read_is_what_onnx_reads() -> None:
    read, truth = read_model(HONEST), onnx.load_model_from_string(HONEST)
    nodes = read.each("graph")[0].each("node")
    assert [node.text("op_type") for node in nodes] == [node.op_type for node in truth.graph.node]
    tensors = read.each("graph")[0].each("initializer")
    assert [t.numbers.get("dims", []) for t in tensors] == [
        list(t.dims) for t in truth.graph.initializer
    ]
    assert read.number("ir_version") == truth.ir_version


def test_the_tables_are_those_of_onnx() -> None:
    kinds = {
        "model": onnx.ModelProto, "opset": onnx.OperatorSetIdProto, "graph": onnx.GraphProto,
        "entry": onnx.StringStringEntryProto, "node": onnx.NodeProto,
        "attribute": onnx.AttributeProto, "tensor": onnx.TensorProto,
        "value": onnx.ValueInfoProto, "type": onnx.TypeProto,
        "tensor_type": onnx.TypeProto.Tensor, "shape": onnx.TensorShapeProto,
        "dimension": onnx.TensorShapeProto.Dimension,
    }  # fmt: skip
    assert kinds.keys() == MESSAGES.keys()
    for kind, fields in MESSAGES.items():
        known = kinds[kind].DESCRIPTOR.fields_by_number
        for number, (name, _, _) in fields.items():
            assert known[number].name.startswith(name.split("_")[0]), (kind, number)


def varint(number: int) -> bytes:
    found = b""
    while number > 127:
        found += bytes([number & 127 | 128])
        number >>= 7
    return found + bytes([number])


@pytest.mark.parametrize(
    "data",
    [
        b"\x08" + b"\xff" * 10 + b"\x01",  # a number of eleven bytes
        b"\x08",
        b"\x0b\x0c",  # a group
        b"\x0d\0\0\0\0",  # another wire type
        b"\x3a\x7f",  # longer than the file
        b"\x08\x0a\x08\x0a",  # a singular field twice
        b"\x08\x0a\x00\x00",  # field 0
        b"\x08\x0a\xfa\xff\xff\xff\x0f\x00",  # a field that nobody knows
    ],
)
def test_a_wire_format_that_two_readers_could_read_differently(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_model(data)


@pytest.mark.parametrize(
    "numbers", [[0], [127, 128], [2**14, 2**21, 2**63 - 1], [-1, 5], list(range(300))]
)
def test_numbers_of_attributes_are_passed_over_whole(numbers: list[int]) -> None:
    node = helper.make_node("Identity", ["X"], ["y"], a=numbers, b=[0.5] * 7, c="after")
    model = graph_of(node)
    read = read_model(model.SerializeToString()).each("graph")[0].each("node")[0]
    assert [a.text("name") for a in read.each("attribute")] == ["a", "b", "c"]
    assert read.each("attribute")[2].text("s") == "after"


NUMBERS = [0, 127, 128, 2**14, 2**21, 2**28, 2**35, 2**56, 2**63 - 1, -1]
PYTHONS = ("/usr/bin/python3", "python3.11", "python3.12", "python3.13", "python3.14")


@pytest.mark.parametrize("python", PYTHONS)
def test_every_python_passes_over_the_same_numbers(python: str, tmp_path: Path) -> None:
    """Debian 12 has 3.11.2, whose regular expressions stop at numbers of four bytes."""
    chance, numbers = Random(1), list(NUMBERS)
    for _ in range(3000):
        numbers += chance.sample(NUMBERS, chance.randrange(1, 10))
    floats = [float(n) for n in range(100)]
    node = helper.make_node("Identity", ["X"], ["y"], a=numbers, b=floats, c="after")
    (tmp_path / "model.onnx").write_bytes(graph_of(node).SerializeToString())
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "sys.version_info < (3, 11) and sys.exit(9)\n"
        "from edge_infer.engines.onnx_reader import read_model\n"
        "data = open(sys.argv[2], 'rb').read()\n"
        "read = read_model(data).each('graph')[0].each('node')[0]\n"
        "print(read.each('attribute')[2].text('s'))"
    )
    try:
        done = subprocess.run(
            [python, "-I", "-S", "-B", "-c", program, str(ROOT), str(tmp_path / "model.onnx")],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    except OSError:
        pytest.skip(f"needs {python}")
    if done.returncode == 9 or "command not found" in done.stderr:
        pytest.skip(f"needs {python}, of 3.11 or later")
    assert done.stdout == "after\n", done.stderr


def test_a_cut_number_in_an_attribute() -> None:
    for data in (b"\x40", b"\x40\x80", b"\x40" + b"\xff" * 10 + b"\x01", b"\x3d\0\0\0"):
        attribute = b"\x2a" + varint(len(data)) + data
        node = b"\x0a" + varint(len(attribute)) + attribute
        with pytest.raises(Malformed, match="number"):
            read_model(b"\x3a" + varint(len(node)) + node)


def test_the_time_of_a_hostile_file_is_bounded() -> None:
    files = {
        "fields": b"\x3a" + varint(4 * MAX_FIELDS) + b"\x0a\x02\x0a\x00" * MAX_FIELDS,
        "numbers": b"\x40\x80" * (1 << 20),
        "tags": b"\x08" * (1 << 20),
    }
    attribute = b"\x2a" + varint(len(files["numbers"])) + files["numbers"]
    node = b"\x0a" + varint(len(attribute)) + attribute
    files["numbers"] = b"\x3a" + varint(len(node)) + node
    for data in files.values():
        start = time.thread_time()
        with pytest.raises(Incompatible):
            check_onnx(data)
        # One second is the bound; a busy machine is given three.
        assert time.thread_time() - start < 3.0


def test_a_forest_of_megabytes_costs_milliseconds() -> None:
    numbers = list(range(90_000))
    features = np.random.default_rng(0).integers(0, 64, 90_000).tolist()
    weights = numpy_helper.from_array(np.zeros(90_000))
    node = helper.make_node(
        "TreeEnsemble", ["X"], ["y"], domain="ai.onnx.ml",
        nodes_truenodeids=numbers, nodes_falsenodeids=numbers,
        nodes_featureids=features, nodes_trueleafs=features, nodes_falseleafs=features,
        nodes_splits=weights, leaf_weights=weights,
    )  # fmt: skip
    model = graph_of(node)
    model.opset_import.add(domain="ai.onnx.ml", version=5)
    data = model.SerializeToString()
    assert len(data) > 2_500_000
    took = []
    for _ in range(5):
        start = time.thread_time()
        check_onnx(data)
        took.append(time.thread_time() - start)
    assert min(took) < 0.030, "8 ms where this was written"


def test_the_reader_needs_only_the_standard_library() -> None:
    code = (
        "import sys, edge_infer.engines.onnx_check\n"
        "names = {name.partition('.')[0] for name in sys.modules}\n"
        "assert not names & {'numpy', 'onnx', 'onnxruntime', 'google'}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
