"""Rows of a data frame as float64 codes `(n, f)`.

A number is its own code, a text is its position in the column's words, a missing value is NaN.
Any double is a code of something: codes are rounded and clipped to what the column holds, so
that probes made for matrices (bisected, scaled, at extremes) alter data frames as well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.graph.builder import Tensor
from convert.graph.columns import Column, TextInput
from edge_infer.contract import Input

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from convert.graph.columns import ColumnType, MissingAs

    Codes = NDArray[np.float64]

_EXACT_INTEGER = 2**53


@dataclass(frozen=True)
class TableColumn:
    """One column: what scikit-learn saw in it, and what the device may hand over."""

    name: str
    dtype: ColumnType
    kind: Any
    """The data frame's own dtype of this column."""
    typical: float
    """The code of a sample, for codes that the column cannot hold."""
    words: tuple[str, ...] = ()
    sentinel: str | None = None
    missing_as: MissingAs = "nan"
    nan: bool = True
    infinite: bool = True
    limit: float | None = None
    accepts: tuple[str, ...] = ()
    """The dtypes of numbers that it may have on a device; that of training where none is named."""

    def canonical(self, codes: Codes) -> Codes:
        """The nearest codes that the column holds and the policy admits."""
        found = np.where(np.isnan(codes) & (not self._takes_nan), self.typical, codes)
        if self.dtype == "bool":
            return np.asarray(found > 0.5, dtype=np.float64)
        if self.dtype == "str":
            return np.asarray(np.clip(np.rint(found), 0, len(self.words) - 1))
        if self.dtype == "int64":
            held = np.iinfo(self.kind)
            low, high = max(held.min, -_EXACT_INTEGER), min(held.max, _EXACT_INTEGER)
            found = np.clip(np.rint(found), low, high)
        elif not self.infinite:
            found = np.where(np.isinf(found), self.typical, found)
        if self.limit is not None:
            outside = np.isfinite(found) & (np.abs(found) > self.limit)
            found = np.where(outside, np.copysign(self.limit, found), found)
        return np.asarray(np.trunc(found) if self.dtype == "int64" else found)

    @property
    def _takes_nan(self) -> bool:
        return self.nan and self.dtype in ("float64", "str")

    def decoded(self, codes: Codes) -> NDArray[Any]:
        """Values of canonical codes as scikit-learn sees them."""
        if self.dtype == "str":
            missing = np.nan if self.missing_as == "nan" else None
            return self._texts(codes, missing)
        return codes.astype(self.kind if self.dtype == "int64" else self.dtype)

    def fed(self, codes: Codes) -> NDArray[Any]:
        """Values of canonical codes as the graph is given them, `(n, 1)`."""
        if self.dtype == "str":
            return self._texts(codes, self.sentinel).reshape(-1, 1)
        return np.ascontiguousarray(codes.reshape(-1, 1))

    def _texts(self, codes: Codes, missing: Any) -> NDArray[np.object_]:
        table = np.empty(len(self.words) + 1, dtype=object)
        table[:-1], table[-1] = self.words, missing
        position = np.where(np.isnan(codes), len(self.words), codes).astype(np.intp)
        return np.asarray(table[position])

    def described(self, name: str) -> Input:
        """The contract's words for it, `name` being the graph's input."""
        text = self.dtype == "str"
        return Input(
            name,
            "str" if text else "float64",
            (None, 1),
            (self.name,),
            self.accepts or (self.dtype,),
            self._takes_nan,
            self.infinite and self.dtype == "float64",
            self.limit,
            self.sentinel,
        )


@dataclass(frozen=True)
class TableCodec:
    """All columns in the order of training."""

    columns: tuple[TableColumn, ...]
    alone: bool = False
    """Whether the rows are a sequence of documents, and no data frame."""

    def canonical(self, X: Codes) -> Codes:
        """Codes `(n, f)` as each column holds them."""
        return self._by_column(X)

    def frame(self, X: Codes) -> Any:
        """The data frame that scikit-learn is given."""
        codes = self._by_column(X)
        if self.alone:
            return self.columns[0].decoded(codes[:, 0]).tolist()
        import pandas as pd

        return pd.DataFrame(
            {
                column.name: pd.Series(column.decoded(codes[:, i]), dtype=column.kind)
                for i, column in enumerate(self.columns)
            }
        )

    def feeds(self, X: Codes, inputs: Sequence[Column | TextInput]) -> dict[str, NDArray[Any]]:
        """Values by the names of the graph's inputs, documents where they are to be counted."""
        codes = self._by_column(X)
        place = {column.name: i for i, column in enumerate(self.columns)}
        found = {}
        for given in inputs:
            i = place[given.column if isinstance(given, TextInput) else given.name]
            found[str(given.tensor)] = self.columns[i].fed(codes[:, i])
        return found

    def described(self, inputs: Sequence[Column | TextInput]) -> tuple[Input, ...]:
        """The contract's inputs, in the order of the columns."""
        found = []
        for column in self.columns:
            for given in inputs:
                if isinstance(given, Column) and given.name == column.name:
                    found.append(column.described(str(given.tensor)))
                elif isinstance(given, TextInput) and given.column == column.name:
                    shape, names = (None, given.width), None if self.alone else (column.name,)
                    found.append(
                        Input(
                            str(given.tensor), "float64", shape, names, ("str",), False, False, None
                        )
                    )
        return tuple(found)

    def shown(self, row: Codes) -> str:
        """One row of codes as its values."""
        codes = self._by_column(row[None])
        values = [column.decoded(codes[:, i]).tolist()[0] for i, column in enumerate(self.columns)]
        names = [column.name for column in self.columns]
        return ", ".join(f"{name}={value!r:.60}" for name, value in zip(names, values, strict=True))

    def graph_columns(self) -> tuple[Column, ...]:
        """For the graph that is to be written."""
        return tuple(
            Column(c.name, c.dtype, Tensor(c.name), c.sentinel, c.missing_as) for c in self.columns
        )

    def with_column(self, position: int, **changes: Any) -> TableCodec:
        """The same with some fields of one column changed."""
        columns = list(self.columns)
        columns[position] = replace(columns[position], **changes)
        return replace(self, columns=tuple(columns))

    def _by_column(self, X: Codes) -> Codes:
        found = np.empty(X.shape)
        for i, column in enumerate(self.columns):
            found[:, i] = column.canonical(np.asarray(X[:, i], dtype=np.float64))
        return found
