"""What the model is told of a flow: one row of numbers, the same in training and on the wire."""

from __future__ import annotations

from examples.router.features.row import Row, row_of
from examples.router.features.table import FEATURES, NAMES, Feature

__all__ = ["FEATURES", "NAMES", "Feature", "Row", "row_of"]
