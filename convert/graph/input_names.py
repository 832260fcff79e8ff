"""Give the graph's inputs the names of a data frame's columns, whatever those are.

skl2onnx makes identifiers of names, so the columns are numbered while it runs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convert.graph.builder import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convert.graph.columns import Column, TextInput


def numbered(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns with tensors that skl2onnx lets pass."""
    return tuple(
        replace(column, tensor=Tensor(f"column_{i}_in")) for i, column in enumerate(columns)
    )


def renamed(
    onnx: bytes, columns: Sequence[Column], texts: Sequence[TextInput]
) -> tuple[bytes, tuple[Column, ...], tuple[TextInput, ...]]:
    """The model with each column's own name, or that and `_` where the graph uses it already.

    A column that is read through its counts alone has no input.
    """
    from onnx import load_model_from_string

    model = load_model_from_string(onnx)
    graph = model.graph
    read = {name for node in graph.node for name in node.input}
    counted = {text.column for text in texts}
    columns = [c for c in columns if c.name not in counted or str(c.tensor) in read]
    taken = {name for node in graph.node for name in node.output}
    taken |= {tensor.name for tensor in graph.initializer}
    names: dict[str, str] = {}
    given = [(c.name, c.tensor) for c in columns] + [(t.column, t.tensor) for t in texts]
    for wanted, tensor in given:
        name = wanted or "_"
        while name in taken:
            name += "_"
        taken.add(name)
        names[str(tensor)] = name
    kept = [one for one in graph.input if one.name in names]
    del graph.input[:]
    graph.input.extend(kept)
    for one in graph.input:
        one.name = names[one.name]
    for node in graph.node:
        for position, name in enumerate(node.input):
            node.input[position] = names.get(name, name)
    found = tuple(replace(c, tensor=Tensor(names[str(c.tensor)])) for c in columns)
    counts = tuple(
        replace(t, tensor=Tensor(name), text=replace(t.text, input=name))
        for t in texts
        for name in (names[str(t.tensor)],)
    )
    return bytes(model.SerializeToString(deterministic=True)), found, counts
