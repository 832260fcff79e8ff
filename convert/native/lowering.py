"""Nodes of a graph to statements: one short function per family of operators."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.native import movement, reductions
from convert.native.elementwise import ELEMENTWISE, elementwise
from convert.native.ir import OUTPUT, Buffer, Ensemble, Load, Map, Output, Program
from convert.native.reading import fold
from convert.native.renaming import with_outputs
from convert.native.rows import Lowered, Row, in_buffer, input_row, strides_of, unsupported
from convert.native.trees import read_trees

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from convert.native.ir import Statement
    from convert.native.reading import Graph, Node
    from convert.native.rows import Tables

    Value = Row | NDArray[Any]
    Operator = Callable[[Lowered, Node, Sequence["Value | None"]], Sequence["Value"]]


def lower(
    graph: Graph,
    verb: str,
    outputs: Mapping[str, str],
    *,
    tables: Tables,
    strings: dict[str, int],
    nan: bool,
) -> Program:
    """The program of the outputs (name to dtype) of one verb.

    `strings` collects every text constant of the model; a tensor of text holds positions in it.
    `nan` says whether a row may hold NaN; where it may not, trees need not ask.

    Raises:
        Unsupported: an operator is not compiled, by name.
    """
    lowering = _Lowering(graph.needed(outputs), tables, strings, nan=nan)
    return lowering.program(verb, outputs)


class _Lowering:
    def __init__(self, graph: Graph, tables: Tables, strings: dict[str, int], *, nan: bool) -> None:
        self.graph = graph
        self.nan = nan
        self.strings = strings
        self.lowered = Lowered(tables)
        self.values: dict[str, Value] = {graph.input: input_row(graph.features)}
        self.text: set[str] = set()
        self.writer = {name: node for node in graph.nodes for name in node.outputs}
        self.uses: dict[str, int] = dict.fromkeys(graph.outputs, 1)
        for node in graph.nodes:
            for name in node.inputs:
                self.uses[name] = self.uses.get(name, 0) + 1

    def program(self, verb: str, outputs: Mapping[str, str]) -> Program:
        for node in self.graph.nodes:
            self.add(node)
        wanted = []
        for position, (name, dtype) in enumerate(outputs.items()):
            value = self.value(name)
            width = int(np.prod(value.shape[1:], dtype=np.int64))
            held = str(value.dtype if isinstance(value, Row) else value.dtype.name)
            buffer = Buffer(OUTPUT + position, held, width)
            wanted.append(Output(name, "str" if name in self.text else dtype, width, buffer))
            written = self.lowered.operand(value, (1, *value.shape[1:]))
            shape = (1, *value.shape[1:])
            self.lowered.statements.append(Map(buffer, shape, written, strides_of(shape)))
        some = [one for one in self.lowered.statements if not _writes_nothing(one)]
        return Program(verb, tuple(wanted), with_outputs(some))

    def add(self, node: Node) -> None:
        inputs = [self.value(name) if name else None for name in node.inputs]
        if any(name in self.text for name in node.inputs) and node.op_type not in ("Equal", "Not"):
            self.text.update(node.outputs)
        if node.op_type == "Shape":
            found: Sequence[Value] = [_shape(node, inputs)]
        elif all(value is None or isinstance(value, np.ndarray) for value in inputs):
            found = fold(node, [None if v is None else np.asarray(v) for v in inputs])
        elif node.op_type == "TreeEnsemble":
            found = [self.ensemble(node)]
        elif node.op_type in OPERATORS:
            found = OPERATORS[node.op_type](self.lowered, node, inputs)
        else:
            raise unsupported(f"the operator {node.op_type}")
        for name, value in zip(node.outputs, found, strict=False):
            if isinstance(value, Row) and self.uses.get(name, 0) > 1 and not _is_view(value):
                value = self.lowered.stored(value)
            self.values[name] = value

    def value(self, name: str) -> Value:
        if name in self.values:
            return self.values[name]
        array = self.graph.constants[name]
        if array.dtype == object:
            self.text.add(name)
            pool = self.strings
            places = [pool.setdefault(text, len(pool)) for text in array.ravel().tolist()]
            array = np.array(places, dtype=np.int64).reshape(array.shape)
        self.values[name] = array
        return array

    def ensemble(self, node: Node) -> Row:
        name = node.inputs[0]
        writer = self.writer.get(name)
        # float32 made double again: the comparisons are those of the float32 itself.
        if writer is not None and writer.op_type == "Cast":
            inner = self.value(writer.inputs[0])
            if isinstance(inner, Row) and inner.dtype == "float32":
                name = writer.inputs[0]
        row = self.value(name)
        assert isinstance(row, Row)
        row = self.lowered.stored(row)
        self.values[name] = row
        known = self.lowered.tables.trees
        if node.outputs[0] not in known:
            trees = read_trees(node.attributes)
            if not self.nan and self.is_given(name):
                trees = replace(trees, missing_left=np.zeros_like(trees.missing_left))
            known[node.outputs[0]] = trees
        trees = known[node.outputs[0]]
        if trees.feature.max(initial=0) >= row.shape[-1] or len(row.shape) != 2:
            raise unsupported("a TreeEnsemble over other rows", row.shape)
        targets = int(node.attributes.get("n_targets", 1))
        out = self.lowered.buffer("float64", targets)
        assert isinstance(row.expression, Load)
        assert isinstance(row.expression.source, Buffer)
        self.lowered.statements.append(Ensemble(out, row.expression.source, trees, targets))
        return in_buffer(out, (1, targets))

    def is_given(self, name: str) -> bool:
        """Whether a tensor is the input itself or a cast of it, and so NaN where that is."""
        while name != self.graph.input:
            node = self.writer.get(name)
            if node is None or node.op_type not in ("Cast", "Identity"):
                return False
            name = node.inputs[0]
        return True


def _writes_nothing(statement: Statement) -> bool:
    """C has no array of nothing, such as an indicator of missing values in no column."""
    out = getattr(statement, "out", None)
    is_empty = out is not None and out.size == 0
    return is_empty or (isinstance(statement, Map) and 0 in statement.shape)


def _is_view(row: Row) -> bool:
    return isinstance(row.expression, Load)


def _shape(node: Node, inputs: Sequence[Value | None]) -> NDArray[Any]:
    (value,) = inputs
    assert value is not None
    start, end = node.attributes.get("start", 0), node.attributes.get("end", None)
    return np.array(value.shape[start:end], dtype=np.int64)


def _identity(lowered: Lowered, node: Node, inputs: Sequence[Value | None]) -> list[Value]:
    del lowered, node
    (value,) = inputs
    assert value is not None
    return [value]


OPERATORS: dict[str, Operator] = {
    **{name: partial(elementwise, spec) for name, spec in ELEMENTWISE.items()},
    **movement.OPERATORS,
    **reductions.OPERATORS,
    "Identity": _identity,
}
