"""Rewrite an emitted graph node by node: each double tensor stays double or becomes float32."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from convert.errors import Unsupported
from convert.graph.builder import ML
from convert.single import trees
from convert.single.operators import BY_COLUMN, COMPARISONS, MOVEMENT, SINGLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

DOUBLE, FLOAT = TensorProto.DOUBLE, TensorProto.FLOAT
_SUFFIX = "_f32"
_FEW_SCORES = 64
_SMALL = 1
"""Constants of at most this rank are as wide as a row."""


def in_single(data: bytes, checks: Iterable[str] = ()) -> bytes:
    """The model in float32; its inputs and outputs keep their types.

    `checks` are outputs that refuse rows, which stay in double.

    Raises:
        Unsupported: a constant is beyond float32.
    """
    return _Rewriting(onnx.load_model_from_string(data)).run(checks)


class _Rewriting:
    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = model
        graph = onnx.shape_inference.infer_shapes(model).graph
        values = [*graph.input, *graph.value_info, *graph.output]
        self.types = {value.name: value.type.tensor_type.elem_type for value in values}
        self.widths = {value.name: _width(value) for value in values}
        self.constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
        self.types.update({t.name: t.data_type for t in model.graph.initializer})
        self.writers = {name: node for node in model.graph.node for name in node.output}
        self.forced: set[str] = set()
        self.doubles = {value.name for value in graph.input}
        """Tensors that are double in the new graph, of those that were."""
        self.ranged: set[str] = set()
        """Doubles that need the range of double: what an exponential of scores leads to."""
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}
        self.cast: set[str] = set()

    def run(self, checks: Iterable[str]) -> bytes:
        for name in checks:
            self._force(name)
        for node in self.model.graph.node:
            if node.op_type == "TreeEnsemble" or (node.op_type == "Cast" and _to(node) == FLOAT):
                self._force(node.input[0])
        for node in self.model.graph.node:
            self._write(node)
        for value in self.model.graph.output:
            if self._is_double(value.name) and value.name not in self.doubles:
                self._as_double(value.name)
        graph = self.model.graph
        written = _needed(self.nodes, [value.name for value in graph.output])
        read = {name for node in written for name in node.input}
        del graph.node[:], graph.initializer[:], graph.value_info[:]
        graph.node.extend(written)
        graph.initializer.extend(t for name, t in self.initializers.items() if name in read)
        return bytes(self.model.SerializeToString(deterministic=True))

    def _force(self, name: str) -> None:
        """Keep a tensor in double, with everything that it is computed from."""
        stack = [name]
        while stack:
            node = self.writers.get(stack.pop())
            if node is None or node.output[0] in self.forced:
                continue
            self.forced.update(node.output)
            if node.op_type != "TreeEnsemble":
                stack.extend(node.input)

    def _write(self, node: onnx.NodeProto) -> None:
        doubles = [name for name in node.input if self._is_double(name)]
        if node.op_type == "TreeEnsemble" and node.output[0] not in self.forced:
            self._write_trees(node)
        elif node.op_type == "Cast" and _to(node) == DOUBLE and node.output[0] not in self.forced:
            source = self._single(node.input[0]) if doubles else node.input[0]
            self._add("Cast", [source], [narrow_name(node.output[0])], to=FLOAT)
        elif self._needs_range(node, doubles):
            self._copy(node, self._as_double, "")
            self.ranged.update(node.output)
        elif node.output[0] in self.forced or self._stays(node, doubles):
            self._copy(node, self._as_double, "")
        elif node.op_type in SINGLE | COMPARISONS | MOVEMENT:
            self._copy(node, self._single, _SUFFIX)
        else:
            self._copy(node, self._as_double, "")

    def _stays(self, node: onnx.NodeProto, doubles: Sequence[str]) -> bool:
        """Whether it works on exact doubles alone and loses nothing by staying there."""
        varying = [name for name in doubles if name not in self.constants]
        fixed = [self.constants[name] for name in doubles if name in self.constants]
        if not varying or any(name not in self.doubles for name in varying):
            return False
        if node.op_type in MOVEMENT | COMPARISONS:
            return True
        small = all(value.ndim <= _SMALL for value in fixed)
        return node.op_type in BY_COLUMN and len(varying) == 1 and small

    def _needs_range(self, node: onnx.NodeProto, doubles: Sequence[str]) -> bool:
        """The exponential of a few scores underflows in float32 where classes still differ."""
        if node.op_type == "Exp":
            width = self.widths.get(node.input[0])
            return width is None or width <= _FEW_SCORES
        varying = [name for name in doubles if name not in self.constants]
        return bool(self.ranged.intersection(varying)) and self.doubles.issuperset(varying)

    def _write_trees(self, node: onnx.NodeProto) -> None:
        attributes = {a.name: _attribute(a) for a in node.attribute}
        rows, output = node.input[0], narrow_name(node.output[0])
        before = self.writers.get(rows)
        if not trees.only_compares(attributes):
            self._copy(node, self._as_double, "")
            return
        if before is not None and before.op_type == "Cast":
            cast = before.input[0]
            if self.types[cast] == FLOAT:
                self._add_trees([cast], [output], trees.rounded_down(attributes))
                return
        ranks, ranked = f"{rows}_rank", f"{rows}_{node.output[0]}_ranked"
        width = self.widths[rows]
        if width is None:
            raise Unsupported("float32 trees need rows of a known width")
        ranks = f"{node.output[0]}_ranks"
        self._add_trees([rows], [f"{ranks}_in_double"], trees.ranking(attributes, width))
        self._add("Cast", [f"{ranks}_in_double"], [ranks], to=FLOAT)
        if np.any(attributes["nodes_missing_value_tracks_true"]):
            hole = self._constant(f"{ranks}_nan", np.array(np.nan, dtype=np.float32))
            self._add("IsNaN", [rows], [f"{ranks}_missing"])
            self._add("Where", [f"{ranks}_missing", hole, ranks], [ranked])
            ranks = ranked
        self._add_trees([ranks], [output], trees.over_ranks(attributes))

    def _copy(self, node: onnx.NodeProto, source: Any, suffix: str) -> None:
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        for position, name in enumerate(node.input):
            if self._is_double(name):
                copy.input[position] = source(name)
        for position, name in enumerate(node.output):
            if self._is_double(name):
                copy.output[position] = name + suffix
                if not suffix:
                    self.doubles.add(name)
        self._keep_constants(copy)
        self.nodes.append(copy)

    def _add(self, op_type: str, inputs: list[str], outputs: list[str], **given: Any) -> None:
        node = helper.make_node(op_type, inputs, outputs, **given)
        self._keep_constants(node)
        self.nodes.append(node)

    def _add_trees(self, inputs: list[str], outputs: list[str], given: dict[str, Any]) -> None:
        made = {k: numpy_helper.from_array(v) if isinstance(v, np.ndarray) else v
                for k, v in given.items()}  # fmt: skip
        self.nodes.append(helper.make_node("TreeEnsemble", inputs, outputs, domain=ML, **made))

    def _keep_constants(self, node: onnx.NodeProto) -> None:
        for name in node.input:
            if name in self.constants:
                self._constant(name, self.constants[name])

    def _constant(self, name: str, value: NDArray[Any]) -> str:
        if name not in self.initializers:
            self.initializers[name] = numpy_helper.from_array(value, name)
        return name

    def _single(self, name: str) -> str:
        """The name of a double tensor in float32."""
        if name in self.constants:
            return self._constant(narrow_name(name), _narrowed(self.constants[name]))
        if name in self.doubles and name not in self.cast:
            self.cast.add(name)
            self._add("Cast", [name], [narrow_name(name)], to=FLOAT)
        return narrow_name(name)

    def _as_double(self, name: str) -> str:
        """The name of a double tensor in double."""
        if name not in self.constants and name not in self.doubles:
            self.doubles.add(name)
            self.cast.add(name)
            self._add("Cast", [narrow_name(name)], [name], to=DOUBLE)
        return name

    def _is_double(self, name: str) -> bool:
        return self.types.get(name) == DOUBLE


def _needed(nodes: Sequence[onnx.NodeProto], outputs: Iterable[str]) -> list[onnx.NodeProto]:
    wanted, kept = set(outputs), []
    for node in reversed(nodes):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            kept.append(node)
    return kept[::-1]


def _narrowed(value: NDArray[Any]) -> NDArray[np.float32]:
    with np.errstate(all="ignore"):
        narrow = value.astype(np.float32)
    lost = np.isinf(narrow) & np.isfinite(value)
    if (np.abs(value[lost]) == np.finfo(np.float64).max).any():
        raise Unsupported(
            "float32 cannot tell a distance that overflows from one that is very large",
            expected="a search that does not take its neighbours by distances in double",
            hint="use precision='double'; of neighbours, algorithm='kd_tree' has a float32 graph",
        )
    if lost.any():
        raise Unsupported(
            "a constant of this model is beyond float32",
            expected="magnitudes up to 3.4e38",
            actual=float(value[lost].ravel()[0]),
            hint="use precision='double'",
        )
    return narrow


def narrow_name(name: str) -> str:
    """What a double tensor is called in float32."""
    return name + _SUFFIX


def _to(node: onnx.NodeProto) -> int:
    return next(int(a.i) for a in node.attribute if a.name == "to")


def _width(value: onnx.ValueInfoProto) -> int | None:
    dims = value.type.tensor_type.shape.dim
    return dims[-1].dim_value if len(dims) == 2 and dims[-1].HasField("dim_value") else None


def _attribute(attribute: onnx.AttributeProto) -> Any:
    value = helper.get_attribute_value(attribute)
    return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value
