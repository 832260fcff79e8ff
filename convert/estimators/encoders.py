"""Encoders of categories: `sklearn.preprocessing._encoders` and `_target_encoder`.

What a category becomes (infrequent groups, dropped columns, codes of NaN and of unknown
values) is asked of the fitted encoder itself, one category at a time, and stored as a table.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

from convert.errors import Unsupported
from convert.estimators.arrays import Doubles, dense
from convert.estimators.asking import quietly
from convert.estimators.text_columns import coded
from convert.graph.emission import Check, Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from convert.graph.builder import Graph, Tensor

    Ints = NDArray[np.int64]

DTYPES = ("float64", "float32", "int64", "bool")


def one_hot_encoder(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`OneHotEncoder.transform`: one comparison for each category.

    Categories that share a column, or a column that unknown values go to, cost a product
    with a matrix of zeros and ones.
    """
    x, estimator = coded(g, estimator, x)
    categories = numeric_categories(estimator)
    encoder = _private(estimator).set_params(sparse_output=True)
    ends = np.cumsum(encoder._n_features_outs)
    width = int(ends[-1])
    known, unknown = _asked(encoder, categories)
    feature, value = _entries(categories)
    column = _column_in_block(known, feature, ends)
    every = np.arange(len(categories))
    spare = every * 0 - 1 if unknown is None else _column_in_block(unknown, every, ends)
    order = np.argsort(np.where(column < 0, width, column), kind="stable")
    feature, value, column = feature[order], value[order], column[order]
    refuses = estimator.handle_unknown == "error"
    if not refuses and (spare < 0).all():
        kept = column >= 0
        feature, value, column = feature[kept], value[kept], column[kept]
    hot = g.cast(_equal(g, x, feature, value), np.float64)
    checks = (_unknown_check(g, hot, len(categories)),) if refuses else ()
    y = _one_hot_columns(g, hot, feature, column, spare, width)
    scores = Scores(y, width, output_dtype(estimator), sparse=bool(estimator.sparse_output))
    return Emission({"transform": scores}, checks=checks)


def _one_hot_columns(
    g: Graph, hot: Tensor, feature: Ints, column: Ints, spare: Ints, width: int
) -> Tensor:
    """`hot` `(n, m)` marks categories in the order of their columns; `(n, width)`."""
    if np.array_equal(column[:width], np.arange(width)) and (spare < 0).all():
        if len(column) == width:
            return hot
        return g.op("Gather", hot, np.arange(width), axis=1)
    goes_to = (column[:, None] == np.arange(width)).astype(np.float64)
    if (spare < 0).all():
        return g.op("MatMul", hot, goes_to)
    # An unknown value is one that is no category: 1 - (sum of the feature's categories).
    fallback = (spare[:, None] == np.arange(width)).astype(np.float64)
    return g.op("Add", g.op("MatMul", hot, goes_to - fallback[feature]), fallback.sum(axis=0))


