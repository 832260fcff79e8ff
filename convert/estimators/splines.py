"""B-spline bases: `SplineTransformer.transform` over `scipy.interpolate.BSpline`.

The values come from de Boor's recurrence in scipy's order (`_deBoor_D` in `__fitpack.cc`), all
columns at once: a row's interval between knots gathers the knots that the recurrence needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.preprocessing import SplineTransformer

from convert.errors import Unsupported
from convert.estimators.arrays import Doubles, dense
from convert.estimators.discretization import count_at_most
from convert.estimators.pairwise_kernels import any_cell
from convert.graph.emission import Check, Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor

_LAST = np.array([2], dtype=np.int64)


@dataclass(frozen=True)
class _Bases:
    """The splines of f columns, all of one degree and over as many knots."""

    degree: int
    knots: Doubles
    """`(f, n + degree + 1)`."""
    coefficients: Doubles
    """`(n, s)` of zeros and ones: which of n basis functions adds to which of s columns."""

    @property
    def low(self) -> Doubles:
        """`(f,)`: where the splines begin."""
        return self.knots[:, self.degree]

    @property
    def high(self) -> Doubles:
        """`(f,)`: where they end."""
        return self.knots[:, len(self.coefficients)]


def spline_transformer(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """s columns for each column of x."""
    bases = _read(estimator)
    n_features, n_splines = len(bases.knots), bases.coefficients.shape[1]
    checks: tuple[Check, ...] = ()
    mode = estimator.extrapolation
    y = _values(g, bases, _wrapped(g, bases, x) if mode == "periodic" else x)
    if mode == "constant" and bases.degree == 0:
        # numpy cannot assign all of the last values to no column
        above = any_cell(g, g.op("Greater", x, bases.high), "a value lies above the last knot")
        checks = (above,)
    if mode == "error":
        outside = g.op("Or", g.op("Less", x, bases.low), g.op("Greater", x, bases.high))
        checks = (any_cell(g, outside, "a value lies beyond the knots"),)
    if mode in ("constant", "linear"):
        y = _extrapolated(g, estimator, x, y)
    if estimator.handle_missing == "zeros":
        y = g.op("Where", g.op("Unsqueeze", g.op("IsNaN", x), _LAST), 0.0, y)
    if not estimator.include_bias:
        n_splines -= 1
        y = g.op("Gather", y, np.arange(n_splines), axis=2)
    width = n_features * n_splines
    y = g.op("Reshape", y, np.array([-1, width], dtype=np.int64))
    scores = Scores(y, width, sparse=bool(estimator.sparse_output))
    return Emission({"transform": scores}, checks=checks)


def _read(estimator: Any) -> _Bases:
    splines = estimator.bsplines_
    if estimator.sparse_output and estimator.degree == 0:
        raise Unsupported(
            "SplineTransformer of degree 0 with sparse output has no exact converter",
            hint="use sparse_output=False",
        )
    coefficients = dense(splines[0].c)
    knots = np.stack([dense(spline.t) for spline in splines])
    return _Bases(int(splines[0].k), knots, coefficients)


def _wrapped(g: Graph, bases: _Bases, x: Tensor) -> Tensor:
    """`t[k] + (x - t[k]) % period`, with numpy's remainder."""
    period = bases.high - bases.low
    flat = period <= 0
    length = np.where(flat, 1.0, period)
    remainder = g.op("Mod", g.op("Sub", x, bases.low), length, fmod=1)
    remainder = g.op(
        "Where", g.op("Less", remainder, 0.0), g.op("Add", remainder, length), remainder
    )
    y = g.op("Add", remainder, bases.low)
    return g.op("Where", flat, 0.0, y) if flat.any() else y


def _values(g: Graph, bases: _Bases, x: Tensor) -> Tensor:
    """`BSpline.__call__`, extrapolating: `(n, f, s)`."""
    k, n = bases.degree, len(bases.coefficients)
    interval = count_at_most(g, x, [row[k + 1 : n] for row in bases.knots])
    basis = _de_boor(g, bases, x, interval)
    padded = g.op("Pad", basis, np.array([0, 0, 0, 0, 0, 1], dtype=np.int64), 0.0)
    y: Tensor | None = None
    for table in _columns(bases):
        at = g.op("Gather", table, interval, axis=0)
        part = g.op("GatherElements", padded, at, axis=2)
        y = part if y is None else g.op("Add", y, part)
    assert y is not None, "there is a column"
    return y


