"""Operators one by one beside onnxruntime, on values where C and ONNX could part ways."""

from __future__ import annotations

from functools import cache

import numpy as np
import onnx
import pytest
from native_builder import contract_of, load
from onnx import TensorProto, helper, numpy_helper

from convert.errors import Unsupported
from convert.graph.builder import Graph
from convert.native.lowering import lower
from convert.native.reading import read_graph
from convert.native.rows import Tables
from edge_infer.contract import Output

SPECIAL = np.array(
    [
        [0.0, -0.0, 1.0, -1.0, 2.5, -2.5],
        [np.nan, np.inf, -np.inf, 0.5, 1e300, -1e300],
        [3.0, 3.0, 3.0, 3.0, 3.0, 3.0],
        [1e-320, 5e-324, -5e-324, 7.25, 1e16, 3.4028235677973366e38],
        [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        [6.0, 5.0, 4.0, 3.0, 2.0, 1.0],
    ]
)
FINITE = SPECIAL[[0, 2, 4, 5]]
_I = np.array
"""Index constants."""


def _model(records):
    """One graph: an output for each record, named as in `records`."""
    graph = Graph("X")
    results = {name: record(graph, graph.x) for name, record in records.items()}
    nodes = [
        helper.make_node(
            n.op_type,
            list(n.inputs),
            list(n.outputs),
            domain=n.domain,
            **{
                k: numpy_helper.from_array(v) if isinstance(v, np.ndarray) else v
                for k, v in n.attributes.items()
            },
        )
        for n in graph.nodes
    ]
    nodes += [helper.make_node("Identity", [str(r)], [name]) for name, r in results.items()]
    initializers = [numpy_helper.from_array(v, str(k)) for k, v in graph.constants.items()]
    given = helper.make_tensor_value_info("X", TensorProto.DOUBLE, [None, 6])
    made = onnx.helper.make_graph(
        nodes, "test", [given], [onnx.ValueInfoProto(name=name) for name in results], initializers
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 5)]
    return helper.make_model(made, ir_version=10, opset_imports=opsets).SerializeToString()


def _output(verb, name, found):
    return Output(verb, name, found.dtype.name, (None, *found.shape[1:]), "score", 0.0)


def load_graph(data, X, name="out"):
    return _session(data).run([name], {"X": X})[0]


@cache
def _session(data):
    from edge_infer.engines.onnxruntime import open_session

    return open_session(data)


@pytest.fixture(scope="module")
def everything():
    """All operators compiled once, each as a verb of its own."""
    records = {**EXACT, **FINITE_ONLY, **POSITIONS, **ROUNDED}
    data = _model(records)
    outputs = tuple(
        _output(f"op{i}", name, load_graph(data, FINITE, name)) for i, name in enumerate(records)
    )
    return load(data, contract_of(outputs, 6))


def _both(everything, name, X):
    """What the compiled model and onnxruntime give."""
    (native,) = everything.engine.run([name], {"X": X})
    return native, load_graph(everything.onnx, X, name)


