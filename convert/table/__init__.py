"""Data frames of numbers and text, as rows of codes that every kind of probe can alter."""

from __future__ import annotations

from convert.table.codec import TableCodec, TableColumn
from convert.table.documents import is_documents, read_documents, reads_documents
from convert.table.read import is_table, read_table

__all__ = [
    "TableCodec",
    "TableColumn",
    "is_documents",
    "is_table",
    "read_documents",
    "read_table",
    "reads_documents",
]
