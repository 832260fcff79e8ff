"""Rows as the caller has them, to rows as the contract takes them, or a refusal.

Whatever could change a value on the way is refused instead of converted: an integer that a
double cannot hold, text that looks like a number, a mask that would be dropped. So is a dtype
on which scikit-learn was not shown to answer as it does on doubles: integers wrap around in
numpy's functions, and doubles do not. A list counts as the dtype that numpy gives it. What
scikit-learn raises on (NaN, infinity, too large for its float32 trees) the contract carries
and is refused here, for no graph can raise.
"""

from __future__ import annotations

from edge_infer.errors import BadInput

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from edge_infer.contract.schema import Input

LARGEST_EXACT_INTEGER = 2**53
"""Every integer up to here is a double (IEEE 754 binary64, 53 bits of precision)."""

COLUMNS_HINT = "pass the columns of training in their order, and no index beside them"

INFINITE_HINT = "replace infinite values first"

LARGEST_SINGLE = 3.4028234663852886e38
"""The largest finite float32, to which scikit-learn's trees cast."""

_QUICK_ELEMENTS = 4096
_LARGEST_DOUBLE = 1.7976931348623157e308
_LEAST_NORMAL = 2.2250738585072014e-308


def check_rows(X: Any, wanted: Input) -> NDArray[np.float64]:
    """Rows as a native, C-contiguous float64 array of shape `(n, f)`, n at least 1.

    `X` is an `(n, f)` array, a list of rows, or a data frame or mapping of column name to
    sequence, whose columns are ordered by the contract's names.

    Raises:
        BadInput: shape, columns, dtype or a value is not what the contract accepts.
    """
    rows = _named_columns(X, wanted) if has_columns(X) else as_float64(X, wanted, "X")
    if rows.ndim != 2:
        raise _not_a_matrix(rows, wanted)
    if rows.shape[1] != n_columns(wanted):
        raise BadInput(
            "X has the wrong number of columns",
            expected=f"{n_columns(wanted)} columns",
            actual=f"{rows.shape[1]} columns",
            hint=COLUMNS_HINT,
        )
    if rows.shape[0] == 0:
        raise BadInput("X has no rows", expected="at least 1 row", actual="0 rows")
    check_values(rows, wanted)
    return rows


def check_row(row: Any, wanted: Input) -> NDArray[np.float64]:
    """One row as an array of shape `(1, f)`, from a sequence or a mapping of f values.

    Raises:
        BadInput: as `check_rows`.
    """
    if has_columns(row):
        # The keys of a pandas Series are its index; iterating over it gives the values.
        names = list(row.keys() if hasattr(row, "keys") else row.columns)
        return check_rows({name: [row[name]] for name in names}, wanted)
    values = as_float64(row, wanted, "the row")
    if values.ndim != 1:
        raise BadInput(
            "predict_one takes one row",
            expected=f"a sequence of {n_columns(wanted)} numbers",
            actual=f"an array of shape {values.shape}",
            hint="use predict for an (n, f) array, or pass X[0]",
        )
    return check_rows(values.reshape(1, -1), wanted)


def check_values(rows: NDArray[np.float64], wanted: Input) -> None:
    """Hold the contract's policy on NaN, infinity and magnitude.

    Raises:
        BadInput: names the first row and column that offends.
    """
    import numpy as np

    if rows.size <= _QUICK_ELEMENTS and np.vdot(rows, rows) <= square_bound(wanted):
        return
    if not wanted.nan:
        _refuse_where(np.isnan(rows), rows, wanted, "a number", "replace missing values first")
    if not wanted.infinite:
        _refuse_where(np.isinf(rows), rows, wanted, "a finite number", INFINITE_HINT)
    if wanted.limit is not None:
        too_large = (np.abs(rows) > wanted.limit) & ~np.isinf(rows)
        if too_large.any():
            expected = f"at most {wanted.limit!r} in magnitude"
            _refuse_where(too_large, rows, wanted, expected, beyond(wanted.limit))


def beyond(limit: float) -> str:
    """Why a row beyond the contract's limit is refused, and what to do."""
    if limit == LARGEST_SINGLE:
        return "scikit-learn refuses it as well: it computes in single precision there"
    return (
        "beyond what was proven at conversion: check the unit, or, where the estimator itself "
        "takes such rows, convert with samples of them"
    )


