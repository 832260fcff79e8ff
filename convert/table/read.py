"""Samples in a data frame: which dtype each column has, and its rows as codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from convert.table.codec import TableCodec, TableColumn
from convert.table.words import documents, known_terms, known_words, new_sentinel, vocabulary
from edge_infer.errors import BadInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes = NDArray[np.float64]


def is_table(samples: Any) -> bool:
    """Whether it is a data frame with a column that holds other than numbers."""
    if not hasattr(samples, "columns") or not hasattr(samples, "dtypes"):
        return False
    return any(getattr(dtype, "kind", "O") not in "fiub" for dtype in samples.dtypes)


def read_table(samples: Any, estimator: Any) -> tuple[TableCodec, Codes]:
    """How its columns are coded, and the samples `(n, f)` as codes.

    Raises:
        BadInput: there is no row, or a column of other than float, int, bool or str.
    """
    if not len(samples) or not all(isinstance(name, str) for name in samples.columns):
        raise BadInput(
            "the samples are no rows of named columns",
            expected="at least one row, and columns named by strings",
            actual=f"{len(samples)} rows of {list(samples.columns)}",
        )
    if len(set(samples.columns)) != len(samples.columns):
        raise BadInput(
            "the samples name a column twice",
            actual=list(samples.columns),
            hint="give each column a name of its own, and train again with them",
        )
    known = known_words(estimator)
    terms = known_terms(estimator)
    read = [_column(name, samples[name], known, terms) for name in samples.columns]
    return TableCodec(tuple(column for column, _ in read)), np.stack(
        [codes for _, codes in read], axis=1
    )


def _column(
    name: str, series: Any, known: tuple[str, ...], terms: tuple[str, ...]
) -> tuple[TableColumn, Codes]:
    kind = getattr(series.dtype, "kind", "O")
    if isinstance(series.dtype, np.dtype) and kind in "fiub":
        codes = series.to_numpy(dtype=np.float64)
        dtype = {"f": "float64", "b": "bool"}.get(kind, "int64")
        held = np.dtype(np.float64) if kind == "f" else series.dtype
        return TableColumn(name, dtype, held, _typical(codes)), codes  # type: ignore[arg-type]
    return _text_column(name, series, known, terms)


def _text_column(
    name: str, series: Any, known: tuple[str, ...], terms: tuple[str, ...]
) -> tuple[TableColumn, Codes]:
    values = np.asarray(series, dtype=object).tolist()
    missing = [value for value in values if _is_missing(value)]
    texts = [str(value) for value in values if isinstance(value, str)]
    if len(texts) + len(missing) != len(values) or not texts:
        strange = next((v for v in values if not isinstance(v, str) and not _is_missing(v)), None)
        raise BadInput(
            f"column {name!r} of the samples is neither numbers nor text",
            expected="float, int, bool or str, missing ones aside",
            actual=f"{series.dtype}, such as {strange!r}",
            hint="convert it before the training, or drop it",
        )
    as_none = {value is None for value in missing}
    if len(as_none) > 1:
        raise BadInput(
            f"column {name!r} of the samples holds None and NaN, which scikit-learn tells apart",
            expected="one way of writing a missing text",
            hint="replace one by the other before the training",
        )
    sentinel = new_sentinel([*texts, *known, *terms])
    words = (
        documents([*texts, *known], terms, sentinel)
        if terms
        else vocabulary(texts, known, sentinel)
    )
    place = {word: i for i, word in enumerate(words)}
    codes = np.array([place[v] if isinstance(v, str) else np.nan for v in values], dtype=np.float64)
    kind = series.dtype if type(series.dtype).__name__ == "StringDtype" else np.dtype(object)
    column = TableColumn(
        name,
        "str",
        kind,
        _typical(codes),
        words,
        sentinel,
        "None" if as_none == {True} else "nan",
        infinite=False,
    )
    return column, codes


def _typical(codes: Codes) -> float:
    finite = codes[np.isfinite(codes)]
    return float(finite[0]) if len(finite) else 0.0


def _is_missing(value: Any) -> bool:
    return (
        value is None
        or (isinstance(value, float) and value != value)
        or type(value).__name__ == "NAType"
    )
