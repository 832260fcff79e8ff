"""Makers of hostile rows, one file per kind. Each takes a `Context` and a number of rows."""

from __future__ import annotations

from convert.prove.rows.boundary import boundary
from convert.prove.rows.cancelling import cancelling
from convert.prove.rows.context import Context
from convert.prove.rows.extremes import extremes, scaled
from convert.prove.rows.missing import infinite, missing
from convert.prove.rows.thresholds import thresholds
from convert.prove.rows.ties import ties
from convert.prove.rows.words import words

__all__ = [
    "Context",
    "boundary",
    "cancelling",
    "extremes",
    "infinite",
    "missing",
    "scaled",
    "thresholds",
    "ties",
    "words",
]