def square_bound(wanted: Input) -> float:
    """A bound b such that a sum of squares of at most b shows every value to be accepted.

    Every |x| is at most the root of the sum of squares, and that sum is not finite when any
    value is not, so one dot product replaces three passes. It is a hair below the limit's
    square, because the sum is rounded; and -1, which no sum passes, where squares underflow.
    """
    if wanted.limit is None:
        return _LARGEST_DOUBLE
    if wanted.limit * wanted.limit < _LEAST_NORMAL:
        return -1.0
    return min(wanted.limit * wanted.limit * (1 - 1e-9), _LARGEST_DOUBLE)


def n_columns(wanted: Input) -> int:
    """f, the number of columns of the graph's input."""
    f = wanted.shape[-1]
    assert f is not None
    return f


def has_columns(X: Any) -> bool:
    """Whether X is a data frame or a mapping of column name to sequence."""
    return hasattr(X, "columns") or hasattr(X, "keys")


def _named_columns(X: Any, wanted: Input) -> NDArray[np.float64]:
    import numpy as np

    if wanted.columns is None:
        raise BadInput(
            "the estimator was trained without column names, so named columns have no order",
            expected=f"an (n, {n_columns(wanted)}) array",
            actual=type(X).__name__,
            hint="pass X.to_numpy() with the columns in the order of training",
        )
    found = list(X.columns) if hasattr(X, "columns") else list(X.keys())
    check_names(found, wanted.columns)
    given = [_as_array(X[name], f"column {name!r}") for name in wanted.columns]
    arrays = [
        _to_float64(array, wanted, f"column {name!r}")
        for name, array in zip(wanted.columns, given, strict=True)
    ]
    if given:  # scikit-learn makes one matrix of them, of the dtype that holds all
        _check_dtype(np.empty(0, np.result_type(*(array.dtype for array in given))), wanted, "X")
    for name, array in zip(wanted.columns, arrays, strict=True):
        if array.ndim != 1 or array.shape != arrays[0].shape:
            raise BadInput(
                f"column {name!r} does not fit the others",
                expected=f"a sequence of {arrays[0].size} numbers",
                actual=f"shape {array.shape}",
            )
    return np.stack(arrays, axis=1) if arrays else np.empty((0, 0))


def check_names(found: list[Any], wanted: tuple[str, ...]) -> None:
    """Hold the names of columns against those of training.

    Raises:
        BadInput: one is missing, unknown or given twice.
    """
    missing = [name for name in wanted if name not in found]
    extra = [name for name in found if name not in wanted]
    twice = sorted({str(name) for name in found if found.count(name) > 1})
    if missing or extra or twice:
        lists = {"missing": missing, "unknown": extra, "twice": twice}
        raise BadInput(
            "the columns are not those of training",
            expected=", ".join(wanted),
            actual="; ".join(
                f"{k}: {', '.join(map(_shown_name, v))}" for k, v in lists.items() if v
            ),
            hint=_names_hint(extra),
        )


def _names_hint(unknown: list[Any]) -> str:
    """What to do about names of columns that are not those of training."""
    if any(not str(name).strip() or str(name).startswith("Unnamed: ") for name in unknown):
        return "leave out the index that pandas wrote: X.to_csv(index=False)"
    return "name every column as in training; their order does not matter"


def _shown_name(name: object) -> str:
    """A name for a message, where a blank one would be overlooked."""
    return str(name) if str(name).strip() else "a column without a name"


def as_float64(X: Any, wanted: Input, what: str) -> NDArray[np.float64]:
    """Numbers of any shape as native, C-contiguous float64, none of them changed on the way.

    Raises:
        BadInput: another dtype than the contract accepts, or an integer beyond 2**53.
    """
    return _to_float64(_as_array(X, what), wanted, what)


def numbers(X: Any, what: str) -> NDArray[np.float64]:
    """`as_float64` for integers, bools and float64 alike, whatever the contract accepts.

    Raises:
        BadInput: no such numbers, or an integer beyond 2**53.
    """
    array = _as_array(X, what)
    if array.dtype.kind not in "iub" and array.dtype.name != "float64":
        raise _wrong_dtype(array, ("float64", "integers", "bool"), what)
    return _cast(array, what)