def _de_boor(g: Graph, bases: _Bases, x: Tensor, interval: Tensor) -> Tensor:
    """The k + 1 basis functions that are not 0 in the interval: `(n, f, k + 1)`."""
    k, n = bases.degree, len(bases.coefficients)
    n_features = len(bases.knots)
    offset = np.arange(n_features, dtype=np.int32) * (n - k)
    row = g.op("Add", interval, offset)
    if k == 0:
        return g.op("Gather", np.ones((n_features * n, 1)), row, axis=0)
    lengths = [2 * k, *range(1, k + 1)]
    table = np.stack([_constants(knots, k, left) for knots in bases.knots for left in range(k, n)])
    cells = g.op("Gather", table, row, axis=0)
    split = np.array(lengths, dtype=np.int64)
    window, *spans = g.multi("Split", cells, split, outputs=k + 1, axis=2)
    before, after = g.multi("Split", window, outputs=2, axis=2, num_outputs=2)
    wide = g.op("Unsqueeze", x, _LAST)
    from_left = g.op("Sub", wide, before)
    to_right = g.op("Sub", after, wide)
    basis: Tensor | None = None
    for j, span in enumerate(spans, start=1):
        weight = g.op("Div", 1.0 if basis is None else basis, span)
        falling = g.op("Mul", weight, _part(g, to_right, 0, j, k))
        rising = g.op("Mul", weight, _part(g, from_left, k - j, k, k))
        falling = g.op("Pad", falling, np.array([0, 0, 0, 0, 0, 1], dtype=np.int64), 0.0)
        rising = g.op("Pad", rising, np.array([0, 0, 1, 0, 0, 0], dtype=np.int64), 0.0)
        basis = g.op("Add", rising, falling)
    assert basis is not None, "k is at least 1"
    return basis


def _constants(knots: Doubles, k: int, left: int) -> Doubles:
    """The 2k knots around interval `left`, then the spans that each round divides by."""
    window = knots[left - k + 1 : left + k + 1]
    spans = [window[k : k + j] - window[k - j : k] for j in range(1, k + 1)]
    # scipy lets a function over an empty span be 0, and so does dividing by infinity
    return np.concatenate([window, *(np.where(span == 0, np.inf, span) for span in spans)])


def _part(g: Graph, value: Tensor, start: int, end: int, size: int) -> Tensor:
    if (start, end) == (0, size):
        return value
    bounds = (np.array([start]), np.array([end]), np.array([2]))
    return g.op("Slice", value, *bounds)


def _columns(bases: _Bases) -> list[np.ndarray]:
    """Tables `(intervals, s)`: which basis function is a column's, k + 1 for none.

    A periodic basis of few knots adds two functions into one column, and so needs two tables.
    """
    k, (n, n_splines) = bases.degree, bases.coefficients.shape
    tables: list[np.ndarray] = []
    for interval in range(n - k):
        for column in range(n_splines):
            own = np.flatnonzero(bases.coefficients[interval : interval + k + 1, column])
            for turn, function in enumerate(own):
                if turn == len(tables):
                    tables.append(np.full((n - k, n_splines), k + 1, dtype=np.int64))
                tables[turn][interval, column] = function
    return tables


def _extrapolated(g: Graph, estimator: Any, x: Tensor, inside: Tensor) -> Tensor:
    """The values at the first and last knot beyond them, or straight lines from there."""
    linear = estimator.extrapolation == "linear"
    ends = _ends(estimator.bsplines_, estimator.degree, linear=linear)
    wide = g.op("Unsqueeze", x, _LAST)
    y = inside
    within = g.op(
        "And",
        g.op("GreaterOrEqual", wide, ends.low[:, None]),
        g.op("LessOrEqual", wide, ends.high[:, None]),
    )
    y = g.op("Where", within, y, 0.0)
    for operator, bound, value, slope, own in (
        ("Less", ends.low, ends.first, ends.first_slope, ends.first_columns),
        ("Greater", ends.high, ends.last, ends.last_slope, ends.last_columns),
    ):
        beyond = g.op("And", g.op(operator, wide, bound[:, None]), own)
        line: Tensor | Doubles = value
        if linear:
            line = g.op("Add", g.op("Mul", g.op("Sub", wide, bound[:, None]), slope), value)
        y = g.op("Where", beyond, line, y)
    return y


@dataclass(frozen=True)
class _Ends:
    low: Doubles
    """`(f,)`, as are `high`; the others are `(f, s)`."""
    high: Doubles
    first: Doubles
    first_slope: Doubles
    first_columns: np.ndarray
    last: Doubles
    last_slope: Doubles
    last_columns: np.ndarray


def _ends(splines: Any, degree: int, *, linear: bool) -> _Ends:
    """Where each column's splines are continued, from which values, in which columns.

    With linear extrapolation scikit-learn raises a degree below 2 by one in every round of its
    loop over the columns, so that later columns are continued from later knots.
    """
    n_splines = splines[0].c.shape[1]
    rows = []
    column = np.arange(n_splines)
    for spline in splines:
        low, high = float(spline.t[degree]), float(spline.t[-degree - 1])
        values = spline(low), spline(low, nu=1), spline(high), spline(high, nu=1)
        if linear and degree <= 1:
            degree += 1
        first, last = column < degree, column >= n_splines - degree
        if low > high or not np.isfinite(values).all():
            raise Unsupported(
                "scikit-learn continues these splines from knots that lie the wrong way round",
                hint="use degree=2 or more, or extrapolation='constant'",
            )
        rows.append((low, high, values[0], values[1], first, values[2], values[3], last))
    stacked = [np.array(part) for part in zip(*rows, strict=True)]
    return _Ends(*stacked)


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    SplineTransformer: spline_transformer,
}
