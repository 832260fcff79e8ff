"""From a recorded graph to ONNX bytes, through skl2onnx's per-call extension point.

`convert_sklearn` takes converters for this call alone, so the process-wide registry, and with
it every plain `to_onnx` of the user, stays as it was.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.graph.builder import ML, Graph, Node, Recorded, Tensor, pruned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convert.graph.emitted import EmittedOutput

OPSET = 21
ML_OPSET = 5
"""onnxruntime 1.21, the oldest that is served, reads no newer operator sets."""

_SKL2ONNX_ML_OPSET = 3
"""skl2onnx 1.20 declares no newer one; its nodes pass through unread, so we declare ours."""


def to_onnx(
    estimator: object,
    graph: Graph,
    tensors: Mapping[str, Tensor],
    outputs: Sequence[EmittedOutput],
    *,
    n_features: int,
) -> bytes:
    """Write `graph` as an ONNX model whose outputs carry the names of `outputs`.

    Args:
        estimator: what the graph mirrors; skl2onnx finds our converter by its class.
        tensors: output name to the graph's tensor.
        n_features: f, where the input is one matrix.
    """
    from skl2onnx import convert_sklearn

    recorded = pruned(graph, tensors)
    kind = type(estimator)
    model = convert_sklearn(
        estimator,
        name="g",
        initial_types=_initial_types(graph, n_features),
        target_opset={"": OPSET, "ai.onnx.ml": _SKL2ONNX_ML_OPSET},
        custom_conversion_functions={kind: _converter(recorded)},
        custom_shape_calculators={kind: _keep_shapes},
        custom_parsers={kind: _parser(outputs)},
    )
    used = {node.domain for node in model.graph.node}
    del model.opset_import[:]
    model.opset_import.add(domain="", version=OPSET)
    if ML in used:
        model.opset_import.add(domain=ML, version=ML_OPSET)
    # Short, for long ones are a fiftieth of a linear model. onnxruntime 1.21 makes names from these
    # where it splits nodes, and would make one name twice of two nodes without.
    for number, node in enumerate(model.graph.node):
        node.name = str(number)
    model.producer_name = "edge-infer"
    model.producer_version = ""
    model.doc_string = ""
    model.domain = ""
    return bytes(model.SerializeToString(deterministic=True))


def _initial_types(graph: Graph, n_features: int) -> list[tuple[str, Any]]:
    from skl2onnx.common.data_types import DoubleTensorType, StringTensorType

    columns = graph.columns(graph.x)
    if columns is None:
        return [(str(graph.x), DoubleTensorType([None, n_features]))]
    typed = [
        (str(column.tensor), (StringTensorType if column.is_text else DoubleTensorType)([None, 1]))
        for column in columns
    ]
    texts = [(str(one.tensor), DoubleTensorType([None, one.width])) for one in graph.texts]
    return [*typed, *texts]


def _parser(outputs: Sequence[EmittedOutput]) -> Any:
    def parse(scope: Any, model: Any, inputs: Any, custom_parsers: Any = None) -> Any:
        del custom_parsers
        operator = scope.declare_local_operator("EdgeInferExact", model)
        operator.inputs = inputs
        for output in outputs:
            variable = scope.declare_local_variable(output.name, _variable_type(output))
            assert variable.full_name == output.name, "the graph has no other operator"
            operator.outputs.append(variable)
        return operator.outputs

    return parse


def _converter(recorded: Recorded) -> Any:
    def write(scope: Any, operator: Any, container: Any) -> None:
        del scope
        assert operator.inputs
        for name, array in recorded.constants.items():
            container.add_initializer(str(name), _tensor_type(array), array.shape, _flat(array))
        # Straight into its list: `add_node` compares each node's name with those of all before it,
        # half a minute for the ten thousand nodes of a few searches. It sorts nodes by their names.
        seen = Counter[str]()
        for node in recorded.nodes:
            container.nodes.append(_written(node, f"{node.op_type}{seen[node.op_type] or ''}"))
            seen[node.op_type] += 1
        container.node_domain_version_pair_sets.update(
            (node.domain, _SKL2ONNX_ML_OPSET if node.domain else OPSET) for node in recorded.nodes
        )

    return write


def _written(node: Node, name: str) -> Any:
    from onnx import helper

    attributes = {key: _attribute(value) for key, value in node.attributes.items()}
    return helper.make_node(
        node.op_type, node.inputs, node.outputs, name=name, domain=node.domain, **attributes
    )


def _keep_shapes(operator: Any) -> None:
    """The parser has declared every output's shape."""
    assert operator.outputs


def _variable_type(output: EmittedOutput) -> Any:
    from skl2onnx.common import data_types

    kinds = {
        "float64": data_types.DoubleTensorType,
        "float32": data_types.FloatTensorType,
        "int64": data_types.Int64TensorType,
        "bool": data_types.BooleanTensorType,
        "str": data_types.StringTensorType,
    }
    return kinds[output.dtype](list(output.shape))


def _tensor_type(array: np.ndarray) -> int:
    import onnx

    if array.dtype.kind in "OUS":
        return int(onnx.TensorProto.STRING)
    return int(onnx.helper.np_dtype_to_tensor_dtype(array.dtype))


def _flat(array: np.ndarray) -> Any:
    if array.dtype.kind in "OUS":
        return [str(item).encode("utf-8") for item in array.ravel()]
    return array.ravel()


def _attribute(value: Any) -> Any:
    from onnx import numpy_helper

    return numpy_helper.from_array(value) if isinstance(value, np.ndarray) else value
