"""Operators that move elements: views where places are fixed, bounded reads where they are not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.native.ir import Load, Map, Take
from convert.native.rows import (
    Lowered,
    Row,
    broadcast,
    in_buffer,
    moved,
    restride,
    strides_of,
    unsupported,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from convert.native.reading import Node

    Value = Row | NDArray[Any]
    Change = Callable[[NDArray[np.int64]], NDArray[np.int64]]


def _as_row(value: Value | None, node: Node) -> Row:
    if not isinstance(value, Row):
        raise unsupported(f"{node.op_type} of a constant by what a row says")
    return value


def _integers(value: Value | None, node: Node) -> list[int]:
    if not isinstance(value, np.ndarray):
        raise unsupported(f"{node.op_type} by what a row says")
    return [int(n) for n in value.reshape(-1)]


def _unsqueeze(lowered: Lowered, node: Node, inputs: Sequence[Value | None]) -> list[Value]:
    del lowered
    row, axes = _as_row(inputs[0], node), _integers(inputs[1], node)
    rank = len(row.shape) + len(axes)
    new = {axis % rank for axis in axes}
    old = iter(range(len(row.shape)))
    places = [None if axis in new else next(old) for axis in range(rank)]
    shape = tuple(1 if at is None else row.shape[at] for at in places)
    expression = restride(
        row.expression, lambda s: tuple(0 if at is None else s[at] for at in places)
    )
    return [Row(shape, expression)]


def _squeeze(lowered: Lowered, node: Node, inputs: Sequence[Value | None]) -> list[Value]:
    del lowered
    row = _as_row(inputs[0], node)
    rank = len(row.shape)
    if len(inputs) > 1 and inputs[1] is not None:
        gone = {axis % rank for axis in _integers(inputs[1], node)}
    else:
        raise unsupported("Squeeze without axes")
    if any(row.shape[axis] != 1 for axis in gone):
        raise unsupported("Squeeze of an axis that is longer than 1", row.shape)
    left = [axis for axis in range(rank) if axis not in gone]
    shape = tuple(row.shape[axis] for axis in left)
    return [Row(shape, restride(row.expression, lambda s: tuple(s[axis] for axis in left)))]


def _reshape(lowered: Lowered, node: Node, inputs: Sequence[Value | None]) -> list[Value]:
    row, wanted = _as_row(inputs[0], node), _integers(inputs[1], node)
    if not node.attributes.get("allowzero", 0):
        wanted = [row.shape[axis] if n == 0 else n for axis, n in enumerate(wanted)]
    return [moved(lowered, row, lambda places: places.reshape(wanted))]


def _transpose(lowered: Lowered, node: Node, inputs: Sequence[Value | None]) -> list[Value]:
    row = _as_row(inputs[0], node)
    order = list(node.attributes.get("perm", range(len(row.shape))[::-1]))
    return [moved(lowered, row, lambda places: places.transpose(order))]


def _expand(lowered: Lowered, node: Node, inputs: Sequence[Value | None]) -> list[Value]:
    del lowered
    row, wanted = _as_row(inputs[0], node), _integers(inputs[1], node)
    shape = tuple(int(n) for n in np.broadcast_shapes(row.shape, tuple(wanted)))
    return [Row(shape, restride(row.expression, broadcast(row.shape, shape)))]


def _split(lowered: Lowered, node: Node, inputs: Sequence[Value | None]) -> list[Value]:
    row = _as_row(inputs[0], node)
    axis = int(node.attributes.get("axis", 0)) % len(row.shape)
    n, count = row.shape[axis], len(node.outputs)
    if len(inputs) > 1 and inputs[1] is not None:
        sizes = _integers(inputs[1], node)
    else:
        each = math.ceil(n / count)
        sizes = [min(each, n - i * each) for i in range(count)]
    row = row if isinstance(row.expression, Load) else lowered.stored(row)
    ends = np.cumsum(sizes)
    return [
        moved(lowered, row, _part(axis, int(end) - size, int(end)))
        for end, size in zip(ends, sizes, strict=True)
    ]


def _part(axis: int, start: int, end: int) -> Change:
    return lambda places: places.take(range(start, end), axis=axis)


def _slice(lowered: Lowered, node: Node, inputs: Sequence[Value | None]) -> list[Value]:
    row = _as_row(inputs[0], node)
    starts, ends = _integers(inputs[1], node), _integers(inputs[2], node)
    rest = [None if value is None else _integers(value, node) for value in inputs[3:]]
    axes = rest[0] if rest and rest[0] is not None else list(range(len(starts)))
    steps = rest[1] if len(rest) > 1 and rest[1] is not None else [1] * len(starts)
    if min(steps) < 1:
        raise unsupported("Slice backwards")
    cuts = [slice(None)] * len(row.shape)
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        cuts[axis] = slice(start, end, step)
    return [moved(lowered, row, lambda places: places[tuple(cuts)])]


def _concat(lowered: Lowered, node: Node, inputs: Sequence[Value | None]) -> list[Value]:
    parts = [value for value in inputs if value is not None]
    rank = len(parts[0].shape)
    axis = int(node.attributes["axis"]) % rank
    total = sum(part.shape[axis] for part in parts)
    shape = (*parts[0].shape[:axis], total, *parts[0].shape[axis + 1 :])
    dtype = next(part.dtype for part in parts if isinstance(part, Row))
    out = lowered.buffer(dtype, math.prod(shape))
    strides = strides_of(shape)
    at = 0
    for part in parts:
        place = tuple(part.shape)
        written = lowered.operand(part, place)
        lowered.statements.append(Map(out, place, written, strides, at * strides[axis]))
        at += place[axis]
    return [in_buffer(out, shape)]


def _pad(lowered: Lowered, node: Node, inputs: Sequence[Value | None]) -> list[Value]:
    row, ends = _as_row(inputs[0], node), _integers(inputs[1], node)
    fill = inputs[2] if len(inputs) > 2 else None
    value = np.zeros(1) if fill is None else fill
    plain = node.attributes.get("mode", "constant") == "constant" and len(inputs) < 4
    if not plain or not isinstance(value, np.ndarray) or min(ends) < 0:
        raise unsupported("this form of Pad")
    rank = len(row.shape)
    shape = tuple(n + ends[d] + ends[rank + d] for d, n in enumerate(row.shape))
    out = lowered.buffer(row.dtype, math.prod(shape))
    strides = strides_of(shape)
    blank = lowered.operand(value.reshape(-1)[:1], shape)
    start = sum(ends[d] * stride for d, stride in enumerate(strides))
    lowered.statements.append(Map(out, shape, blank, strides))
    lowered.statements.append(Map(out, row.shape, row.expression, strides, start))
    return [in_buffer(out, shape)]


def _gather(lowered: Lowered, node: Node, inputs: Sequence[Value | None]) -> list[Value]:
    data, index = inputs
    assert data is not None
    assert index is not None
    axis = int(node.attributes.get("axis", 0)) % len(data.shape)
    if isinstance(index, np.ndarray):
        return [moved(lowered, _as_row(data, node), lambda places: places.take(index, axis=axis))]
    return [_taken(lowered, data, index, axis, index.shape)]


def _taken(
    lowered: Lowered, data: Value, index: Row, axis: int, index_shape: tuple[int, ...]
) -> Row:
    """`data.take(index, axis)`, the index read anew for each element unless it is stored."""
    source, strides, offset = lowered.source(data)
    outer, inner = tuple(data.shape[:axis]), tuple(data.shape[axis + 1 :])
    if math.prod(outer) * math.prod(inner) > 1 and not isinstance(index.expression, Load):
        index = lowered.stored(index)
    before, after = (0,) * len(outer), (0,) * len(inner)
    along = restride(index.expression, lambda s: (*before, *s[len(s) - len(index_shape) :], *after))
    rows = (*strides[:axis], *(0,) * len(index_shape), *strides[axis + 1 :])
    shape = (*outer, *index_shape, *inner)
    return Row(shape, Take(source, rows, along, data.shape[axis], strides[axis], offset))


def _gather_nd(lowered: Lowered, node: Node, inputs: Sequence[Value | None]) -> list[Value]:
    data, index = inputs
    if (
        not isinstance(index, Row)
        or data is None
        or node.attributes.get("batch_dims", 0) != 1
        or index.shape[-1] != 1
        or data.shape[0] != 1
    ):
        raise unsupported("this form of GatherND")
    index_shape = index.shape[1:-1]
    flat = Row(index_shape, restride(index.expression, lambda s: s[1:-1]))
    return [_taken(lowered, data, flat, 1, index_shape)]


def _gather_elements(lowered: Lowered, node: Node, inputs: Sequence[Value | None]) -> list[Value]:
    data, index = inputs
    if data is None or not isinstance(index, Row):
        raise unsupported("GatherElements by constants")
    axis = int(node.attributes.get("axis", 0)) % len(data.shape)
    source, strides, offset = lowered.source(data)
    rows = tuple(0 if d == axis else stride for d, stride in enumerate(strides))
    taken = Take(source, rows, index.expression, data.shape[axis], strides[axis], offset)
    return [Row(index.shape, taken)]


OPERATORS: dict[str, Any] = {
    "Unsqueeze": _unsqueeze,
    "Squeeze": _squeeze,
    "Reshape": _reshape,
    "Transpose": _transpose,
    "Expand": _expand,
    "Split": _split,
    "Slice": _slice,
    "Concat": _concat,
    "Pad": _pad,
    "Gather": _gather,
    "GatherND": _gather_nd,
    "GatherElements": _gather_elements,
}
