"""An ONNX file as nodes over one row: shapes are those of a batch of one, constants are numpy.

With the batch fixed at one every shape is known. A graph whose rows depend on each other could
not have been proven, for every probe is also run alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.errors import Unsupported
from convert.graph.folding import folded
from edge_infer.errors import Incompatible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Node:
    """One operator; an optional input that is left out has the name ""."""

    op_type: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Graph:
    """Nodes in order, constants by name, the name and width of the one input."""

    nodes: tuple[Node, ...]
    constants: Mapping[str, NDArray[Any]]
    input: str
    features: int
    outputs: tuple[str, ...]

    def needed(self, outputs: Iterable[str]) -> Graph:
        """The nodes that some of the outputs need."""
        wanted = set(outputs)
        kept = []
        for node in reversed(self.nodes):
            if wanted.intersection(node.outputs):
                kept.append(node)
                wanted.update(node.inputs)
        names = tuple(name for name in self.outputs if name in wanted)
        return Graph(tuple(reversed(kept)), self.constants, self.input, self.features, names)


def read_graph(onnx_bytes: bytes) -> Graph:
    """Parse the bytes of a proven model.

    Raises:
        Incompatible: it is no ONNX model.
        Unsupported: it has another input than one matrix of doubles.
    """
    import onnx

    try:
        model = onnx.load_model_from_string(onnx_bytes)
    except Exception as error:  # protobuf's, which onnx does not name
        raise Incompatible("model.onnx is not an ONNX file", actual=error) from None
    model = onnx.load_model_from_string(folded(onnx_bytes))
    graph = model.graph
    constants = {tensor.name: _array(tensor) for tensor in graph.initializer}
    given = [value for value in graph.input if value.name not in constants]
    kinds = [(v.type.tensor_type.elem_type, _widths(v)) for v in given]
    if len(given) != 1 or kinds[0][0] != onnx.TensorProto.DOUBLE or len(kinds[0][1]) != 2:
        raise Unsupported(
            "the model has no native form",
            expected="one float64 input of shape (n, f)",
            actual=[f"{v.name} {kind}" for v, kind in zip(given, kinds, strict=True)],
            hint="leave native out: the onnxruntime engine serves it",
        )
    nodes = tuple(
        Node(
            node.op_type,
            tuple(node.input),
            tuple(node.output),
            {a.name: _attribute(a) for a in node.attribute},
        )
        for node in graph.node
    )
    names = tuple(value.name for value in graph.output)
    return Graph(nodes, constants, given[0].name, kinds[0][1][1], names)


def fold(node: Node, inputs: Sequence[NDArray[Any] | None]) -> list[NDArray[Any]]:
    """A node over constants alone, computed by the runtime that the graph was proven on."""
    import onnx
    from onnx import helper, numpy_helper

    from edge_infer.engines.onnxruntime import open_session

    initializers, names = [], []
    for position, value in enumerate(inputs):
        names.append("" if value is None else f"i{position}")
        if value is not None:
            initializers.append(numpy_helper.from_array(value, f"i{position}"))
    outputs = [f"o{position}" for position in range(len(node.outputs))]
    domain = "ai.onnx.ml" if node.op_type == "TreeEnsemble" else ""
    written = helper.make_node(node.op_type, names, outputs, domain=domain, **node.attributes)
    graph = helper.make_graph(
        [written], "fold", [], [onnx.ValueInfoProto(name=name) for name in outputs], initializers
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 5)]
    model = helper.make_model(graph, ir_version=10, opset_imports=opsets)
    session = open_session(model.SerializeToString())
    return [np.asarray(found) for found in session.run(outputs, {})]


def _widths(value: Any) -> list[int]:
    return [dim.dim_value for dim in value.type.tensor_type.shape.dim]


def _array(tensor: Any) -> NDArray[Any]:
    from onnx import numpy_helper

    array = numpy_helper.to_array(tensor)
    if array.dtype.kind in "OSU":
        flat = [s.decode() if isinstance(s, bytes) else str(s) for s in array.ravel().tolist()]
        strings = np.empty(len(flat), dtype=object)
        strings[:] = flat
        return strings.reshape(array.shape)
    return array


def _attribute(attribute: Any) -> Any:
    import onnx

    value = onnx.helper.get_attribute_value(attribute)
    if attribute.type == onnx.AttributeProto.TENSOR:
        return _array(value)
    if attribute.type == onnx.AttributeProto.STRING:
        return value.decode()
    return value
