"""Give the graph's inputs the names of a data frame's columns, whatever those are.

skl2onnx makes identifiers of names, so the columns are numbered while it runs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convert.graph.builder import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convert.graph.columns import Column


def numbered(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns with tensors that skl2onnx lets pass."""
    return tuple(
        replace(column, tensor=Tensor(f"column_{i}_in")) for i, column in enumerate(columns)
    )


def renamed(onnx: bytes, columns: Sequence[Column]) -> tuple[bytes, tuple[Column, ...]]:
    """The model with each column's own name, or that and `_` where the graph uses it already."""
    from onnx import load_model_from_string

    model = load_model_from_string(onnx)
    graph = model.graph
    taken = {name for node in graph.node for name in node.output}
    taken |= {tensor.name for tensor in graph.initializer}
    names: dict[str, str] = {}
    for column in columns:
        name = column.name or "_"
        while name in taken:
            name += "_"
        taken.add(name)
        names[str(column.tensor)] = name
    for given in graph.input:
        given.name = names[given.name]
    for node in graph.node:
        for position, name in enumerate(node.input):
            node.input[position] = names.get(name, name)
    found = tuple(replace(column, tensor=Tensor(names[str(column.tensor)])) for column in columns)
    return bytes(model.SerializeToString(deterministic=True)), found
