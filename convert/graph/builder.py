"""Record ONNX nodes as values, so that a converter reads like the numpy code it mirrors.

    scores = g.op("Add", g.op("MatMul", x, weights), intercept)

Arrays become constants; equal arrays are stored once. Nothing is written before `pruned()`
has dropped every node that no output needs.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NewType

import numpy as np

from convert.errors import Unsupported
from convert.graph.columns import TextInput
from convert.graph.later import Later, settled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from convert.graph.columns import Column
    from convert.graph.later import Write
    from edge_infer.contract import Text

Tensor = NewType("Tensor", str)
"""The name of a value in the graph."""

Operand = Tensor | np.ndarray | float | int
Attribute = str | int | float | np.ndarray | list[int] | list[str] | list[float]

ML = "ai.onnx.ml"


@dataclass(frozen=True)
class Node:
    """One operator with the names it reads and writes."""

    op_type: str
    domain: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    attributes: Mapping[str, Attribute]


class Graph:
    """A growing list of nodes over the input `x`, float64 of shape `(n, f)` or typed columns."""

    def __init__(
        self, x: str = "X", *, columns: Sequence[Column] | None = None, brief: bool = False
    ) -> None:
        self.brief = brief
        """Whether an emitter may leave out what costs much and seldom tells; it then says so."""
        self.left_out = 0
        self._frames: dict[Tensor, tuple[Column, ...]] = {}
        self._matrices: dict[tuple[Tensor, ...], Tensor] = {}
        self.nodes: list[Node] = []
        self.constants: dict[Tensor, np.ndarray] = {}
        self._known: dict[tuple[object, ...], Tensor] = {}
        self._count = 0
        self.x = Tensor(x) if columns is None else self.frame(columns)
        self.inputs = {self.x} if columns is None else {one.tensor for one in columns}
        self.texts: list[TextInput] = []
        self.left: list[Later] = []

    def frame(self, columns: Sequence[Column]) -> Tensor:
        """A name for columns side by side, which costs nothing until an operator reads it."""
        name = self._name()
        self._frames[name] = tuple(columns)
        return name

    def counts(self, column: Column, text: Text) -> Tensor:
        """A new input of the graph: the counts `(n, width)` of what a text column holds."""
        tensor = Tensor(f"text_{len(self.texts)}_in")
        self.texts.append(TextInput(column.name, tensor, text))
        self.inputs.add(tensor)
        return tensor

    def columns(self, x: Tensor) -> tuple[Column, ...] | None:
        """The columns of a frame, None for a tensor."""
        return self._frames.get(x)

    def matrix(self, x: Tensor) -> Tensor:
        """A frame of numbers as float64 `(n, f)`; a tensor is what it was.

        Raises:
            Unsupported: a column holds text.
        """
        columns = self._frames.get(x)
        if columns is None:
            return x
        text = [column.name for column in columns if column.is_text]
        if text:
            raise Unsupported(
                "text is handed to an estimator that takes numbers alone",
                expected="numbers",
                actual=f"the columns {', '.join(text)}",
                hint="encode them before it: OneHotEncoder, OrdinalEncoder or TargetEncoder",
            )
        parts = tuple(column.tensor for column in columns)
        if len(parts) == 1:
            return parts[0]
        if parts not in self._matrices:
            self._matrices[parts] = self.op("Concat", *parts, axis=1)
        return self._matrices[parts]

    def op(
        self, op_type: str, *operands: Operand, domain: str = "", **attributes: Attribute
    ) -> Tensor:
        """Append a node with one output and return that output."""
        return self.multi(op_type, *operands, outputs=1, domain=domain, **attributes)[0]

    def multi(
        self,
        op_type: str,
        *operands: Operand,
        outputs: int,
        domain: str = "",
        **attributes: Attribute,
    ) -> tuple[Tensor, ...]:
        """Append a node with several outputs."""
        inputs = tuple(self._tensor(operand) for operand in operands)
        names = tuple(self._name() for _ in range(outputs))
        self.nodes.append(Node(op_type, domain, inputs, names, attributes))
        return names

    def later(self, write: Write, operand: Tensor, *sizes: int, results: int) -> tuple[Tensor, ...]:
        """The results of a step that is written at the end, beside others of its kind."""
        names = tuple(self._name() for _ in range(results))
        self.left.append(Later(write, self.matrix(operand), sizes, names, len(self.nodes)))
        return names

    def constant(self, value: np.ndarray) -> Tensor:
        """Store an array once and return its name."""
        array = np.ascontiguousarray(value)
        array = array.reshape(np.shape(value))
        is_number = array.dtype.kind in "fiub"
        content = array.tobytes() if is_number else tuple(array.ravel().tolist())
        key = (array.dtype.str, array.shape, content)
        if key not in self._known:
            self._known[key] = self._name()
            self.constants[self._known[key]] = array
        return self._known[key]

    def cast(self, value: Tensor, dtype: type[np.generic]) -> Tensor:
        """ONNX `Cast` by numpy dtype."""
        return self.op("Cast", value, to=_onnx_type(dtype))

    def _tensor(self, operand: Operand) -> Tensor:
        if isinstance(operand, str):
            return self.matrix(operand) if self._frames else operand
        return self.constant(np.asarray(operand, dtype=None if _is_array(operand) else np.float64))

    def _name(self) -> Tensor:
        """Short, for a linear model is not much more than its names, and like no column's."""
        self._count += 1
        return Tensor(f"_{self._count}")


@dataclass(frozen=True)
class Recorded:
    """The finished graph: nodes in order, constants, and the tensor behind each output name."""

    nodes: tuple[Node, ...]
    constants: Mapping[Tensor, np.ndarray]


def pruned(graph: Graph, outputs: Mapping[str, Tensor]) -> Recorded:
    """Keep what the outputs need, and give the outputs their names."""
    written = settled(graph)
    rename: dict[Tensor, Tensor] = {}
    extra: list[Node] = []
    for name, told in outputs.items():
        tensor = written.get(told, told)
        if tensor in graph.constants or tensor in graph.inputs or tensor in rename:
            extra.append(Node("Identity", "", (tensor,), (Tensor(name),), {}))
        else:
            rename[tensor] = Tensor(name)
    for result, tensor in written.items():
        rename[result] = rename.get(tensor, tensor)
    nodes = [_renamed(node, rename) for node in (*graph.nodes, *extra)]
    writer = {output: node for node in nodes for output in node.outputs}
    needed: set[Tensor] = set()
    queue = deque(Tensor(name) for name in outputs)
    while queue:
        tensor = queue.popleft()
        if tensor not in needed:
            needed.add(tensor)
            queue.extend(writer[tensor].inputs if tensor in writer else ())
    kept = tuple(node for node in nodes if needed.intersection(node.outputs))
    constants = {name: array for name, array in graph.constants.items() if name in needed}
    return Recorded(kept, constants)


def _renamed(node: Node, rename: Mapping[Tensor, Tensor]) -> Node:
    def swap(names: Iterable[Tensor]) -> tuple[Tensor, ...]:
        return tuple(rename.get(name, name) for name in names)

    return replace(node, inputs=swap(node.inputs), outputs=swap(node.outputs))


def _is_array(operand: Operand) -> bool:
    return isinstance(operand, np.ndarray | np.generic)


def _onnx_type(dtype: type[np.generic]) -> int:
    import onnx

    return int(onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))
