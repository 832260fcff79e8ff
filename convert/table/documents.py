"""Documents: text that is not a category but counted, alone or in a column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from convert.table.codec import TableCodec, TableColumn
from convert.table.words import documents, known_terms, new_sentinel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes = NDArray[np.float64]

NAME = "text"


def is_documents(samples: Any) -> bool:
    """Whether it is a flat sequence of str."""
    if isinstance(samples, str | bytes | dict) or hasattr(samples, "columns"):
        return False
    if getattr(samples, "ndim", 1) != 1 or not hasattr(samples, "__len__") or not len(samples):
        return False
    return all(isinstance(value, str) for value in samples)


def reads_documents(estimator: Any) -> bool:
    """Whether the first step counts documents, and so takes no rows of columns."""
    from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer

    first = estimator
    while not isinstance(first, CountVectorizer | HashingVectorizer):
        steps = getattr(first, "steps", None)
        inner = steps[0][1] if steps else getattr(first, "best_estimator_", None)
        if inner is None:
            return False
        first = inner
    return True


def read_documents(samples: Any, estimator: Any) -> tuple[TableCodec, Codes]:
    """How documents are coded, and the samples `(n, 1)` as codes."""
    texts = [str(value) for value in samples]
    terms = known_terms(estimator)
    sentinel = new_sentinel([*texts, *terms])
    words = documents(texts, terms, sentinel)
    place = {word: i for i, word in enumerate(words)}
    codes = np.array([[place[text]] for text in texts], dtype=np.float64)
    kind = np.dtype(object)
    column = TableColumn(NAME, "str", kind, 0.0, words, sentinel, infinite=False)
    return TableCodec((column,), alone=True), codes
