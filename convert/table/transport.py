"""Data frames between processes and from CSV files: typed columns as strict JSON, no pickle."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from edge_infer.commands.rows_file import PANDAS_MISSING
from edge_infer.commands.table_file import missing_word
from edge_infer.errors import BadInput, Unavailable
from edge_infer.strict_json import dump_json, parse_json

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["float64", "int64", "bool", "str"]
_BOOLS = {"true": True, "false": False}
_MAX_BYTES = 1 << 30


@dataclass(frozen=True)
class Values:
    """One column; in text None is a missing value, in float64 it is NaN."""

    name: str
    kind: Kind
    values: tuple[Any, ...]
    missing: Literal["nan", "None"] = "nan"
    """What scikit-learn saw where text is missing."""


def columns_of_cells(header: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[Values, ...]:
    """The columns of a CSV file: numbers, `true` and `false`, or text; an empty cell is missing.

    Among numbers so is each word that `pandas.read_csv` takes as missing.

    Raises:
        BadInput: there is such a word among texts, or a boolean is missing.
    """
    return tuple(_column_of_cells(name, [row[i] for row in rows]) for i, name in enumerate(header))


def columns_of_frame(frame: Any) -> tuple[Values, ...]:
    """The columns of a data frame.

    Raises:
        BadInput: one is neither float, int, bool nor text.
    """
    from convert.table.read import read_table

    codec, codes = read_table(frame, None)
    found = []
    for i, column in enumerate(codec.columns):
        values = column.decoded(codes[:, i]).tolist()
        if column.dtype in ("float64", "str"):
            values = [None if value != value else value for value in values]
        found.append(Values(column.name, column.dtype, tuple(values), column.missing_as))
    return tuple(found)


def to_json(columns: Sequence[Values]) -> bytes:
    """The columns as bytes for `frame_of_json`."""
    return dump_json([[c.name, c.kind, c.missing, [_plain(v) for v in c.values]] for c in columns])


def frame_of_json(data: bytes) -> Any:
    """The data frame that was written.

    Raises:
        Unavailable: pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError:
        raise Unavailable(
            "samples with text columns need pandas", hint="pip install pandas"
        ) from None
    columns: Any = parse_json(data, what="the samples", max_bytes=_MAX_BYTES)
    return pd.DataFrame({c[0]: pd.Series(_typed(*c[1:]), dtype=_DTYPES[c[1]]) for c in columns})


_DTYPES = {"float64": "float64", "int64": "int64", "bool": "bool", "str": "object"}


def _typed(kind: Kind, missing: str, values: list[Any]) -> list[Any]:
    if kind == "float64":
        return [math.nan if value is None else float(value) for value in values]
    hole = math.nan if missing == "nan" else None
    return [hole if value is None else value for value in values]


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, float) and math.isinf(value) else value


def _column_of_cells(name: str, cells: list[str]) -> Values:
    stripped = ["" if cell in PANDAS_MISSING else cell.strip() for cell in cells]
    filled = [cell for cell in stripped if cell]
    whole = len(filled) == len(cells)
    if filled and all(cell.lower() in _BOOLS for cell in filled):
        if not whole:
            raise BadInput(
                f"column {name!r} of the samples has a missing boolean",
                expected="true or false in every row",
                actual="an empty cell",
            )
        return Values(name, "bool", tuple(_BOOLS[cell.lower()] for cell in stripped))
    if whole and all(cell.removeprefix("-").isdecimal() and cell.isascii() for cell in filled):
        return Values(name, "int64", tuple(int(cell) for cell in stripped))
    try:
        numbers = [float(cell) if cell else None for cell in stripped]
    except ValueError:
        for row, cell in enumerate(cells, 1):
            if cell in PANDAS_MISSING:
                raise missing_word(f"row {row} of the samples, column {name!r}", cell) from None
        return Values(name, "str", tuple(cell or None for cell in cells))
    return Values(name, "float64", tuple(None if v is None or v != v else v for v in numbers))
