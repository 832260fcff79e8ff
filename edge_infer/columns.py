"""A data frame of numbers and text, column by column, as the contract takes it.

One input of the graph for each column. Whatever could change a value on the way is refused, as
in a matrix of numbers; a missing text is `None` or NaN.
"""

from __future__ import annotations

from edge_infer.contract.inputs import is_text_alone
from edge_infer.errors import BadInput
from edge_infer.rows import check_names, check_values, has_columns, numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from edge_infer.contract.schema import Input


def column_name(wanted: Input) -> str:
    """What the caller calls the column."""
    return "text" if wanted.columns is None else wanted.columns[0]


def column_names(inputs: Sequence[Input]) -> tuple[str, ...]:
    """All columns in order; several inputs may be made of one."""
    return tuple(dict.fromkeys(map(column_name, inputs)))


def check_columns(X: Any, inputs: Sequence[Input]) -> dict[str, NDArray[Any]]:
    """One `(n, 1)` for each input of the graph by name, float64 or object of str.

    `X` is a data frame, a mapping of column name to sequence, or a sequence of mappings; for a
    model of text alone a sequence of str.

    Raises:
        BadInput: columns, a dtype or a value is not what the contract accepts.
    """
    names = column_names(inputs)
    if is_text_alone(inputs):
        table: Any = {names[0]: X}
    else:
        table = X if has_columns(X) else _from_records(X, inputs)
        check_names(list(table.columns if hasattr(table, "columns") else table.keys()), names)
    feeds = {wanted.name: check_column(table[column_name(wanted)], wanted) for wanted in inputs}
    lengths = {column_name(wanted): len(feeds[wanted.name]) for wanted in inputs}
    if len(set(lengths.values())) != 1:
        raise BadInput(
            "the columns have different lengths",
            actual=lengths,
            hint="pass a value of every column for each row; a missing one is None or nan",
        )
    if 0 in lengths.values():
        raise BadInput("X has no rows", expected="at least 1 row", actual="0 rows")
    return feeds


def one_record(row: Any, inputs: Sequence[Input]) -> dict[str, list[Any]]:
    """One row, a mapping or a sequence of values in the order of the columns, as columns.

    Raises:
        BadInput: it has another number of values.
    """
    names = column_names(inputs)
    if is_text_alone(inputs):
        return {names[0]: [row]}
    if has_columns(row):
        keys = list(row.keys() if hasattr(row, "keys") else row.columns)
        return {key: [row[key]] for key in keys}
    values = [] if isinstance(row, str | bytes) else list(row)
    if len(values) != len(names):
        raise BadInput(
            "predict_one takes one row",
            expected=f"a mapping, or {len(names)} values: {', '.join(names)}",
            actual=f"{type(row).__name__} of {len(values)} values",
        )
    return {name: [value] for name, value in zip(names, values, strict=True)}


def columns_of_feeds(
    feeds: Mapping[str, NDArray[Any]], inputs: Sequence[Input]
) -> dict[str, NDArray[Any]]:
    """The other way round: what a caller hands over for these feeds, by column name."""
    found = {}
    for wanted in inputs:
        column = feeds[wanted.name].reshape(-1)
        if "str" in wanted.accepts:
            column = column.copy()
            column[column == wanted.missing] = None
        elif "float64" not in wanted.accepts:
            column = column.astype(wanted.accepts[0])
        found[column_name(wanted)] = column
    return found


def check_column(values: Any, wanted: Input) -> NDArray[Any]:
    """One column of n values as `(n, 1)`.

    Raises:
        BadInput: a value is not what the contract accepts; names its row and column.
    """
    text = "str" in wanted.accepts
    column = _text(values, wanted) if text else _numbers(values, wanted)
    return column.reshape(-1, 1)


def _numbers(values: Any, wanted: Input) -> NDArray[np.float64]:
    what = f"column {column_name(wanted)!r}"
    column = numbers(values, what)
    import numpy as np

    if (dtype := np.asarray(values).dtype).name not in wanted.accepts:
        raise BadInput(
            f"{what} has a dtype for which parity was not proven",
            expected=", ".join(wanted.accepts),
            actual=dtype,
            hint=f"pass it as {wanted.accepts[0]}, as in training",
        )
    _check_flat(column, what)
    check_values(column.reshape(-1, 1), wanted)
    return column


def _text(values: Any, wanted: Input) -> NDArray[np.object_]:
    import numpy as np

    what = f"column {column_name(wanted)!r}"
    if isinstance(values, np.ma.MaskedArray) or hasattr(values, "toarray"):
        raise BadInput(f"{what} is masked or sparse", expected="a sequence of str")
    if isinstance(values, str | bytes) or (hasattr(values, "keys") and not hasattr(values, "iloc")):
        raise BadInput(f"{what} is one {type(values).__name__}", expected="a sequence of str")
    given = np.asarray(values, dtype=object)
    _check_flat(given, what)
    column = np.empty(len(given), dtype=object)
    column[:] = [_one_text(v, row, wanted) for row, v in enumerate(given.tolist())]
    return column


def _one_text(value: Any, row: int, wanted: Input) -> str:
    if isinstance(value, str):
        if value != wanted.missing and (value.isascii() or _is_utf8(value)):
            return str(value)
        raise _bad_text(row, wanted, "text other than the mark of a missing one, in UTF-8", value)
    if not _is_missing(value):
        raise _bad_text(row, wanted, "str", value)
    if wanted.missing is None or not wanted.nan:
        raise _bad_text(row, wanted, "text, for scikit-learn refuses a missing one here", value)
    return wanted.missing


def _bad_text(row: int, wanted: Input, expected: str, value: Any) -> BadInput:
    return BadInput(
        "X holds a value that the estimator does not accept, "
        f"in row {row}, column {column_name(wanted)!r}",
        expected=expected,
        actual=repr(value)[:80],
    )


def _is_missing(value: Any) -> bool:
    """None, NaN, or pandas' NA, whose comparison with itself is no bool."""
    return (
        value is None
        or (isinstance(value, float) and value != value)
        or type(value).__name__ == "NAType"
    )


def _is_utf8(value: str) -> bool:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _check_flat(column: Any, what: str) -> None:
    if column.ndim != 1:
        raise BadInput(f"{what} is no column", expected="(n,) values", actual=column.shape)


def _from_records(X: Any, inputs: Sequence[Input]) -> dict[Any, list[Any]]:
    """A sequence of mappings, all of the same keys, as columns."""
    records = list(X) if isinstance(X, list | tuple) else []
    if not records or not all(hasattr(record, "keys") for record in records):
        raise BadInput(
            "this model takes named columns",
            expected=f"a data frame or mapping of {', '.join(column_names(inputs))}",
            actual=f"{type(X).__name__}" + (f" of shape {X.shape}" if hasattr(X, "shape") else ""),
            hint="pass {column: values, ...}, a DataFrame, or a list of {column: value, ...}",
        )
    first = records[0].keys()
    for row, record in enumerate(records):
        if record.keys() != first:
            raise BadInput(
                f"row {row} has other columns than row 0",
                expected=", ".join(map(str, first)),
                actual=", ".join(map(str, record.keys())),
            )
    return {key: [record[key] for record in records] for key in first}
