"""Two linear maps in a row as one, where that takes less room: (x A - b) B = x (A B) - b B.

A PCA before a logistic regression holds f k + k m weights, their product f m. It stays within the
rules of the proof: with u = 2^-53 the two maps err by up to (f + k + 1) u |x||A||B|, in whichever
order BLAS adds; the product, rounded once to double, by (f + 1) u |x||A||B|. What a label may
depend on is measured by those absolute terms, which are those of the two maps (`prove.rounding`).
Where A and B cancel, scikit-learn's own scores are rounding to a large part, which only the same
two maps come near to: they stay two.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Doubles = NDArray[np.float64]

_MOST_PRODUCTS = 20_000_000
"""A product in extended precision takes some nanoseconds for each of them."""

_MOST_CANCELLED = 256.0
"""|A||B| over |A B|: with a thousand columns scores then differ by some 1e-11 of their size."""


def merged(onnx_bytes: bytes) -> bytes:
    """The model with each `MatMul` that follows another one, and constants alone, made one."""
    from onnx import load_model_from_string

    model = load_model_from_string(onnx_bytes)
    graph = model.graph
    is_changed = False
    while (pair := _first_pair(graph)) is not None:
        _replace(graph, pair)
        is_changed = True
    if not is_changed:
        return onnx_bytes
    for number, node in enumerate(graph.node):
        node.name = str(number)
    return bytes(model.SerializeToString(deterministic=True))


@dataclass(frozen=True)
class _Pair:
    first: Any
    shifts: tuple[Any, ...]
    """`Add` and `Sub` of a constant between the two, in their order."""
    second: Any
    constants: tuple[Doubles, ...]
    """What `first` and each shift hold, times what `second` holds."""


def _first_pair(graph: Any) -> _Pair | None:
    from onnx import TensorProto, numpy_helper

    constants = {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in graph.initializer
        if tensor.data_type == TensorProto.DOUBLE and 1 <= len(tensor.dims) <= 2
    }
    uses = Counter(name for node in graph.node for name in node.input)
    uses.update(value.name for value in graph.output)
    writers = {name: node for node in graph.node for name in node.output}
    for node in graph.node:
        if node.op_type != "MatMul" or node.input[1] not in constants:
            continue
        found = _before(node, writers, uses, constants)
        if found is None:
            continue
        first, shifts = found
        right = constants[node.input[1]]
        if not _saves(constants[first.input[1]], right):
            continue
        made = tuple(_product(constants[one.input[1]], right) for one in (first, *shifts))
        finite = all(np.isfinite(array).all() for array in made)
        if finite and not _cancels(constants[first.input[1]], right, made[0]):
            return _Pair(first, shifts, node, made)
    return None


def _before(
    second: Any, writers: dict[str, Any], uses: Counter[str], constants: dict[str, Doubles]
) -> tuple[Any, tuple[Any, ...]] | None:
    """The map that `second` alone reads, and the shifts between the two."""
    shifts: list[Any] = []
    name = second.input[0]
    while (node := writers.get(name)) is not None and uses[name] == 1:
        fixed = constants.get(node.input[1]) if len(node.input) == 2 else None
        if fixed is None:
            return None
        if node.op_type == "MatMul" and fixed.ndim == 2:
            return node, tuple(reversed(shifts))
        if node.op_type not in ("Add", "Sub") or fixed.ndim != 1:
            return None
        shifts.append(node)
        name = node.input[0]
    return None


def _saves(left: Doubles, right: Doubles) -> bool:
    """Whether the product is smaller than its factors, and soon computed."""
    size = left.shape[0] * (right.size // right.shape[0])
    return bool(size < left.size + right.size and size * left.shape[1] <= _MOST_PRODUCTS)


def _product(left: Doubles, right: Doubles) -> Doubles:
    """Rounded to double once where the processor has something wider. A shift may be one number."""
    if left.ndim == 1:
        left = np.broadcast_to(left, right.shape[:1])
    with np.errstate(all="ignore"):
        found = left.astype(np.longdouble) @ right.astype(np.longdouble)
        return np.asarray(found, dtype=np.float64)


def _cancels(left: Doubles, right: Doubles, product: Doubles) -> bool:
    """Whether some column of the product is small beside what it is made of."""
    with np.errstate(all="ignore"):
        terms = (np.abs(left) @ np.abs(right)).max(axis=0)
        return bool((terms > _MOST_CANCELLED * np.abs(product).max(axis=0)).any())


def _replace(graph: Any, pair: _Pair) -> None:
    from onnx import helper, numpy_helper

    chain = [pair.first, *pair.shifts]
    taken = {name for node in graph.node for name in (*node.input, *node.output)}
    names = [_fresh(f"{node.input[1]}{pair.second.input[1]}", taken) for node in chain]
    outputs = [*(node.output[0] for node in chain[:-1]), pair.second.output[0]]
    value = pair.first.input[0]
    nodes = []
    for node, name, output in zip(chain, names, outputs, strict=True):
        nodes.append(helper.make_node(node.op_type, [value, name], [output]))
        value = output
    gone = {node.output[0] for node in chain}
    kept: list[Any] = []
    for node in graph.node:
        if node.output[0] == pair.second.output[0]:
            kept.extend(nodes)
        elif node.output[0] not in gone:
            kept.append(node)
    read = {name for node in kept for name in node.input} | {v.name for v in graph.output}
    tensors = [tensor for tensor in graph.initializer if tensor.name in read]
    tensors += [numpy_helper.from_array(a, n) for n, a in zip(names, pair.constants, strict=True)]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(kept)
    graph.initializer.extend(tensors)


def _fresh(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name
