"""Documents to rows: `sklearn.feature_extraction.text`.

The runtime counts terms as the contract says; what is computed of the counts stands here, in
double as `TfidfTransformer` and `sklearn.preprocessing.normalize` compute it.
"""

from __future__ import annotations

import sys
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
)

from convert.errors import Unsupported
from convert.estimators.callables import REGISTER, name_of
from convert.graph.emission import Emission, Scores
from edge_infer.contract import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor

MOST_COLUMNS = 1 << 17
"""The counts are a dense row: 1 MB for each document."""
_ROWS = np.array([1], dtype=np.int64)


def count_vectorizer(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`CountVectorizer.transform`."""
    counts, width = _counts(g, estimator, x, _vocabulary(estimator))
    return _sparse(counts, width, np.dtype(estimator.dtype).name)


def tfidf_vectorizer(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`TfidfVectorizer.transform`: counts, then its own `TfidfTransformer`."""
    counts, width = _counts(g, estimator, x, _vocabulary(estimator))
    return _sparse(_weighted(g, estimator._tfidf, counts), width, np.dtype(estimator.dtype).name)


def tfidf_transformer(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`TfidfTransformer.transform` of counts."""
    return _sparse(_weighted(g, estimator, x), int(estimator.n_features_in_), "float64")


def hashing_vectorizer(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`HashingVectorizer.transform`."""
    counts, width = _counts(g, estimator, x, ())
    return _sparse(_normalized(g, counts, estimator.norm), width, np.dtype(estimator.dtype).name)


def _sparse(y: Tensor, width: int, dtype: str) -> Emission:
    if dtype not in ("float64", "int64"):
        raise Unsupported(
            "a text vectorizer of another dtype than float64 or int64 has no exact converter",
            actual=dtype,
            hint="leave dtype as it is by default",
        )
    return Emission({"transform": Scores(y, width, dtype, sparse=True)})


def _weighted(g: Graph, estimator: Any, counts: Tensor) -> Tensor:
    """`TfidfTransformer.transform`: only counts other than 0 are stored, and altered."""
    y = counts
    if estimator.sublinear_tf:
        is_zero = g.op("Equal", counts, 0.0)
        logarithm = g.op("Log", g.op("Where", is_zero, 1.0, counts))
        y = g.op("Where", is_zero, 0.0, g.op("Add", logarithm, 1.0))
    if hasattr(estimator, "idf_"):
        y = g.op("Mul", y, np.asarray(estimator.idf_, dtype=np.float64))
    return _normalized(g, y, estimator.norm)


def _normalized(g: Graph, y: Tensor, norm: str | None) -> Tensor:
    """`sklearn.preprocessing.normalize` of a sparse matrix: a row of norm 0 stays as it is."""
    if norm is None:
        return y
    if norm == "l2":
        size = g.op("Sqrt", g.op("ReduceSum", g.op("Mul", y, y), _ROWS, keepdims=1))
    else:
        size = g.op("ReduceSum", g.op("Abs", y), _ROWS, keepdims=1)
    return g.op("Div", y, g.op("Where", g.op("Equal", size, 0.0), 1.0, size))


def _counts(g: Graph, estimator: Any, x: Tensor, vocabulary: tuple[str, ...]) -> tuple[Tensor, int]:
    columns = g.columns(x)
    if columns is None or len(columns) != 1 or not columns[0].is_text:
        raise Unsupported(
            f"{type(estimator).__name__} reads one column of documents",
            expected="samples that are a sequence of str, or a text column named by a str",
            hint="ColumnTransformer([('text', vectorizer, 'column')]), not ['column']",
        )
    text = _described(estimator, vocabulary)
    width = len(text.vocabulary) or text.n_features
    if width > MOST_COLUMNS:
        raise Unsupported(
            f"{type(estimator).__name__} makes rows too wide to be dense",
            expected=f"at most {MOST_COLUMNS:,} columns",
            actual=f"{width:,}",
            hint="lower n_features (2**14), or use max_features, min_df or max_df",
        )
    return g.counts(columns[0], text), width


def _described(estimator: Any, vocabulary: tuple[str, ...]) -> Text:
    _check_settings(estimator)
    word = estimator.analyzer == "word"
    return Text(
        input="",
        analyzer=estimator.analyzer,
        ngram_range=tuple(int(n) for n in estimator.ngram_range),
        lowercase=bool(estimator.lowercase),
        strip_accents=estimator.strip_accents or None,
        token_pattern=estimator.token_pattern if word else None,
        stop_words=tuple(sorted(estimator.get_stop_words() or ())) if word else (),
        vocabulary=vocabulary,
        n_features=0 if vocabulary else int(estimator.n_features),
        alternate_sign=bool(getattr(estimator, "alternate_sign", False)),
        binary=bool(estimator.binary),
        unicode=unicodedata.unidata_version,
        characters=_assigned(),
    )


def _vocabulary(estimator: Any) -> tuple[str, ...]:
    terms = sorted(estimator.vocabulary_.items(), key=lambda item: item[1])
    if [int(place) for _, place in terms] != list(range(len(terms))):
        raise Unsupported("the vocabulary's columns are not 0, 1, 2 …")
    return tuple(str(term) for term, _ in terms)


def _check_settings(estimator: Any) -> None:
    for name in ("preprocessor", "tokenizer", "analyzer", "strip_accents"):
        value = getattr(estimator, name)
        if callable(value):
            raise Unsupported(
                f"{type(estimator).__name__} with a callable for {name} cannot be exported",
                actual=name_of(value),
                hint="use token_pattern, lowercase, strip_accents and stop_words, which a device "
                f"repeats; count the terms before the rows are given, {REGISTER}",
            )
    if estimator.input != "content":
        raise Unsupported(f"{type(estimator).__name__} reads files", expected="input='content'")


@cache
def _assigned() -> tuple[int, ...]:
    """Where the assigned code points of this Python's Unicode begin and end in turn."""
    found, inside = [], False
    for code in range(sys.maxunicode + 1):
        if (unicodedata.category(chr(code)) != "Cn") != inside:
            found.append(code)
            inside = not inside
    return tuple(found)


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    CountVectorizer: count_vectorizer,
    HashingVectorizer: hashing_vectorizer,
    TfidfTransformer: tfidf_transformer,
    TfidfVectorizer: tfidf_vectorizer,
}
