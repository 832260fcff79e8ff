"""What depends on constants alone as constants: the graph that a device computes for each row.

Compacted constants are widened, and what an emitter left to the opening of a graph is computed, by
the runtime that the graph is proven on.
"""

from __future__ import annotations

from typing import Any

from convert.graph.builder import ML


def folded(onnx_bytes: bytes) -> bytes:
    """The model without nodes whose inputs are all constants; their results are initializers."""
    from onnx import load_model_from_string, numpy_helper

    model = load_model_from_string(onnx_bytes)
    graph = model.graph
    inner, outer = over_constants(graph)
    if not inner:
        return onnx_bytes
    made = {name for node in inner for name in node.output if name}
    wanted = _read(outer, graph.output)
    names = sorted(made & wanted)
    found = dict(zip(names, _computed(model, inner, names), strict=True))
    kept = [tensor for tensor in graph.initializer if tensor.name in wanted]
    kept += [numpy_helper.from_array(value, name) for name, value in found.items()]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(outer)
    graph.initializer.extend(kept)
    return bytes(model.SerializeToString(deterministic=True))


def over_constants(graph: Any) -> tuple[list[Any], list[Any]]:
    """The nodes that depend on constants alone, and the others."""
    fixed = {tensor.name for tensor in graph.initializer}
    inner: list[Any] = []
    outer: list[Any] = []
    for node in graph.node:
        if node.domain != ML and any(node.input) and fixed.issuperset(filter(None, node.input)):
            fixed.update(node.output)
            inner.append(node)
        else:
            outer.append(node)
    return inner, outer


def _read(nodes: list[Any], outputs: Any) -> set[str]:
    return {name for node in nodes for name in node.input} | {value.name for value in outputs}


def _computed(model: Any, nodes: list[Any], names: list[str]) -> list[Any]:
    """The named results of nodes over the model's constants."""
    from onnx import ValueInfoProto, helper

    from edge_infer.engines.onnxruntime import open_session

    read = _read(nodes, [])
    constants = [tensor for tensor in model.graph.initializer if tensor.name in read]
    outputs = [ValueInfoProto(name=name) for name in names]
    graph = helper.make_graph(nodes, "fold", [], outputs, constants)
    part = helper.make_model(
        graph, ir_version=model.ir_version, opset_imports=list(model.opset_import)
    )
    return open_session(part.SerializeToString()).run(names, {})
