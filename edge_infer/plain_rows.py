"""Rows as lists, to flat doubles, without numpy: what `rows.py` does for arrays.

The same values are accepted and the same are refused; NaN, infinity and magnitude are left to
the compiled model, which checks them as it reads.
"""

from __future__ import annotations

from array import array

from edge_infer.errors import BadInput
from edge_infer.rows import COLUMNS_HINT, INTEGERS_HINT, LARGEST_EXACT_INTEGER, check_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from edge_infer.contract.schema import Input


def flat_rows(X: Any, wanted: Input) -> array[float]:
    """`(n, f)` rows, or columns by name, one after another; n at least 1.

    Raises:
        BadInput: shape, names or a value is not what the contract accepts.
    """
    if hasattr(X, "keys"):
        X = _by_name(X, wanted)
    rows = _items(X, "X")
    if not rows:
        raise BadInput("X has no rows", expected="at least 1 row", actual="0 rows")
    flat, doubles = array("d"), False
    for row in rows:
        if not _is_sequence(row):
            raise BadInput(
                "X is not a matrix of rows",
                expected=f"shape (n, {wanted.shape[-1]})",
                actual=f"a row of type {type(row).__name__}",
                hint="for one row use predict_one(row) or predict([row])",
            )
        values = _values(row, wanted, "X")
        doubles = doubles or _has_double(values)
        flat.extend([_number(value, wanted, "X") for value in values])
    if not doubles:
        _check_integers([value for row in rows for value in row], wanted, "X")
    return flat


def flat_row(row: Any, wanted: Input, what: str = "the row") -> array[float]:
    """One row of f numbers, or a mapping of column name to number.

    Raises:
        BadInput: its length, names or a value is not what the contract accepts.
    """
    if hasattr(row, "keys"):
        named = {name: [row[name]] for name in row.keys()}  # noqa: SIM118 - not every mapping iterates
        (row,) = _by_name(named, wanted)
    values = _values(row, wanted, what)
    if not _has_double(values):
        _check_integers(values, wanted, what)
    return array("d", [_number(value, wanted, what) for value in values])


def _values(row: Any, wanted: Input, what: str) -> Sequence[Any]:
    values = _items(row, what)
    if len(values) != wanted.shape[-1]:
        raise BadInput(
            "X has the wrong number of columns",
            expected=f"{wanted.shape[-1]} columns",
            actual=f"{len(values)} columns",
            hint=COLUMNS_HINT,
        )
    return values


def _has_double(values: Sequence[Any]) -> bool:
    return any(isinstance(value, float) for value in values)


def _check_integers(values: Sequence[Any], wanted: Input, what: str) -> None:
    """Where there is no float among them, numpy makes integers or bools of a list."""
    for value in values:
        _number(value, wanted, what)
    dtype = "bool" if all(isinstance(value, bool) for value in values) else "int64"
    if dtype not in wanted.accepts:
        raise BadInput(
            f"{what} has a dtype for which parity was not proven",
            expected=", ".join(wanted.accepts),
            actual=dtype,
            hint=INTEGERS_HINT.replace("X.astype(float)", "float(value) for each value"),
        )


def _by_name(X: Any, wanted: Input) -> list[list[Any]]:
    if wanted.columns is None:
        raise BadInput(
            "the estimator was trained without column names, so named columns have no order",
            expected=f"rows of {wanted.shape[-1]} numbers",
            actual=type(X).__name__,
            hint="pass rows with the columns in the order of training",
        )
    check_names(list(X.keys()), wanted.columns)
    columns = [_items(X[name], f"column {name!r}") for name in wanted.columns]
    for name, column in zip(wanted.columns, columns, strict=True):
        if not _has_double(column):
            _check_integers(column, wanted, f"column {name!r}")
        if len(column) != len(columns[0]):
            raise BadInput(
                f"column {name!r} does not fit the others",
                expected=f"a sequence of {len(columns[0])} numbers",
                actual=f"{len(column)} numbers",
            )
    return [list(row) for row in zip(*columns, strict=True)]


def _items(values: Any, what: str) -> Sequence[Any]:
    if not _is_sequence(values):
        raise BadInput(
            f"{what} is not an array of numbers",
            expected="a sequence of numbers",
            actual=type(values).__name__,
        )
    found: Sequence[Any] = values if isinstance(values, list | tuple) else list(values)
    return found


def _is_sequence(values: Any) -> bool:
    if isinstance(values, str | bytes | bytearray):
        return False
    return hasattr(values, "__len__") and hasattr(values, "__iter__")


def _number(value: Any, wanted: Input, what: str) -> float:
    if isinstance(value, float):
        return value
    if isinstance(value, int):
        if abs(value) > LARGEST_EXACT_INTEGER:
            raise BadInput(
                f"{what} holds an integer that a double cannot hold",
                expected="at most 2**53 in magnitude",
                actual=value,
            )
        return float(value)
    raise BadInput(
        f"{what} has a dtype for which parity was not proven",
        expected=", ".join(dict.fromkeys(["float64", *wanted.accepts])),
        actual=type(value).__name__,
        hint="every value must be a number; write a missing one as float('nan')",
    )