ROW = np.array([1.5, -2.0, 0.0, 4.0, 3.0, 0.5])
EXACT = {
    "add": lambda g, x: g.op("Add", x, ROW),
    "subtract from a constant": lambda g, x: g.op("Sub", ROW, x),
    "multiply by a column": lambda g, x: g.op("Mul", x, np.array([[2.0]])),
    "divide": lambda g, x: g.op("Div", x, ROW),
    "negate": lambda g, x: g.op("Neg", x),
    "magnitude": lambda g, x: g.op("Abs", x),
    "sign": lambda g, x: g.op("Sign", x),
    "floor": lambda g, x: g.op("Floor", x),
    "square root": lambda g, x: g.op("Sqrt", g.op("Abs", x)),
    "clip": lambda g, x: g.op("Clip", x, -1.0, 2.0),
    "relu": lambda g, x: g.op("Relu", x),
    "through float32": lambda g, x: g.cast(g.cast(x, np.float32), np.float64),
    "where": lambda g, x: g.op("Where", g.op("Greater", x, ROW), x, ROW),
    "missing": lambda g, x: g.op("Where", g.op("IsNaN", x), 7.0, x),
    "infinite": lambda g, x: g.op("Where", g.op("IsInf", x), 7.0, x),
    "comparisons": lambda g, x: g.op(
        "Where",
        g.op(
            "Or",
            g.op("And", g.op("LessOrEqual", x, ROW), g.op("Not", g.op("Equal", x, 1.0))),
            g.op("GreaterOrEqual", x, 3.0),
        ),
        1.0,
        0.0,
    ),
    "concat and split": lambda g, x: g.op(
        "Concat", *g.multi("Split", x, outputs=3, axis=1, num_outputs=3)[::-1], axis=1
    ),
    "gather columns": lambda g, x: g.op("Gather", x, _I([4, 0, 0, 2]), axis=1),
    "reshape": lambda g, x: g.op("Reshape", x, _I([0, 2, 3])),
    "outer difference": lambda g, x: g.op("Sub", g.op("Unsqueeze", x, _I([2])), ROW[:3]),
    "padded": lambda g, x: g.op("Pad", x, _I([0, 1, 0, 2]), 9.0),
    "expanded": lambda g, x: g.op("Expand", g.op("Unsqueeze", x, _I([1])), _I([1, 3, 1])),
}
FINITE_ONLY = {
    "largest": lambda g, x: g.op("ReduceMax", x, _I([1]), keepdims=1),
    "smallest": lambda g, x: g.op("ReduceMin", x, _I([1]), keepdims=0),
    "maximum of two": lambda g, x: g.op("Max", x, ROW),
    "running sum": lambda g, x: g.op("CumSum", x, _I(1)),
    "smallest three": lambda g, x: g.multi(
        "TopK", x, _I([3]), outputs=2, axis=1, largest=0, sorted=1
    )[0],
    "round": lambda g, x: g.op("Round", x),
}
POSITIONS = {
    "position of the largest": lambda g, x: g.op("ArgMax", x, axis=1, keepdims=0),
    "position of the smallest": lambda g, x: g.op("ArgMin", x, axis=1, keepdims=1),
    "positions of the largest": lambda g, x: g.multi(
        "TopK", x, _I([4]), outputs=2, axis=1, largest=1, sorted=1
    )[1],
    "table by position": lambda g, x: g.op(
        "Gather", _I([9, 8, 7, -6, 5, 4]), g.op("ArgMax", x, axis=1, keepdims=0)
    ),
    "whole numbers": lambda g, x: g.op("Mod", g.op("Div", g.cast(x, np.int64), _I(2)), _I([-3])),
}
ROUNDED = {
    "product": lambda g, x: g.op("MatMul", x, np.linspace(-1, 2, 30).reshape(6, 5)),
    "product of a vector": lambda g, x: g.op("MatMul", x, np.linspace(-1, 2, 6)),
    "product of rows": lambda g, x: g.op(
        "MatMul", g.op("Reshape", x, _I([0, 2, 3])), np.linspace(-1, 2, 6).reshape(3, 2)
    ),
    "sum": lambda g, x: g.op("ReduceSum", x, _I([1]), keepdims=1),
    "mean": lambda g, x: g.op("ReduceMean", x, _I([1]), keepdims=0),
    "softmax": lambda g, x: g.op("Softmax", x, axis=1),
    "exp": lambda g, x: g.op("Exp", x),
    "tanh": lambda g, x: g.op("Tanh", x),
    "power": lambda g, x: g.op("Pow", g.op("Abs", x), 1.7),
    "square": lambda g, x: g.op("Pow", x, 2.0),
    "sine": lambda g, x: g.op("Sin", x),
}  # fmt: skip


@pytest.mark.parametrize("name", EXACT)
def test_same_bits_as_onnxruntime(everything, name):
    got, want = _both(everything, name, SPECIAL)
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("name", FINITE_ONLY)
def test_same_bits_as_onnxruntime_on_finite_rows(everything, name):
    got, want = _both(everything, name, FINITE)
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("name", POSITIONS)
def test_same_whole_numbers_as_onnxruntime(everything, name):
    got, want = _both(everything, name, FINITE)
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("name", ROUNDED)
def test_within_rounding_of_onnxruntime(everything, name):
    got, want = _both(everything, name, FINITE)
    np.testing.assert_allclose(got, want, rtol=1e-14, atol=1e-300)


def test_an_operator_that_is_missing_is_refused_by_name():
    data = _model({"out": lambda g, x: g.op("Erf", x)})
    with pytest.raises(Unsupported, match="the operator Erf"):
        lower(read_graph(data), "v", {"out": "float64"}, tables=Tables(), strings={}, nan=True)


def test_a_row_that_leads_beyond_a_table_is_refused_and_reads_nothing_else():
    from edge_infer.errors import BadInput

    def record(g, x):
        return g.op("Gather", ROW, g.cast(x, np.int64))

    data = _model({"out": record})
    output = Output("transform", "out", "float64", (None, 6), "score", 0.0)
    model = load(data, contract_of((output,), 6))
    inside = np.array([[0.0, 5, -1, -6, 2, 3]])
    np.testing.assert_array_equal(model.native(inside)["out"], load_graph(data, inside))
    for beyond in (6.0, -7.0, 1e300, np.nan, -np.inf):
        row = inside.copy()
        row[0, 3] = beyond
        with pytest.raises(BadInput, match="beyond a table"):
            model.native(row)
