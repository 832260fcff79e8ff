"""Tensors of one row while a graph is lowered: expressions that are stored only where they must be.

An elementwise result that is read once is folded into what reads it, so that a chain of steps
is one loop; views (Unsqueeze, Split, Gather by constants …) are other strides of a load.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.errors import Unsupported
from convert.native.ir import INPUT, Buffer, Call, Each, Literal, Load, Map, Table, Take

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from convert.native.ir import Expression, Statement, Trees

    Strides = tuple[int, ...]

_DEEPEST = 24
"""Calls within calls before a value is stored, so that no compiler meets its limits."""


@dataclass(frozen=True)
class Row:
    """A tensor of one row; the strides within `expression` go over `shape`."""

    shape: tuple[int, ...]
    expression: Expression

    @property
    def dtype(self) -> str:
        """Of its elements."""
        return self.expression.dtype

    @property
    def size(self) -> int:
        """Elements per row."""
        return math.prod(self.shape)


class Tables:
    """Constants, each stored once however many verbs read it."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes], Table] = {}
        self.trees: dict[str, Trees] = {}
        """By the tensor that they write."""

    def table(self, values: NDArray[Any]) -> Table:
        """The table of an array, by dtype and content."""
        array = np.ascontiguousarray(values).reshape(-1)
        key = (array.dtype.str, array.tobytes())
        if key not in self._known:
            self._known[key] = Table(f"table_{len(self._known)}", array)
        return self._known[key]


