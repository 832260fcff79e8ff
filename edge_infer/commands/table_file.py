"""Rows of typed columns from a CSV file, each cell read as the contract says."""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING, Any

from edge_infer.columns import column_name, column_names
from edge_infer.commands.rows_file import (
    PANDAS_MISSING,
    check_commas,
    check_spaces,
    named_twice,
    no_rows,
    not_csv,
    number,
    read_text,
    uneven,
)
from edge_infer.errors import BadInput
from edge_infer.rows import LARGEST_EXACT_INTEGER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_infer.contract.schema import Input

_BOOLS = {"true": True, "false": False, "1": True, "0": False}


def read_table(source: str, inputs: Sequence[Input]) -> dict[str, list[Any]]:
    """What a CSV file with a header holds, as `Model.predict` takes it; `-` is stdin.

    An empty cell is a missing value. Names and texts count as they stand, spaces too.

    Raises:
        BadInput: it has no header or no row, or a cell is not what its column takes.
    """
    lines = [(line, cells) for line, cells in _lines(source) if cells]
    names = column_names(inputs)
    if len(names) > 1:
        check_commas(lines, source)
    header = lines.pop(0)[1] if lines else []
    check_spaces(header, names, source)
    if header and not set(header) & set(names):
        raise _no_header(source, names, header)
    if not lines:
        raise no_rows(source)
    if len(set(header)) != len(header):
        raise named_twice(source, header)
    wanted = {column_name(one): one for one in inputs}
    found: dict[str, list[Any]] = {name: [] for name in header}
    for line, cells in lines:
        if len(cells) != len(header):
            raise uneven(f"{source}, line {line}", len(header), len(cells))
        for name, cell in zip(header, cells, strict=True):
            where = f"{source}, line {line}, column {name!r}"
            found[name].append(_value(cell, wanted[name], where) if name in wanted else cell)
    return found


def read_documents(source: str, wanted: Input) -> list[str]:
    """The texts of a CSV file of one column, which its first line calls `text`.

    A model of documents was trained without a name for them: any other first line may be a header
    or a document, and is not guessed. An empty line is an empty document.

    Raises:
        BadInput: the first line is another, there is no row, or a line has several cells.
    """
    name = column_name(wanted)
    lines = _lines(source)
    if lines and lines[0][1] != [name]:
        raise _no_header(source, (name,), lines[0][1])
    if len(lines) < 2:
        raise no_rows(source)
    del lines[0]
    for line, cells in lines:
        if len(cells) > 1:
            raise BadInput(
                f"{source}, line {line}: a text in several cells",
                expected="one text a line, in double quotes where it holds a comma",
                actual=f"{len(cells)} cells",
                hint=_DOCUMENTS_HINT,
            )
    return [
        _value(cells[0] if cells else "", wanted, f"{source}, line {line}, column {name!r}")
        for line, cells in lines
    ]


_DOCUMENTS_HINT = "pandas.DataFrame({'text': documents}).to_csv(FILE, index=False)"


def _lines(source: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(read_text(source), newline=""))
    try:
        return [(reader.line_num, cells) for cells in reader]
    except csv.Error as error:
        raise not_csv(source, error) from None


def _no_header(source: str, names: tuple[str, ...], first: list[str]) -> BadInput:
    return BadInput(
        f"{source} has no header: its first line names no column of the model",
        expected=",".join(names),
        actual=",".join(first)[:80],
        hint=f"write {','.join(names)} as the first line, above the rows"
        + (f"; from pandas: {_DOCUMENTS_HINT}" if names == ("text",) else ""),
    )


def _value(cell: str, wanted: Input, where: str) -> Any:
    if "str" in wanted.accepts:
        if cell in PANDAS_MISSING:
            raise missing_word(where, cell)
        # A document may be empty; in any other text an empty cell is a missing one.
        return cell or (None if wanted.dtype == "str" else "")
    if "float64" in wanted.accepts:
        value: Any = number(cell)
    elif "bool" in wanted.accepts:
        value = _BOOLS.get(cell.strip().lower())
    else:
        value = _integer(cell.strip())
    if value is None:
        raise BadInput(
            f"{where}: not a value of the column",
            expected=wanted.accepts[0],
            actual=repr(cell),
            hint=_hint(cell, wanted),
        )
    return value


def _hint(cell: str, wanted: Input) -> str | None:
    is_missing = not cell.strip() or cell in PANDAS_MISSING
    if "float64" in wanted.accepts:
        return "leave the cell empty where the value is missing" if is_missing else None
    if is_missing:
        return "the training had none missing here: fill it in, or leave the row out"
    if "bool" in wanted.accepts:
        return "write True or False"
    value = number(cell)
    if value is None or not math.isfinite(value):
        return "write a whole number in digits alone"
    if value.is_integer() and abs(value) <= LARGEST_EXACT_INTEGER:
        return (
            f"write {int(value)}: pandas writes whole numbers as {value} where the column has "
            "missing ones, which the training had not; or train it on floats"
        )
    return "the training had whole numbers alone here: write one, or train it on floats"


def missing_word(where: str, cell: str) -> BadInput:
    """The error for a word among texts that is text to one reader and missing to another."""
    return BadInput(
        f"{where}: a text that pandas.read_csv takes as missing, so the training may have too",
        expected="another text, or an empty cell for a missing one",
        actual=repr(cell),
        hint="leave the cell empty where the value is missing; where the word itself is meant, as "
        "with read_csv(keep_default_na=False), pass it from Python",
    )


def _integer(cell: str) -> int | None:
    digits = cell.removeprefix("-")
    return int(cell) if digits.isascii() and digits.isdecimal() else None
