"""The program of one verb as frozen values: loops over fixed shapes, no ONNX, no estimator.

A program answers one row. Every buffer has a fixed number of elements per row, so a block of
rows is the same program with each buffer that many times as long. Constants are tables.

    Map         out[place] = expression             for every place of a shape
    Fold        out[place] = sum or max … of an expression over the last axes
    Scan        running sums along the last axis
    Each        a function of every element of a buffer, several at once
    Select      the k smallest or largest along the last axis, the first of equals first
    Product     rows times a table
    Ensemble    decision trees, summed in their order

An expression reads elements through strides, so that views cost nothing, and calls scalar
functions; nothing is rounded but what its functions round.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.generic]

DTYPES = ("float64", "float32", "int64", "int32", "uint8", "bool")


@dataclass(frozen=True)
class Buffer:
    """`size` elements for each row; `-1` is the input, outputs count from `OUTPUT` upwards."""

    number: int
    dtype: str
    size: int


INPUT = -1
OUTPUT = 1_000_000


@dataclass(frozen=True, eq=False)
class Table:
    """A constant array, C-ordered, known by its identity."""

    name: str
    values: Array

    @property
    def dtype(self) -> str:
        """As a buffer's."""
        return str(self.values.dtype.name)


@dataclass(frozen=True)
class Literal:
    """One constant."""

    value: float | int | bool
    dtype: str


@dataclass(frozen=True)
class Load:
    """`source[offset + Σ strides[d] * place[d]]`."""

    source: Buffer | Table
    strides: tuple[int, ...]
    offset: int = 0

    @property
    def dtype(self) -> str:
        """That of the source."""
        return self.source.dtype


@dataclass(frozen=True)
class Take:
    """`source[offset + Σ strides[d] * place[d] + step * index]`, index in `[-length, length)`.

    A negative index counts from the end; one beyond either end is the row's error.
    """

    source: Buffer | Table
    strides: tuple[int, ...]
    index: Expression
    length: int
    step: int
    offset: int = 0
    checked: bool = True
    """False where the index comes from a table that is known to hold."""

    @property
    def dtype(self) -> str:
        """That of the source."""
        return self.source.dtype


@dataclass(frozen=True)
class Call:
    """A scalar function of the emitter's list, such as `add` or `cast`."""

    function: str
    dtype: str
    arguments: tuple[Expression, ...]


Expression = Literal | Load | Take | Call


@dataclass(frozen=True)
class Map:
    """Write an expression to every place of `shape`, through the strides of `out`."""

    out: Buffer
    shape: tuple[int, ...]
    expression: Expression
    strides: tuple[int, ...]
    offset: int = 0


@dataclass(frozen=True)
class Fold:
    """Fold the last `axes` axes of `shape`; `out` is contiguous over the others.

    `kind`: sum, mean, max, min, argmax or argmin; the first of equals wins.
    """

    kind: str
    out: Buffer
    shape: tuple[int, ...]
    axes: int
    expression: Expression


@dataclass(frozen=True)
class Scan:
    """Running sums along the last axis of `shape`."""

    out: Buffer
    shape: tuple[int, ...]
    expression: Expression


@dataclass(frozen=True)
class Each:
    """`out[i] = function(source[i])` for a function that has a form for several elements."""

    function: str
    out: Buffer
    source: Buffer


@dataclass(frozen=True)
class Select:
    """The k smallest or largest of each run of `length`, in order, and where they stood."""

    values: Buffer
    positions: Buffer
    source: Buffer
    runs: int
    length: int
    k: int
    largest: bool


@dataclass(frozen=True)
class Product:
    """`out (m, k) = x (m, f) @ weights (f, k)` for each row."""

    out: Buffer
    x: Buffer
    weights: Table
    m: int
    f: int
    k: int


@dataclass(frozen=True, eq=False)
class Trees:
    """Binary trees in depth-first order: a left child follows its parent.

    Node i goes left when `x[feature[i]] <= threshold[i]`, or x is NaN and `missing_left[i]`;
    `right[i]` is i for a leaf, whose `leaf[i]` is the row of `starts`, -1 otherwise.
    """

    roots: NDArray[np.int64]
    depths: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    missing_left: NDArray[np.bool_]
    right: NDArray[np.int64]
    leaf: NDArray[np.int64]
    starts: NDArray[np.int64]
    """Leaf j adds `weights[s]` to `targets[s]` for s from `starts[j]` to `starts[j + 1] - 1`."""
    targets: NDArray[np.int64]
    weights: NDArray[np.float64]


@dataclass(frozen=True)
class Ensemble:
    """`out (targets,) = 0 + Σ leaves`, tree after tree; x is float32 or float64."""

    out: Buffer
    x: Buffer
    trees: Trees
    targets: int


Statement = Map | Fold | Scan | Each | Select | Product | Ensemble


@dataclass(frozen=True)
class Output:
    """One array of a verb: `width` elements per row; strings are positions in `Model.strings`."""

    name: str
    dtype: str
    width: int
    buffer: Buffer


@dataclass(frozen=True)
class Program:
    """What one verb computes for a row."""

    verb: str
    outputs: tuple[Output, ...]
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class Policy:
    """Which values of a row are refused, as in the contract's input."""

    nan: bool
    infinite: bool
    limit: float | None


@dataclass(frozen=True)
class Model:
    """All verbs of a model on rows of `features` doubles."""

    name: str
    features: int
    policy: Policy
    programs: tuple[Program, ...]
    checks: tuple[str, ...]
    """Messages of the refusals, in the order of the outputs of the program `refused`."""
    strings: tuple[str, ...]
