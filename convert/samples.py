"""Rows for the proof, from a file: `.npy`, `.npz` or `.csv`, never by unpickling."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.table import is_documents, is_table
from convert.table.transport import (
    Values,
    columns_of_cells,
    columns_of_frame,
    frame_of_json,
    to_json,
)
from edge_infer.commands.rows_file import PANDAS_MISSING, check_numbered
from edge_infer.errors import BadInput
from edge_infer.trust import read_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NPY = b"\x93NUMPY"
_NO_ROWS = np.empty((0, 0))
MAX_BYTES = 1 << 30
_HINT = "numpy.save('samples.npy', X) with the rows as the estimator was trained on"
_TEXT_HINT = (
    "texts go as CSV: X.to_csv('samples.csv', index=False), of a list of documents "
    "pandas.DataFrame({'text': documents}).to_csv('samples.csv', index=False)"
)


@dataclass(frozen=True)
class Samples:
    """Rows such as the device will see."""

    X: NDArray[np.float64]
    """`(n, f)`."""
    columns: tuple[str, ...] | None
    """The header of a `.csv` file."""
    table: tuple[Values, ...] = ()
    """Typed columns, where one of them holds text or booleans; X is then empty."""

    def to_bytes(self) -> bytes:
        """For `samples_of_bytes` in another process."""
        return to_json(self.table) if self.table else self.to_npy()

    def to_npy(self) -> bytes:
        """X as the bytes of a `.npy` file."""
        out = io.BytesIO()
        np.save(out, self.X, allow_pickle=False)
        return out.getvalue()


def samples_of_bytes(data: bytes) -> Any:
    """The rows that `Samples.to_bytes` wrote, as `convert.export` takes them."""
    if data.startswith(_NPY):
        return np.load(io.BytesIO(data), allow_pickle=False)
    return frame_of_json(data)


def read_samples(source: Any) -> Samples:
    """Rows from a path, or from anything that numpy takes as an array.

    Raises:
        BadInput: not two-dimensional numbers with at least one row, or another kind of file.
    """
    if not isinstance(source, str | os.PathLike):
        columns = getattr(source, "columns", None)
        names = None if columns is None else tuple(map(str, columns))
        if is_table(source):
            # A frame of documents may call them anything: no file's first line is in doubt.
            alone = len(source.columns) == 1
            return Samples(_NO_ROWS, None if alone else names, columns_of_frame(source))
        if is_documents(source):
            documents = tuple(str(document) for document in source)
            return Samples(_NO_ROWS, None, (Values("text", "str", documents),))
        return Samples(_check(source, "the samples"), names)
    path = Path(source)
    data = read_file(Path(os.path.realpath(path)), max_bytes=MAX_BYTES)
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return _read_csv(data, path.name)
    if suffix not in (".npy", ".npz"):
        raise BadInput(
            f"{path.name} is no file of samples",
            expected=".npy, .npz or .csv",
            actual=suffix or "no suffix",
            hint=_HINT,
        )
    return Samples(_check(_read_numpy(data, path.name), path.name), None)


def _read_numpy(data: bytes, name: str) -> Any:
    try:
        found = np.load(io.BytesIO(data), allow_pickle=False)
        if isinstance(found, np.ndarray):
            return found
        names = list(found)
        if len(names) == 1:
            return found[names[0]]
        if "X" in names:
            return found["X"]
    except Exception as error:  # numpy, zipfile and zlib each raise their own
        raise BadInput(
            f"{name} cannot be read as numpy arrays",
            expected="an array of numbers (objects would have to be unpickled)",
            actual=f"{type(error).__name__}: {error}",
            hint=f"{_HINT}; {_TEXT_HINT}" if "pickle" in str(error) else _HINT,
        ) from None
    raise BadInput(
        f"{name} holds several arrays", expected="one, or one named X", actual=", ".join(names)
    )


def _read_csv(data: bytes, name: str) -> Samples:
    try:
        rows = [row for row in csv.reader(io.StringIO(data.decode("utf-8-sig"))) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(
            f"{name} is not UTF-8 text of comma-separated values",
            actual=error,
            hint="write it anew: pandas.DataFrame(X).to_csv(FILE, index=False); or pass .npy",
        ) from None
    columns = None
    check_numbered(rows, name)
    if rows and not all(_is_number(cell) or cell in PANDAS_MISSING for cell in rows[0]):
        columns = tuple(rows.pop(0))  # as they stand, spaces too, as for pandas
    width = len(columns) if columns is not None else len(rows[0]) if rows else 0
    if columns and rows and _has_words(rows, width):
        return Samples(_NO_ROWS, columns, columns_of_cells(columns, rows))
    X = np.empty((len(rows), width))
    for i, row in enumerate(rows):
        if len(row) != width or not all(_is_number(cell) for cell in row):
            raise BadInput(
                f"{name} is not a table of numbers",
                expected=f"{width} numbers in each row; an empty cell is NaN",
                actual=f"data row {i + 1}: {','.join(row)[:80]}",
                hint="encode text and categories as for the training",
            )
        X[i] = [float(cell) if cell.strip() else np.nan for cell in row]
    return Samples(_check(X, name), columns)


def _has_words(rows: list[list[str]], width: int) -> bool:
    """Whether it is a table in which some cell is no number."""
    if any(len(row) != width for row in rows):
        return False
    return not all(_is_number(cell) for row in rows for cell in row)


def _is_number(cell: str) -> bool:
    try:
        float(cell or "nan")
    except ValueError:
        return not cell.strip()
    return True


def _check(rows: Any, name: str) -> NDArray[np.float64]:
    array = np.asarray(rows)
    if array.ndim != 2 or 0 in array.shape or array.dtype.kind not in "fiub":
        raise BadInput(
            f"{name} holds no rows of numbers",
            expected="a two-dimensional array (n, f) of float, int or bool",
            actual=f"shape {array.shape}, dtype {array.dtype}",
            hint=_TEXT_HINT if array.dtype.kind in "OSTU" else _HINT,
        )
    return np.ascontiguousarray(array, dtype=np.float64)
