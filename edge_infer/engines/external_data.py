"""Does an ONNX file keep tensors in other files?

onnxruntime follows such references even when the graph comes from memory, relative to the
current directory, so bytes that nobody verified would be used. A reference needs the key
`location`; only a file that holds this word at all is parsed. Source: onnx.proto, messages
ModelProto, GraphProto, NodeProto, AttributeProto, FunctionProto, SparseTensorProto and
TensorProto, read as protobuf's wire format.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_infer.errors import Incompatible

if TYPE_CHECKING:
    from collections.abc import Iterator

_TENSOR = "tensor"
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14
_MESSAGES: dict[str, dict[int, str]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: _TENSOR, 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: _TENSOR, 6: "graph", 10: _TENSOR, 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: _TENSOR, 2: _TENSOR},
    _TENSOR: {},
}
_MAX_DEPTH = 64


def refers_to_files(onnx: bytes) -> bool:
    """Whether any tensor of the graph, its functions or subgraphs lies outside the file.

    Raises:
        Incompatible: the file is not protobuf.
    """
    if b"location" not in onnx:
        return False
    try:
        return _message_refers("model", memoryview(onnx), 0)
    except (IndexError, ValueError) as error:
        raise Incompatible("model.onnx is not an ONNX file", actual=error) from None


def _message_refers(kind: str, content: memoryview, depth: int) -> bool:
    if depth > _MAX_DEPTH:
        raise ValueError("it is nested too deeply")
    inner = _MESSAGES[kind]
    for field, value in _fields(content):
        if kind == _TENSOR and field in (_EXTERNAL_DATA, _DATA_LOCATION) and value:
            return True
        if (
            field in inner
            and isinstance(value, memoryview)
            and _message_refers(inner[field], value, depth + 1)
        ):
            return True
    return False


def _fields(content: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Field number and value, in order; fixed-width values are passed over as 0."""
    at = 0
    while at < len(content):
        key, at = _varint(content, at)
        field, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(content, at)
            yield field, value
        elif wire == 2:
            length, at = _varint(content, at)
            if at + length > len(content):
                raise ValueError("a field ends behind the file")
            yield field, content[at : at + length]
            at += length
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
            yield field, 0
        else:
            raise ValueError(f"wire type {wire}")


def _varint(content: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number is too long")