def ordinal_encoder(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`OrdinalEncoder.transform`: the position of the category, or the code of NaN."""
    y, checks = _looked_up(g, estimator, x, width=1)
    scores = Scores(y, int(estimator.n_features_in_), output_dtype(estimator))
    return Emission({"transform": scores}, checks=checks)


def target_encoder(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`TargetEncoder.transform`: the encoding of the category, unknown ones `target_mean_`."""
    width = len(estimator.classes_) if estimator.target_type_ == "multiclass" else 1
    y, checks = _looked_up(g, estimator, x, width=width)
    scores = Scores(y, int(estimator.n_features_in_) * width)
    return Emission({"transform": scores}, checks=checks)


def _looked_up(
    g: Graph, estimator: Any, x: Tensor, *, width: int
) -> tuple[Tensor, tuple[Check, ...]]:
    """Find each value among its column's categories and gather `width` numbers for it."""
    x, estimator = coded(g, estimator, x)
    categories = numeric_categories(estimator)
    n_features = len(categories)
    known, unknown = _asked(_private(estimator), categories)
    size = max(len(values) for values in categories)
    keys = np.full((n_features, size + 1), np.nan)
    table = np.zeros((n_features, size + 1, width))
    start = 0
    for i, values in enumerate(categories):
        # scikit-learn refuses infinities, so an infinity can stand for NaN
        keys[i, : len(values)] = np.where(np.isnan(values), np.inf, values)
        mine = slice(i * width, (i + 1) * width)
        table[i, : len(values)] = dense(known[start : start + len(values), mine])
        if unknown is not None:
            table[i, size] = dense(unknown[i : i + 1, mine])
        start += len(values)
    if np.isinf(keys).any():
        x = g.op("Where", g.op("IsNaN", x), np.inf, x)
    found = g.op("Equal", g.op("Unsqueeze", x, np.array([2], dtype=np.int64)), keys)
    always = np.arange(size + 1) == size
    at = g.op("ArgMax", g.cast(g.op("Or", found, always), np.int32), axis=2, keepdims=0)
    checks: tuple[Check, ...] = ()
    if unknown is None:
        last = g.op("ReduceMax", at, np.array([1], dtype=np.int64), keepdims=0)
        checks = (Check(g.op("Equal", last, np.array(size)), _UNKNOWN),)
    rows = g.op("Add", at, np.arange(n_features) * (size + 1))
    if width == 1:
        return g.op("Gather", table.reshape(-1), rows), checks
    y = g.op("Gather", table.reshape(-1, width), rows)
    return g.op("Reshape", y, np.array([-1, n_features * width], dtype=np.int64)), checks


_UNKNOWN = "a category was not seen at fit"


def _unknown_check(g: Graph, hot: Tensor, n_features: int) -> Check:
    count = g.op("ReduceSum", hot, np.array([1], dtype=np.int64), keepdims=0)
    return Check(g.op("Not", g.op("Equal", count, float(n_features))), _UNKNOWN)


def numeric_categories(estimator: Any) -> list[Doubles]:
    """The categories of each column in double.

    Raises:
        Unsupported: they are not numbers, or integers that a double cannot tell apart.
    """
    found: list[Doubles] = []
    for column, values in enumerate(estimator.categories_):
        if values.dtype.kind not in "fiu":
            raise Unsupported(
                f"column {column} of {type(estimator).__name__} was fitted on other than numbers",
                expected="float or integer categories",
                actual=values.dtype,
                hint="fit it on a float64 array, or hand text over in a DataFrame",
            )
        doubles = dense(values)
        if values.dtype.kind in "iu" and (np.abs(doubles) > 2.0**53).any():
            raise Unsupported(
                f"column {column} has integer categories beyond 2**53",
                actual=int(np.abs(values).max()),
                hint="number the categories from 0 on",
            )
        found.append(doubles)
    return found


def output_dtype(estimator: Any) -> str:
    """The name of `dtype`, if an artifact can hold it."""
    name = str(np.dtype(estimator.dtype).name)
    if name not in DTYPES:
        raise Unsupported(
            f"{type(estimator).__name__} returns {name}",
            expected=", ".join(DTYPES),
            actual=name,
            hint="use dtype=numpy.float64",
        )
    return name


def _private(estimator: Any) -> Any:
    """A copy that may be reconfigured, and whose answers are arrays."""
    return copy.deepcopy(estimator).set_output(transform="default")


def _asked(encoder: Any, categories: list[Doubles]) -> tuple[Any, Any]:
    """The encoder's rows for each category in turn, and for an unknown value in each column.

    The other columns hold their first category. None where it raises on unknown values.
    """
    base = np.array([values[0] for values in categories])
    feature, value = _entries(categories)
    rows = np.tile(base, (len(feature), 1))
    rows[np.arange(len(feature)), feature] = value
    with quietly():
        known = encoder.transform(rows)
        if getattr(encoder, "handle_unknown", "ignore") == "error":
            return known, None
        strange = np.tile(base, (len(categories), 1))
        np.fill_diagonal(strange, [_no_category(values) for values in categories])
        return known, encoder.transform(strange)


def _no_category(values: Doubles) -> float:
    taken = set(values.tolist())
    return next(float(i) for i in range(len(values) + 1) if float(i) not in taken)


def _entries(categories: list[Doubles]) -> tuple[Ints, Doubles]:
    feature = np.repeat(np.arange(len(categories)), [len(values) for values in categories])
    return feature, np.concatenate(categories)


def _column_in_block(rows: Any, feature: Ints, ends: Ints) -> Ints:
    """Which column row i sets in the block of `feature[i]`, -1 for none; rows are CSR."""
    found = np.full(len(feature), -1, dtype=np.int64)
    owner = np.searchsorted(ends, rows.indices, side="right")
    row = np.repeat(np.arange(len(feature)), np.diff(rows.indptr))
    own = owner == feature[row]
    found[row[own]] = rows.indices[own]
    return found


def _equal(g: Graph, x: Tensor, feature: Ints, value: Doubles) -> Tensor:
    """bool `(n, m)`: whether a row's column `feature[j]` holds `value[j]`; NaN equals NaN."""
    cells = g.op("Gather", x, feature, axis=1)
    found = g.op("Equal", cells, value)
    if np.isnan(value).any():
        missing = g.op("And", g.op("IsNaN", cells), np.isnan(value))
        found = g.op("Or", found, missing)
    return found


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    OneHotEncoder: one_hot_encoder,
    OrdinalEncoder: ordinal_encoder,
    TargetEncoder: target_encoder,
}
