"""Data frames of numbers and text, as rows of codes that every kind of probe can alter."""

from __future__ import annotations

from convert.table.codec import TableCodec, TableColumn
from convert.table.read import is_table, read_table

__all__ = ["TableCodec", "TableColumn", "is_table", "read_table"]
