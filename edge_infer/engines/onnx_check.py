"""Is this graph plain arithmetic of a bounded size? Decided before onnxruntime sees it."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from edge_infer.engines.onnx_reader import Malformed, read_model
from edge_infer.engines.operators import MAX_IR, MAX_OPSETS, MIN_IR, OPERATORS
from edge_infer.errors import Incompatible

if TYPE_CHECKING:
    from edge_infer.engines.onnx_reader import Message

MAX_BYTES = 1 << 30
MAX_NODES = 20_000
MAX_RANK = 8
MAX_LENGTH = 2**31 - 1

_FLOAT, _STRING, _BOOL = 1, 8, 9
ITEM_BYTES = {_FLOAT: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, _STRING: 0, _BOOL: 1, 11: 8}
"""TensorProto.DataType: float, uint8, int8, uint16, int16, int32, int64, string, bool, double."""
_WIDEST_BYTES = 8
"""What `Cast` makes of an element when the graph is opened."""
_TYPED = {"float_data": 4, "double_data": 8, "int32_data": 1, "int64_data": 1}
"""Fields with typed elements, packed, and the fewest bytes that one takes."""


def check_onnx(onnx: bytes) -> None:
    """Refuse all but a graph of allowed operators whose constants lie in the file.

    Raises:
        Incompatible: it is something else, or beyond a bound.
    """
    if len(onnx) > MAX_BYTES:
        raise _refused(f"at most {MAX_BYTES} bytes", f"{len(onnx)} bytes")
    try:
        model = read_model(onnx)
    except Malformed as error:
        raise Incompatible(
            "model.onnx is not an ONNX file of plain arithmetic",
            expected="one graph without subgraphs, functions or data in other files",
            actual=error,
            hint="make the artifact again with convert",
        ) from None
    _check_versions(model)
    for graph in model.each("graph"):
        elements = _check_nodes(graph.each("node"))
        elements += sum(_check_tensor(tensor) for tensor in graph.each("initializer"))
        if elements * _WIDEST_BYTES > MAX_BYTES:
            raise _refused(
                f"at most {MAX_BYTES} bytes of constants in double", f"{elements} of them"
            )
        for name in ("input", "output", "value_info"):
            for value in graph.each(name):
                _check_value(value)
    if not model.each("graph"):
        raise _refused("one graph", "none")


def _check_versions(model: Message) -> None:
    if not MIN_IR <= model.number("ir_version") <= MAX_IR:
        raise _refused(f"IR version {MIN_IR} to {MAX_IR}", model.number("ir_version"))
    seen: set[str] = set()
    for opset in model.each("opset_import"):
        domain, version = opset.text("domain"), opset.number("version")
        if domain in seen or not 1 <= version <= MAX_OPSETS.get(domain, 0):
            raise _refused(
                ", ".join(f"{name or 'ai.onnx'} up to {most}" for name, most in MAX_OPSETS.items()),
                f"operator set {domain or 'ai.onnx'} {version}"
                + (", declared twice" if domain in seen else ""),
            )
        seen.add(domain)


def _check_nodes(nodes: list[Message]) -> int:
    """How many elements the tensors in their attributes hold."""
    elements = 0
    if len(nodes) > MAX_NODES:
        raise _refused(f"at most {MAX_NODES} nodes", len(nodes))
    for node in nodes:
        domain, operator = node.text("domain"), node.text("op_type")
        if operator not in OPERATORS.get(domain, ()):
            raise _refused(
                "operators of plain arithmetic (edge_infer/engines/operators.py)",
                f"{domain or 'ai.onnx'} {operator}"[:200],
            )
        for attribute in node.each("attribute"):
            elements += sum(_check_tensor(tensor) for tensor in attribute.each("t"))
    return elements


def _check_tensor(tensor: Message) -> int:
    """A tensor holds as many elements as it says, so that nothing is allocated for its word.

    How many those are.
    """
    dims, kind = tensor.numbers.get("dims", []), tensor.number("data_type")
    size = ITEM_BYTES.get(kind)
    if size is None:
        raise _refused(f"tensors of the types {sorted(ITEM_BYTES)}", f"type {kind}")
    # A negative length is a number of ten bytes here, far beyond the largest.
    if len(dims) > MAX_RANK or any(length > MAX_LENGTH for length in dims):
        raise _refused(f"at most {MAX_RANK} lengths of at most {MAX_LENGTH}", dims[:10])
    count = prod(dims)
    raw = tensor.contents.get("raw_data")
    if raw is not None:
        fits = size * count == len(raw[0]) and kind != _STRING
    elif kind == _STRING:
        fits = len(tensor.contents.get("string_data", ())) == count
    else:
        fits = any(
            count * least <= len(tensor.contents[name][0])
            for name, least in _TYPED.items()
            if name in tensor.contents
        )
    if not fits and count:
        raise _refused("tensors that hold the elements which they declare", f"lengths {dims}")
    return count


def _check_value(value: Message) -> None:
    for kind in value.each("type"):
        for tensor in kind.each("tensor_type"):
            if tensor.number("elem_type") not in ITEM_BYTES:
                raise _refused(f"values of the types {sorted(ITEM_BYTES)}", "another type")
            lengths = [
                dim.number("dim_value")
                for shape in tensor.each("shape")
                for dim in shape.each("dim")
            ]
            if len(lengths) > MAX_RANK or any(length > MAX_LENGTH for length in lengths):
                raise _refused(f"values of at most {MAX_RANK} lengths", lengths[:10])


def _refused(expected: object, actual: object) -> Incompatible:
    return Incompatible(
        "model.onnx is more than a device should run",
        expected=expected,
        actual=actual,
        hint="make the artifact again with convert",
    )
