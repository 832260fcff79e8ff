"""Rows from files: CSV with or without a header, and numpy's `.npy`."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import Any

from edge_infer.errors import BadInput, Unavailable
from edge_infer.trust.files import cannot_read

MAX_BYTES = 256 << 20

PANDAS_MISSING = frozenset(
    {"#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"}
    | {"<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"}
)
"""Words that `pandas.read_csv` takes as missing unless it is told otherwise, beside no word."""


def read_rows(source: str, names: tuple[str, ...] | None) -> Any:
    """What a file holds, as `Model.predict` takes it; `-` is CSV from stdin.

    `names` are the model's columns: with them, a CSV's header orders its columns.

    Raises:
        BadInput: it is missing, too large, or does not hold rows of numbers.
        Unavailable: it is `.npy`, and numpy is not installed.
    """
    if source.lower().endswith(".npy"):
        return _parse_npy(_read(source), source)
    return parse_csv(read_text(source), source, names)


def read_text(source: str) -> str:
    """The text of a file; `-` is stdin.

    Raises:
        BadInput: it is missing, too large, or not UTF-8.
    """
    try:
        return _read(source).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{source} is not UTF-8 text",
            actual=error.reason,
            hint="save it as CSV in UTF-8; numpy's arrays are read by the ending .npy",
        ) from None


def parse_csv(text: str, source: str, names: tuple[str, ...] | None) -> Any:
    """Rows of a CSV; a first line of words, none of them a number, is the header.

    An empty cell is NaN, which the contract accepts or refuses. Without `names` a header's
    words say nothing about the order, and are passed over. Where numpy is not installed, rows and
    columns are lists.

    Raises:
        BadInput: a line has another number of cells, a cell is no number, or the first line
            counts the columns, as pandas does where they have no names.
    """
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        lines = [(reader.line_num, cells) for cells in reader if cells]
    except csv.Error as error:
        raise not_csv(source, error) from None
    check_commas(lines, source)
    header: list[str] | None = None
    if lines and (_is_header(lines[0][1]) or set(lines[0][1]) == set(names or ())):
        header = lines.pop(0)[1]
        check_spaces(header, names or (), source)
    else:
        check_numbered([cells for _, cells in lines], source)
    if not lines:
        raise no_rows(source)
    width = len(lines[0][1] if header is None else header)
    rows = [_parse(cells, width, f"{source}, line {n}") for n, cells in lines]
    if header is None or names is None:
        return _array(rows)
    if len(set(header)) != len(header):
        raise named_twice(source, header)
    return {name: _array([row[at] for row in rows]) for at, name in enumerate(header)}


def _array(values: list[Any]) -> Any:
    """An array, or the list itself on a device without numpy, whose engine takes lists."""
    try:
        import numpy as np
    except ImportError:
        return values
    return np.array(values)


def not_csv(source: str, error: csv.Error) -> BadInput:
    """Python's reader has given up."""
    return BadInput(
        f"{source} is not CSV",
        expected="cells separated by commas, quoted by double quotes",
        actual=error,
        hint="write it anew: pandas.DataFrame(X).to_csv(FILE, index=False)",
    )


def named_twice(source: str, header: list[str]) -> BadInput:
    """The first line has a name more than once."""
    return BadInput(
        f"{source} names a column twice",
        actual=", ".join(header),
        hint="give each column a name of its own, as in training",
    )


def check_commas(lines: list[tuple[int, list[str]]], source: str) -> None:
    """Refuse other separators than commas, as spreadsheets of many countries write them.

    Raises:
        BadInput: the first line is one cell with semicolons or tabs in it.
    """
    first = lines[0][1] if lines else []
    for character, name in ((";", "semicolons"), ("\t", "tabs")):
        if len(first) == 1 and character in first[0]:
            raise BadInput(
                f"{source} is separated by {name}",
                expected="commas between the cells, and points within numbers",
                actual=repr(first[0][:60]),
                hint="save it as comma-separated values, or from pandas: X.to_csv(index=False), of "
                "columns without names X.to_csv(index=False, header=False)",
            )


def check_numbered(lines: list[list[str]], source: str) -> None:
    """Refuse the header that pandas writes over columns without names: 0, 1, 2 and so on.

    It reads as a row, and may be one; a single line is one, for a header has rows below it.

    Raises:
        BadInput: the first of several lines counts its cells.
    """
    if len(lines) > 1 and lines[0] == [str(at) for at in range(len(lines[0]))]:
        raise BadInput(
            f"{source}: the first line counts the columns from 0, so it is a header or a row",
            expected="rows of numbers, or names of columns on the first line",
            actual=",".join(lines[0])[:60],
            hint="write the file without that line: X.to_csv(index=False, header=False); if it is "
            "a row, write its first number as 0.0",
        )