class Lowered:
    """A growing program: statements, and where each tensor of the graph is."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.statements: list[Statement] = []
        self._buffers = 0

    def buffer(self, dtype: str, size: int) -> Buffer:
        """A new buffer of `size` elements per row."""
        self._buffers += 1
        return Buffer(self._buffers - 1, dtype, size)

    def stored(self, row: Row) -> Row:
        """The same tensor as a contiguous buffer."""
        whole = strides_of(row.shape)
        found = row.expression
        if (
            isinstance(found, Load)
            and isinstance(found.source, Buffer)
            and found.offset == 0
            and found.source.size == row.size
            and _same_walk(found.strides, whole, row.shape)
        ):
            return row
        out = self.buffer(row.dtype, row.size)
        self.statements.append(Map(out, row.shape, row.expression, whole))
        return in_buffer(out, row.shape)

    def each(self, function: str, row: Row) -> Row:
        """A function of every element, stored."""
        given = self.stored(row).expression
        assert isinstance(given, Load)
        assert isinstance(given.source, Buffer)
        out = self.buffer(row.dtype, row.size)
        self.statements.append(Each(function, out, given.source))
        return in_buffer(out, row.shape)

    def source(self, row: Row | NDArray[Any]) -> tuple[Buffer | Table, Strides, int]:
        """Where to read a tensor from: its buffer or table, its strides and its offset."""
        if isinstance(row, np.ndarray):
            return self.tables.table(row), strides_of(row.shape), 0
        if not isinstance(row.expression, Load):
            row = self.stored(row)
        assert isinstance(row.expression, Load)
        return row.expression.source, row.expression.strides, row.expression.offset

    def operand(self, row: Row | NDArray[Any], shape: tuple[int, ...]) -> Expression:
        """The element of a tensor at each place of a shape that it broadcasts to."""
        if isinstance(row, np.ndarray):
            if row.size == 1:
                return Literal(row.reshape(-1)[0].item(), str(row.dtype.name))
            whole = Load(self.tables.table(row), strides_of(row.shape))
            return restride(whole, broadcast(row.shape, shape))
        if row.size < math.prod(shape) or depth(row.expression) > _DEEPEST:
            row = row if isinstance(row.expression, Load) else self.stored(row)
        return restride(row.expression, broadcast(row.shape, shape))


def _same_walk(strides: Strides, others: Strides, shape: tuple[int, ...]) -> bool:
    return all(a == b or n == 1 for a, b, n in zip(strides, others, shape, strict=True))


def in_buffer(buffer: Buffer, shape: tuple[int, ...]) -> Row:
    """A contiguous buffer as a tensor."""
    return Row(shape, Load(buffer, strides_of(shape)))


def input_row(features: int) -> Row:
    """The rows that the caller gives."""
    return in_buffer(Buffer(INPUT, "float64", features), (1, features))


def strides_of(shape: Sequence[int]) -> Strides:
    """C order."""
    return tuple(math.prod(shape[d + 1 :]) for d in range(len(shape)))


def broadcast(shape: tuple[int, ...], to: tuple[int, ...]) -> Callable[[Strides], Strides]:
    """How strides over `shape` become strides over the shape that it broadcasts to."""
    missing = len(to) - len(shape)

    def change(strides: Strides) -> Strides:
        return (0,) * missing + tuple(
            0 if n == 1 else s for n, s in zip(shape, strides, strict=True)
        )

    return change


def restride(expression: Expression, change: Callable[[Strides], Strides]) -> Expression:
    """The same expression read over another shape."""
    if isinstance(expression, Load):
        return replace(expression, strides=change(expression.strides))
    if isinstance(expression, Take):
        index = restride(expression.index, change)
        return replace(expression, strides=change(expression.strides), index=index)
    if isinstance(expression, Call):
        arguments = tuple(restride(argument, change) for argument in expression.arguments)
        return replace(expression, arguments=arguments)
    return expression


def moved(
    lowered: Lowered, row: Row, change: Callable[[NDArray[np.int64]], NDArray[np.int64]]
) -> Row:
    """A tensor whose elements are rearranged as `change` rearranges the array of its positions."""
    source, strides, offset = lowered.source(row)
    places = np.full(row.shape, offset, dtype=np.int64)
    for axis, (n, stride) in enumerate(zip(row.shape, strides, strict=True)):
        along = [1] * len(row.shape)
        along[axis] = n
        places = places + (np.arange(n) * stride).reshape(along)
    wanted = np.asarray(change(places))
    shape = tuple(int(n) for n in wanted.shape)
    affine = _affine(wanted)
    if affine is not None:
        return Row(shape, Load(source, affine[0], affine[1]))
    index = Load(lowered.tables.table(_narrow(wanted)), strides_of(shape))
    nothing = (0,) * len(shape)
    return Row(shape, Take(source, nothing, index, source_size(source), 1, checked=False))


def source_size(source: Buffer | Table) -> int:
    """Elements."""
    return source.size if isinstance(source, Buffer) else int(source.values.size)


def depth(expression: Expression) -> int:
    """Calls within calls."""
    if isinstance(expression, Call):
        return 1 + max((depth(argument) for argument in expression.arguments), default=0)
    return depth(expression.index) if isinstance(expression, Take) else 0


def common_shape(rows: Sequence[Row | NDArray[Any]]) -> tuple[int, ...]:
    """numpy's broadcasting rule."""
    return tuple(int(n) for n in np.broadcast_shapes(*(tuple(row.shape) for row in rows)))


def unsupported(what: str, actual: object = None) -> Unsupported:
    """An operator or a form of it that is not compiled."""
    return Unsupported(
        f"the native engine does not compile {what}",
        actual=actual,
        hint="leave native out: the onnxruntime engine serves this model",
    )


def _affine(places: NDArray[np.int64]) -> tuple[Strides, int] | None:
    if places.size == 0:
        return None
    first = int(places.reshape(-1)[0])
    strides = []
    for axis, n in enumerate(places.shape):
        at = [0] * places.ndim
        at[axis] = 1 if n > 1 else 0
        strides.append(int(places[tuple(at)]) - first)
    want = np.full(places.shape, first, dtype=np.int64)
    for axis, (n, stride) in enumerate(zip(places.shape, strides, strict=True)):
        along = [1] * places.ndim
        along[axis] = n
        want = want + (np.arange(n) * stride).reshape(along)
    return (tuple(strides), first) if np.array_equal(want, places) else None


def _narrow(values: NDArray[np.int64]) -> NDArray[Any]:
    return values.astype(np.int32)
