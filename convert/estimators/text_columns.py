"""Text columns turned into numbers: positions of categories, marks of missing values.

onnxruntime compares texts as bytes of UTF-8, as Python compares str, in one `LabelEncoder`.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.errors import Unsupported
from convert.graph.builder import ML
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convert.graph.builder import Graph, Tensor
    from convert.graph.columns import Column

UNKNOWN = -1.0
"""The code of a text that is no category."""


def has_text(g: Graph, x: Tensor) -> bool:
    """Whether x is a frame with a text column."""
    return any(column.is_text for column in g.columns(x) or ())


def coded(g: Graph, encoder: Any, x: Tensor) -> tuple[Tensor, Any]:
    """Positions for text, float64 `(n, f)`, and a copy of the encoder whose categories they are.

    What an encoder makes of a category hangs on its position alone: groups of infrequent ones,
    dropped ones, the code of a missing one.
    """
    columns = g.columns(x)
    if columns is None:
        return x, encoder
    parts, categories = [], []
    for column, values in zip(columns, encoder.categories_, strict=True):
        if column.is_text:
            parts.append(_positions(g, column, values))
            categories.append(np.arange(len(values), dtype=np.float64))
        else:
            parts.append(column.tensor)
            categories.append(values.astype(np.float64) if values.dtype.kind == "b" else values)
    encoder = copy.deepcopy(encoder)
    encoder.categories_ = categories
    matrix = parts[0] if len(parts) == 1 else g.op("Concat", *parts, axis=1)
    return matrix, encoder


def imputed(g: Graph, imputer: Any, x: Tensor) -> Emission:
    """`SimpleImputer.transform` of text: remembered until an encoder reads the column."""
    columns = g.columns(x) or ()
    if not all(column.is_text for column in columns) or imputer.add_indicator:
        raise Unsupported(
            "SimpleImputer of text beside numbers, or with an indicator, has no exact converter",
            hint="impute text columns and numbers by two transformers of the ColumnTransformer",
        )
    filled = []
    for column, statistic in zip(columns, imputer.statistics_, strict=True):
        if not isinstance(statistic, str):
            raise Unsupported(
                f"SimpleImputer has no text for the column {column.name!r}",
                actual=repr(statistic),
                hint="drop the column, which had no value at fit",
            )
        filled.append(_replaced(column, missing_text(column, imputer.missing_values), statistic))
    return Emission({"transform": Scores(g.frame(filled), len(filled))})


def missing_text(column: Column, missing_values: Any) -> str | None:
    """The text that `missing_values` means in the graph, None where no text means it.

    scikit-learn tells None and NaN apart in text, and so does the column.
    """
    if isinstance(missing_values, str):
        return missing_values
    if missing_values is None:
        return column.missing if column.missing_as == "None" else None
    if isinstance(missing_values, float) and np.isnan(missing_values):
        return column.missing if column.missing_as == "nan" else None
    return None


def text_mask(g: Graph, column: Column, missing_values: Any) -> Tensor:
    """bool `(n, 1)`: where the text is a missing one."""
    mark = missing_text(column, missing_values)
    marked = {} if mark is None else dict.fromkeys(_texts_for(column, mark), 1.0)
    return g.cast(_looked_up(g, column, marked, 0.0), np.bool_)


def _replaced(column: Column, old: str | None, new: str) -> Column:
    if old is None:
        return column
    earlier = [(text, new if became == old else became) for text, became in column.replaced]
    taken = {text for text, _ in earlier}
    return replace(column, replaced=(*earlier, *([] if old in taken else [(old, new)])))


def _texts_for(column: Column, value: str) -> list[str]:
    """The texts of the input that have become `value`."""
    changed = dict(column.replaced)
    found = [text for text, became in changed.items() if became == value]
    return found if value in changed else [value, *found]


def _positions(g: Graph, column: Column, values: Any) -> Tensor:
    """float64 `(n, 1)`: where a text stands among an encoder's categories."""
    if np.asarray(values).dtype.kind not in "OU":
        raise Unsupported(
            f"the encoder of the text column {column.name!r} was fitted on numbers",
            expected="text",
            actual=np.asarray(values).dtype,
        )
    position: dict[str, float] = {}
    for i, value in enumerate(values):
        mark = str(value) if isinstance(value, str) else missing_text(column, value)
        if mark is not None:
            position.update(dict.fromkeys(_texts_for(column, mark), float(i)))
    return _looked_up(g, column, position, UNKNOWN)


def _looked_up(g: Graph, column: Column, table: Mapping[str, float], otherwise: float) -> Tensor:
    keys = np.array(list(table) or [""], dtype=object)
    values = np.array(list(table.values()) or [otherwise], dtype=np.float64)
    return g.op(
        "LabelEncoder",
        column.tensor,
        domain=ML,
        keys_tensor=keys,
        values_tensor=values,
        default_tensor=np.array([otherwise]),
    )