def check_spaces(header: list[str], names: tuple[str, ...], source: str) -> None:
    """Names and texts count as they stand, spaces too, as for `pandas.read_csv`.

    Raises:
        BadInput: a name is one of training but for spaces around it.
    """
    for cell in header:
        if cell not in names and cell.strip() in names:
            raise BadInput(
                f"{source}: a name on the first line has spaces around it",
                expected=repr(cell.strip()),
                actual=repr(cell),
                hint="write no spaces around commas: they count, in names and in texts, as they "
                "do for pandas.read_csv",
            )


def no_rows(source: str) -> BadInput:
    """The error for a file without a row."""
    return BadInput(
        f"{source} has no rows",
        expected="at least 1 row, below the header where there is one",
        actual="0 rows",
        hint="write a row of values on each line",
    )


def uneven(where: str, expected: int, actual: int) -> BadInput:
    """The error for a line that is longer or shorter than the first."""
    return BadInput(
        f"{where} has another number of cells",
        expected=expected,
        actual=actual,
        hint="write as many cells on each line as on the first, an empty one for a missing value",
    )


def _is_header(cells: list[str]) -> bool:
    """No cell is a number or missing; a line of words and numbers is a broken row, no header."""
    words = [cell for cell in cells if cell.strip()]
    return bool(words) and all(
        number(cell) is None and cell not in PANDAS_MISSING for cell in words
    )


def _parse(cells: list[str], width: int, where: str) -> list[float]:
    if len(cells) != width:
        raise uneven(where, width, len(cells))
    numbers = []
    for column, cell in enumerate(cells, 1):  # as lines are counted
        value = number(cell)
        if value is None:
            raise BadInput(
                f"{where}, column {column}: not a number",
                expected="a number, or nothing for a missing value",
                actual=repr(cell),
                hint="mend the cell; columns are counted from 1, as lines are",
            )
        numbers.append(value)
    return numbers


def number(cell: str) -> float | None:
    """The number in a cell, NaN for an empty one, None for anything else."""
    cell = cell.strip()
    if not cell:
        return float("nan")
    # Python reads 1_000 as a number, which no other reader of CSV does.
    if "_" in cell:
        return None
    try:
        return float(cell)
    except ValueError:
        return None


def _parse_npy(data: bytes, source: str) -> Any:
    try:
        import numpy as np
    except ImportError:
        raise Unavailable(
            f"{source} cannot be read: numpy is not installed",
            expected="numpy, or rows as .csv",
            actual="a .npy file",
            hint="on the workstation: numpy.savetxt('rows.csv', X, fmt='%.17g', delimiter=',')",
        ) from None
    try:
        _check_length(data)
        return np.load(io.BytesIO(data), allow_pickle=False)
    # The header is Python's text: numpy passes on what its tokens and its types run into.
    except Exception as error:
        raise BadInput(
            f"{source} is not an array of numbers",
            actual=f"{type(error).__name__}: {error}"[:300],
            hint="write it with numpy.save(file, X.astype('float64'))",
        ) from None


def _check_length(data: bytes) -> None:
    """A header may declare petabytes, which numpy would allocate; an `.npz` has none.

    Raises:
        ValueError: the file is not as long as its header says.
    """
    import math

    from numpy.lib import format as npy

    file = io.BytesIO(data)
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    version = npy.read_magic(file)
    if version not in readers:
        raise ValueError(f"format {version[0]}.{version[1]} holds no plain numbers")
    shape, _, dtype = readers[version](file)
    declared, held = math.prod(shape) * dtype.itemsize, len(data) - file.tell()
    if dtype.hasobject or min(shape, default=0) < 0 or declared != held:
        raise ValueError(f"the header declares {shape} of {dtype}, and {held} bytes follow")


def _read(source: str) -> bytes:
    try:
        if source == "-":
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(source).open("rb") as file:
                data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise BadInput(
            "there is no such file", actual=source, hint="is its name spelled right?"
        ) from None
    except OSError as error:
        raise cannot_read(source, error) from error
    if len(data) > MAX_BYTES:
        raise BadInput(f"{source} is too large", expected=f"at most {MAX_BYTES} bytes")
    return data
