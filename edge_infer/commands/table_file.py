"""Rows of typed columns from a CSV file, each cell read as the contract says."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from edge_infer.columns import column_name
from edge_infer.commands.rows_file import check_commas, no_rows, number, read_text, uneven
from edge_infer.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_infer.contract.schema import Input

_BOOLS = {"true": True, "false": False, "1": True, "0": False}


def read_table(source: str, inputs: Sequence[Input]) -> dict[str, list[Any]]:
    """What a CSV file with a header holds, as `Model.predict` takes it; `-` is stdin.

    An empty cell is a missing value.

    Raises:
        BadInput: it has no header or no row, or a cell is not what its column takes.
    """
    reader = csv.reader(io.StringIO(read_text(source), newline=""))
    try:
        lines = [(reader.line_num, cells or [""]) for cells in reader if cells or not inputs]
    except csv.Error as error:
        raise BadInput(f"{source} is not CSV", actual=error) from None
    if len(inputs) > 1:
        check_commas(lines, source)
    if len(lines) < 2:
        raise no_rows(source)
    header = [cell.strip() for cell in lines.pop(0)[1]]
    if len(set(header)) != len(header):
        raise BadInput(f"{source} names a column twice", actual=", ".join(header))
    wanted = {column_name(one): one for one in inputs}
    found: dict[str, list[Any]] = {name: [] for name in header}
    for line, cells in lines:
        if len(cells) != len(header):
            raise uneven(f"{source}, line {line}", len(header), len(cells))
        for name, cell in zip(header, cells, strict=True):
            where = f"{source}, line {line}, column {name!r}"
            found[name].append(_value(cell, wanted[name], where) if name in wanted else cell)
    return found


def read_documents(source: str) -> list[str]:
    """The texts of a CSV file with a header and one column.

    Raises:
        BadInput: it has other columns, or no row.
    """
    columns = read_table(source, ())
    if len(columns) != 1:
        raise BadInput(
            f"{source} is no list of texts",
            expected="a header and one column",
            actual=", ".join(columns),
        )
    return next(iter(columns.values()))


def _value(cell: str, wanted: Input, where: str) -> Any:
    if "str" in wanted.accepts:
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
            f"{where}: not a value of the column", expected=wanted.accepts[0], actual=repr(cell)
        )
    return value


def _integer(cell: str) -> int | None:
    digits = cell.removeprefix("-")
    return int(cell) if digits.isascii() and digits.isdecimal() else None