def _as_array(X: Any, what: str) -> Any:
    import numpy as np

    if isinstance(X, np.ma.MaskedArray):
        raise BadInput(f"{what} is masked", hint="fill it first: X.filled(value)")
    if hasattr(X, "toarray"):
        raise BadInput(f"{what} is sparse", hint="pass X.toarray()")
    listed = isinstance(X, list | tuple)
    if listed and any(isinstance(item, np.ma.MaskedArray) for item in X):
        raise BadInput(f"{what} holds masked rows", hint="fill each first: row.filled(value)")
    try:
        array = np.asarray(X)
    except (ValueError, TypeError, OverflowError) as error:
        raise BadInput(
            f"{what} is not an array of numbers", expected="rows of equal length", actual=error
        ) from None
    if listed and array.dtype.kind == "f" and not (np.abs(array) < LARGEST_EXACT_INTEGER).all():
        _refuse_lost(X, what)
    return array


def _refuse_lost(items: Any, what: str) -> None:
    """What numpy loses where it makes doubles of a list: masks, and digits of integers."""
    import numpy as np

    for item in items:
        if isinstance(item, np.ma.MaskedArray):
            raise BadInput(f"{what} holds a masked value", hint="write a missing one as nan")
        if isinstance(item, list | tuple):
            _refuse_lost(item, what)
        elif isinstance(item, int):
            _refuse_beyond(abs(item), what)
        elif isinstance(item, np.ndarray | np.generic) and item.dtype.kind in "iu":
            _refuse_inexact_integers(np.asarray(item), what)


def _to_float64(array: Any, wanted: Input, what: str) -> NDArray[np.float64]:
    _check_dtype(array, wanted, what)
    return _cast(array, what)


def _check_dtype(array: Any, wanted: Input, what: str) -> None:
    # The name says nothing of the byte order.
    if array.dtype.name != "float64" and array.dtype.name not in wanted.accepts:
        raise _wrong_dtype(array, wanted.accepts, what)


def _cast(array: Any, what: str) -> NDArray[np.float64]:
    import numpy as np

    if array.dtype.kind in "iu":
        _refuse_inexact_integers(array, what)
    # A cast, so that big-endian and strided arrays come out right.
    return np.ascontiguousarray(array, dtype=np.float64) if array.ndim else array.astype("f8")


def _refuse_inexact_integers(array: Any, what: str) -> None:
    if array.dtype.itemsize < 8 or array.size == 0:
        return
    _refuse_beyond(max(int(array.max()), -int(array.min())), what)


def _refuse_beyond(largest: int, what: str) -> None:
    if largest > LARGEST_EXACT_INTEGER:
        raise BadInput(
            f"{what} holds an integer that a double cannot hold",
            expected="at most 2**53 in magnitude",
            actual=largest,
        )


INTEGERS_HINT = (
    "pass X.astype(float); on the integers themselves scikit-learn was not shown to answer as on "
    "these doubles"
)
_TEXT_HINT = "text is not converted: parse the numbers first"


def _wrong_dtype(array: Any, accepts: tuple[str, ...], what: str) -> BadInput:
    hints = {
        "O": "every value must be a number; write a missing one as float('nan')",
        "U": _TEXT_HINT,
        "S": _TEXT_HINT,
        "T": _TEXT_HINT,
        "c": "complex numbers have no order",
        **dict.fromkeys("iub", INTEGERS_HINT),
    }
    return BadInput(
        f"{what} has a dtype for which parity was not proven",
        expected=", ".join(dict.fromkeys(["float64", *accepts])),
        actual=array.dtype,
        hint=hints.get(array.dtype.kind, "pass X.astype('float64')"),
    )


def _not_a_matrix(rows: Any, wanted: Input) -> BadInput:
    return BadInput(
        "X is not a matrix of rows",
        expected=f"shape (n, {n_columns(wanted)})",
        actual=f"shape {rows.shape}",
        hint="for one row use predict_one(row) or X.reshape(1, -1)" if rows.ndim == 1 else None,
    )


def _refuse_where(
    bad: Any, rows: NDArray[np.float64], wanted: Input, expected: str, hint: str | None
) -> None:
    if not bad.any():
        return
    row, column = (int(index) for index in divmod(int(bad.argmax()), rows.shape[1]))
    name = f"column {column}" if wanted.columns is None else f"column {wanted.columns[column]!r}"
    raise BadInput(
        f"X holds a value that the estimator does not accept, in row {row}, {name}",
        expected=expected,
        actual=float(rows[row, column]),
        hint=hint,
    )
