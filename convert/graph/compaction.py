"""Store constants in fewer bytes, bit for bit, and have them widened when the graph is opened.

    whole numbers            Cast(uint8, int8, uint16 or int16)
    few different values     Gather(values, Cast(uint8 or uint16 positions))
    doubles that are float32 Cast(float32)

onnxruntime computes what depends on constants alone once, when it opens a graph: a row costs what
it did before. Measured with 1.32, such a node takes 0.06 ms there, and `Gather` 9 ns more for each
value; so small constants stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Numbers = NDArray[Any]

LEAST_SAVED_BYTES = 1024
"""For each node that is added: about as much as is read and hashed in the time that it takes."""

_WIDE = (np.dtype(np.float64), np.dtype(np.int64), np.dtype(np.float32))
_WHOLE = (np.uint8, np.int8, np.uint16, np.int16)
_POSITIONS = (np.uint8, np.uint16)
_NODE_BYTES = 40
"""What a node with its names takes in the file."""


@dataclass(frozen=True)
class Stored:
    """A tensor as it lies in the file: itself narrowed, or positions in `values`."""

    narrow: Numbers
    values: Numbers | None = None

    @property
    def nodes(self) -> int:
        """Nodes that widen it."""
        return 1 if self.values is None else 2

    @property
    def size_bytes(self) -> int:
        """All that the file needs for it."""
        values = 0 if self.values is None else self.values.nbytes
        return self.narrow.nbytes + values + self.nodes * _NODE_BYTES


def stored(array: Numbers) -> Stored | None:
    """The smallest form from which an float64, float32 or int64 array comes back bit for bit.

    None where it does not save enough, and for arrays of other types.
    """
    if array.dtype not in _WIDE:
        return None
    forms = [
        form
        for form in _forms(array)
        if array.nbytes - form.size_bytes >= LEAST_SAVED_BYTES * form.nodes
    ]
    return min(forms, key=lambda form: form.size_bytes, default=None)


def _forms(array: Numbers) -> Iterator[Stored]:
    if array.nbytes < LEAST_SAVED_BYTES:
        return
    for dtype in _WHOLE:
        if (narrow := _narrowed(array, dtype)) is not None:
            yield Stored(narrow)
            return
    # By bits: NaN equals nothing, and 0 equals -0.
    values, positions = np.unique(_bits(array), return_inverse=True)
    for dtype in _POSITIONS:
        if len(values) - 1 <= np.iinfo(dtype).max:
            at = positions.reshape(array.shape).astype(dtype)
            yield Stored(at, values.view(array.dtype))
            break
    if array.dtype == np.float64 and (single := _narrowed(array, np.float32)) is not None:
        yield Stored(single)


def _narrowed(array: Numbers, dtype: type[np.generic]) -> Numbers | None:
    """The array in `dtype`, None unless it comes back to the last bit."""
    with np.errstate(all="ignore"):
        narrow = array.astype(dtype)
        again = narrow.astype(array.dtype)
    if np.isnan(again).any():
        return None  # processors differ in what a conversion leaves of a NaN's payload
    return narrow if np.array_equal(_bits(again), _bits(array)) else None


def _bits(array: Numbers) -> Numbers:
    return array.view(f"i{array.itemsize}")


def compacted(onnx_bytes: bytes) -> bytes:
    """The model with its large constants in the smallest form that gives them back bit for bit."""
    from onnx import load_model_from_string

    model = load_model_from_string(onnx_bytes)
    graph = model.graph
    taken = {value.name for value in (*graph.input, *graph.output)}
    taken.update(name for node in graph.node for name in (*node.input, *node.output))
    added: list[Any] = []
    kept: list[Any] = []
    for tensor in graph.initializer:
        form = _form_of(tensor)
        if form is None:
            kept.append(tensor)
            continue
        tensors, nodes = _written(form, tensor, taken)
        kept.extend(tensors)
        added.extend(nodes)
    if not added:
        return onnx_bytes
    nodes = [*added, *graph.node]
    for number, node in enumerate(nodes):
        node.name = str(number)
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
    return bytes(model.SerializeToString(deterministic=True))


def _form_of(tensor: Any) -> Stored | None:
    from onnx import TensorProto, numpy_helper

    if tensor.data_type not in (TensorProto.DOUBLE, TensorProto.INT64, TensorProto.FLOAT):
        return None
    return stored(np.ascontiguousarray(numpy_helper.to_array(tensor)))


def _written(form: Stored, tensor: Any, taken: set[str]) -> tuple[list[Any], list[Any]]:
    """The tensors of a form, and the nodes that make `tensor` of them."""
    from onnx import TensorProto, helper, numpy_helper

    narrow = _fresh(tensor.name, taken)
    tensors = [numpy_helper.from_array(form.narrow, narrow)]
    if form.values is None:
        return tensors, [helper.make_node("Cast", [narrow], [tensor.name], to=tensor.data_type)]
    values, wide = _fresh(tensor.name, taken), _fresh(tensor.name, taken)
    tensors.append(numpy_helper.from_array(form.values, values))
    return tensors, [
        helper.make_node("Cast", [narrow], [wide], to=TensorProto.INT32),
        helper.make_node("Gather", [values, wide], [tensor.name]),
    ]


def _fresh(name: str, taken: set[str]) -> str:
    """A short name that nothing in the graph has."""
    letter = 0
    while f"{name}{chr(97 + letter)}" in taken:
        letter += 1
    made = f"{name}{chr(97 + letter)}"
    taken.add(made)
    return made
