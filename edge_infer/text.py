"""Documents to token counts, as scikit-learn's text vectorizers count them.

Mirrors `sklearn.feature_extraction.text` (`_preprocess`, `_word_ngrams`, `_char_ngrams`,
`_char_wb_ngrams`) and `FeatureHasher` with Python's own `re` and `str`, which is what
scikit-learn uses: ONNX's string operators know another `\\w` and depend on the locale.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from edge_infer.errors import BadInput, Incompatible
from edge_infer.murmurhash import murmurhash3_32

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from edge_infer.contract.schema import Contract, Text

    Feeds = dict[str, NDArray[Any]]

_SPACES = re.compile(r"\s\s+")
_ANALYZERS = ("word", "char", "char_wb")
_NEWER = "update edge-infer on the device, or convert the model again"


class Counter:
    """What one vectorizer makes of documents."""

    def __init__(self, text: Text) -> None:
        """Raises `Incompatible` where the contract describes no such vectorizer."""
        self.text = text
        self._grams = self._analyzer(text)
        self._position = {term: i for i, term in enumerate(text.vocabulary)}
        self._foreign = unicodedata.unidata_version != text.unicode
        self._low, self._high = (*text.ngram_range, 0, 0)[:2]
        self._stop_words = frozenset(text.stop_words)

    @property
    def width(self) -> int:
        """Columns of the counts."""
        return len(self.text.vocabulary) or self.text.n_features

    def counts(self, documents: Sequence[str]) -> NDArray[np.float64]:
        """`(n, width)`: how often each term occurs, 0 or 1 where `binary`.

        Raises:
            BadInput: this Python's Unicode may read a character in another way.
        """
        import numpy as np

        found = np.zeros((len(documents), self.width))
        for row, document in zip(found, documents, strict=True):
            if self._foreign and not document.isascii():
                self._check_characters(document)
            for column, value in self._features(document):
                row[column] = 1.0 if self.text.binary else row[column] + value
        return found

    def terms(self, document: str) -> list[str]:
        """The n-grams of a document, in scikit-learn's order."""
        if self.text.lowercase:
            document = document.lower()
        if self.text.strip_accents == "ascii":
            document = _decomposed(document).encode("ascii", "ignore").decode("ascii")
        elif self.text.strip_accents == "unicode" and not document.isascii():
            kept = (c for c in _decomposed(document) if not unicodedata.combining(c))
            document = "".join(kept)
        return self._grams(document)

    def _features(self, document: str) -> Iterable[tuple[int, float]]:
        terms = self.terms(document)
        if self.text.vocabulary:
            get = self._position.get
            return [(at, 1.0) for at in map(get, terms) if at is not None]
        return [self._hashed(term) for term in terms]

    def _hashed(self, term: str) -> tuple[int, float]:
        """`FeatureHasher`: the column is |hash| modulo their number, the sign that of the hash."""
        code = murmurhash3_32(term.encode("utf-8"))
        sign = -1.0 if self.text.alternate_sign and code < 0 else 1.0
        return abs(code) % self.text.n_features, sign

    def _analyzer(self, text: Text) -> Callable[[str], list[str]]:
        if text.analyzer not in _ANALYZERS or (text.analyzer == "word") != bool(text.token_pattern):
            raise Incompatible(
                "the contract names an unknown analyzer",
                expected=", ".join(sorted(_ANALYZERS)),
                actual=text.analyzer,
                hint=_NEWER,
            )
        if text.analyzer == "char":
            return self._char_grams
        if text.analyzer == "char_wb":
            return self._word_bound_grams
        try:
            pattern = re.compile(text.token_pattern or "")
        except re.error as error:
            raise Incompatible(
                "the token pattern is no regular expression", actual=error, hint=_NEWER
            ) from None
        return lambda document: self._word_grams(pattern.findall(document))

    def _word_grams(self, tokens: list[str]) -> list[str]:
        tokens = [token for token in tokens if token not in self._stop_words]
        if self._high == 1:
            return tokens
        return [" ".join(gram) for gram in self._windows(tokens)]

    def _char_grams(self, document: str) -> list[str]:
        return ["".join(gram) for gram in self._windows(_SPACES.sub(" ", document))]

    def _word_bound_grams(self, document: str) -> list[str]:
        """A word shorter than n characters gives one n-gram, and no longer ones."""
        found: list[str] = []
        for word in _SPACES.sub(" ", document).split():
            padded = f" {word} "
            for n in range(self._low, self._high + 1):
                last = max(len(padded) - n, 0)
                found += [padded[i : i + n] for i in range(last + 1)]
                if last == 0:
                    break
        return found

    def _windows(self, items: Sequence[str]) -> Iterable[Sequence[str]]:
        for n in range(self._low, min(self._high, len(items)) + 1):
            for i in range(len(items) - n + 1):
                yield items[i : i + n]

    def _check_characters(self, document: str) -> None:
        """A character must be assigned both in this Unicode and in the workstation's."""
        for character in document:
            code = ord(character)
            known = bisect_right(self.text.characters, code) % 2 == 1
            if code > 127 and not (known and unicodedata.category(character) != "Cn"):
                raise BadInput(
                    "a text holds a character that two versions of Unicode read differently",
                    expected=f"characters of Unicode {self.text.unicode} and "
                    f"{unicodedata.unidata_version}",
                    actual=f"U+{code:04X}",
                )


def counting(contract: Contract) -> Callable[[Feeds], Feeds] | None:
    """`counted` with the contract's counters, None where nothing is counted."""
    made_by = counters(contract)
    return (lambda feeds: counted(feeds, made_by)) if made_by else None


def counters(contract: Contract) -> dict[str, Counter]:
    """By input of the graph, what makes its counts of documents.

    Raises:
        Incompatible: the contract describes no vectorizer of scikit-learn.
    """
    return {text.input: Counter(text) for text in contract.texts}


def counted(feeds: Feeds, made_by: Mapping[str, Counter]) -> Feeds:
    """Feeds of the graph, documents `(n, 1)` replaced by their counts."""
    return {
        name: made_by[name].counts(column.ravel().tolist()) if name in made_by else column
        for name, column in feeds.items()
    }


def _decomposed(document: str) -> str:
    return unicodedata.normalize("NFKD", document)
