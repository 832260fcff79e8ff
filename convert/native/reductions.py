"""Operators that fold an axis, and products with a table of weights."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.native.ir import Buffer, Call, Fold, Literal, Load, Product, Scan, Select
from convert.native.rows import (
    Lowered,
    Row,
    in_buffer,
    restride,
    unsupported,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from convert.native.reading import Node

    Value = Row | NDArray[Any]


def _reduce(kind: str, lowered: Lowered, node: Node, inputs: Sequence[Value | None]) -> list[Value]:
    row = inputs[0]
    assert isinstance(row, Row)
    rank = len(row.shape)
    axes = list(node.attributes.get("axes", []))
    if len(inputs) > 1 and inputs[1] is not None:
        if not isinstance(inputs[1], np.ndarray):
            raise unsupported(f"{node.op_type} over axes that a row says")
        axes = [int(axis) for axis in inputs[1].reshape(-1)]
    gone = sorted({axis % rank for axis in axes} or range(rank))
    if not node.attributes.get("keepdims", 1):
        return [_folded(lowered, kind, row, gone, keep=False)]
    return [_folded(lowered, kind, row, gone, keep=True)]


def _arg(kind: str, lowered: Lowered, node: Node, inputs: Sequence[Value | None]) -> list[Value]:
    row = inputs[0]
    assert isinstance(row, Row)
    if node.attributes.get("select_last_index", 0):
        raise unsupported(f"{node.op_type} with select_last_index")
    axis = int(node.attributes.get("axis", 0)) % len(row.shape)
    keep = bool(node.attributes.get("keepdims", 1))
    return [_folded(lowered, kind, row, [axis], keep=keep)]


def _folded(lowered: Lowered, kind: str, row: Row, gone: list[int], *, keep: bool) -> Row:
    if any(row.shape[axis] == 0 for axis in gone):
        raise unsupported("a reduction of nothing")
    left = [axis for axis in range(len(row.shape)) if axis not in gone]
    order = [*left, *gone]
    expression = restride(row.expression, lambda s: tuple(s[axis] for axis in order))
    shape = tuple(row.shape[axis] for axis in order)
    dtype = "int64" if kind in ("argmax", "argmin") else row.dtype
    out = lowered.buffer(dtype, math.prod(row.shape[axis] for axis in left))
    lowered.statements.append(Fold(kind, out, shape, len(gone), expression))
    kept = tuple(
        1 if axis in gone else n for axis, n in enumerate(row.shape) if keep or axis not in gone
    )
    return in_buffer(out, kept)


def _softmax(lowered: Lowered, node: Node, inputs: Sequence[Value | None]) -> list[Value]:
    """exp(x - max), over its sum: the order of scikit-learn's and of onnxruntime's."""
    row = inputs[0]
    assert isinstance(row, Row)
    axis = int(node.attributes.get("axis", -1)) % len(row.shape)
    row = row if isinstance(row.expression, Load) else lowered.stored(row)
    largest = _folded(lowered, "max", row, [axis], keep=True)
    away = lowered.operand(largest, row.shape)
    below = Row(row.shape, Call("sub", row.dtype, (row.expression, away)))
    stored = lowered.each("exp", below)
    total = _folded(lowered, "sum", stored, [axis], keep=True)
    over = lowered.operand(total, row.shape)
    return [Row(row.shape, Call("div", row.dtype, (stored.expression, over)))]


def _running_sum(lowered: Lowered, node: Node, inputs: Sequence[Value | None]) -> list[Value]:
    row, axis = inputs[0], inputs[1]
    if (
        not isinstance(row, Row)
        or not isinstance(axis, np.ndarray)
        or int(axis.reshape(-1)[0]) % len(row.shape) != len(row.shape) - 1
        or node.attributes.get("exclusive", 0)
        or node.attributes.get("reverse", 0)
    ):
        raise unsupported("this form of CumSum")
    out = lowered.buffer(row.dtype, row.size)
    lowered.statements.append(Scan(out, row.shape, row.expression))
    return [in_buffer(out, row.shape)]


def _top_k(lowered: Lowered, node: Node, inputs: Sequence[Value | None]) -> list[Value]:
    row, k = inputs[0], inputs[1]
    last = -1 if not isinstance(row, Row) else len(row.shape) - 1
    if (
        not isinstance(row, Row)
        or not isinstance(k, np.ndarray)
        or int(node.attributes.get("axis", -1)) % len(row.shape) != last
        or not node.attributes.get("sorted", 1)
    ):
        raise unsupported("this form of TopK")
    row = lowered.stored(row)
    assert isinstance(row.expression, Load)
    assert isinstance(row.expression.source, Buffer)
    count, length = int(k.reshape(-1)[0]), row.shape[-1]
    shape = (*row.shape[:-1], count)
    values = lowered.buffer(row.dtype, math.prod(shape))
    positions = lowered.buffer("int64", math.prod(shape))
    largest = bool(node.attributes.get("largest", 1))
    runs = row.size // length
    source = row.expression.source
    lowered.statements.append(Select(values, positions, source, runs, length, count, largest))
    return [in_buffer(values, shape), in_buffer(positions, shape)]


def _matmul(lowered: Lowered, node: Node, inputs: Sequence[Value | None]) -> list[Value]:
    del node
    x, w = inputs
    if isinstance(x, Row) and isinstance(w, np.ndarray) and w.ndim <= 2 and x.dtype == "float64":
        return [_product(lowered, x, w)]
    assert x is not None
    assert w is not None
    return [_general_product(lowered, x, w)]


def _product(lowered: Lowered, x: Row, w: NDArray[Any]) -> Row:
    f = x.shape[-1]
    k = w.shape[1] if w.ndim == 2 else 1
    if w.shape[0] != f:
        raise unsupported("MatMul of other shapes", (x.shape, w.shape))
    if f == 0:  # a model without one support vector
        return Row((*x.shape[:-1], *w.shape[1:]), Literal(0.0, "float64"))
    x = lowered.stored(x)
    assert isinstance(x.expression, Load)
    assert isinstance(x.expression.source, Buffer)
    m = x.size // f
    out = lowered.buffer("float64", m * k)
    weights = lowered.tables.table(w)
    lowered.statements.append(Product(out, x.expression.source, weights, m, f, k))
    return in_buffer(out, (*x.shape[:-1], *w.shape[1:]))


def _general_product(lowered: Lowered, x: Value, w: Value) -> Row:
    """Σ x[…, m, f] * w[…, f, k] as a fold over f."""
    if len(x.shape) < 2 or len(w.shape) < 2:
        raise unsupported("MatMul of a vector by a row", (x.shape, w.shape))
    batch = tuple(int(n) for n in np.broadcast_shapes(x.shape[:-2], w.shape[:-2]))
    m, f, k = x.shape[-2], x.shape[-1], w.shape[-1]
    shape = (*batch, m, k, f)
    left = lowered.operand(x, (*batch, m, f))
    right = lowered.operand(w, (*batch, f, k))
    a = restride(left, lambda s: (*s[:-1], 0, s[-1]))
    b = restride(right, lambda s: (*s[:-2], 0, s[-1], s[-2]))
    row = Row(shape, Call("mul", a.dtype, (a, b)))
    return _folded(lowered, "sum", row, [len(shape) - 1], keep=False)


OPERATORS: dict[str, Any] = {
    "ReduceSum": partial(_reduce, "sum"),
    "ReduceMean": partial(_reduce, "mean"),
    "ReduceMax": partial(_reduce, "max"),
    "ReduceMin": partial(_reduce, "min"),
    "ArgMax": partial(_arg, "argmax"),
    "ArgMin": partial(_arg, "argmin"),
    "Softmax": _softmax,
    "CumSum": _running_sum,
    "TopK": _top_k,
    "MatMul": _matmul,
}
