"""Words for a text column: those of the samples and the model, and hostile ones beside them."""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_VARIED = 12
"""Words of which variants are made."""
_LONG = 2000
_MOST_KNOWN = 4096
_KNOWN_IN = ("categories_", "statistics_", "fill_value", "missing_values")
_DEEPEST = 12

FOREIGN = (
    "",
    " ",
    "\0",
    "nan",
    "NaN",
    "None",
    "0",
    "1",
    "1.0",
    "True",
    "\u00e9",
    "e\u0301",
    "\u0130",
)
UNSEEN = "\u2603 never seen"


def vocabulary(samples: Iterable[str], known: Iterable[str], sentinel: str) -> tuple[str, ...]:
    """Every word once, the samples' first; the last one is in neither."""
    first = dict.fromkeys(samples)
    own = dict.fromkeys([*first, *known])
    varied = [variant for word in list(own)[:_VARIED] for variant in _variants(word)]
    marks = (sentinel[:-1], sentinel + " ", sentinel.strip())
    every = dict.fromkeys([*own, *varied, *FOREIGN, *marks])
    unseen = UNSEEN
    while unseen in every:
        unseen += "!"
    return tuple(word for word in [*every, unseen] if word != sentinel)


def documents(samples: Iterable[str], terms: Iterable[str], sentinel: str) -> tuple[str, ...]:
    """Documents that tokenisers read in their own way, beside the samples."""
    own = list(dict.fromkeys(samples))
    few, known = own[:_VARIED], list(dict.fromkeys(terms))
    made = [way(document) for document in few for way in _WAYS]
    made += ["  ".join(pair) for pair in pairwise(few)]
    spread = known[:: max(len(known) // _TERMS, 1)]
    made += [
        text for term in spread for text in (term, f"{term} {term}, {term.upper()}!", term * 3)
    ]
    made += [" ".join(known[i : i + 7]) for i in range(0, min(len(known), 7 * _TERMS), 7)]
    return vocabulary([*own, *made, *_READ_ODDLY], (), sentinel)


def new_sentinel(taken: Iterable[str]) -> str:
    """A text that stands for a missing one and is none of the words."""
    sentinel, known = "\x1fmissing\x1f", set(taken)
    while sentinel in known:
        sentinel += "\x1f"
    return sentinel


def known_words(estimator: Any) -> tuple[str, ...]:
    """The categories and fill values that any estimator inside holds."""
    found = dict.fromkeys(_walk(estimator, {}, 0))
    return tuple(list(found)[:_MOST_KNOWN])


def known_terms(estimator: Any) -> tuple[str, ...]:
    """The vocabularies and stop words that any vectorizer inside holds."""
    found = dict.fromkeys(_walk(estimator, {}, 0, _TERMS_IN))
    return tuple(list(found)[:_MOST_KNOWN])


_WAYS = (
    str.upper,
    str.title,
    lambda text: " ".join(reversed(text.split())),
    lambda text: "".join(reversed(text)),
    lambda text: text.replace(" ", "\u00a0"),
    lambda text: text.replace(" ", " \n\t "),
    lambda text: text.replace(" ", "_"),
    lambda text: text.replace("e", "\u00e9").replace("a", "a\u0301"),
    lambda text: (text + " ") * 30,
    lambda text: text + " zyxwvut",
)
_READ_ODDLY = (
    "\u0130stanbul ISTANBUL \u0131",
    "stra\u00dfe STRASSE \ufb01n",
    "\u0663\u0664 \u00bd x\u00b2",
    "\u4f60\u597d \u4e16\u754c",
    "a\u200db c\u200bd e\u00adf",
    "\x1c\x1d one\x1etwo\x85three\u2028four",
    "don't e-mail a_b 3.14 1,000 C++",
    "\U0001f600 \U0001d400\U0001d401 \u24b6",
    "\u03a3\u0399\u03a3\u03a5\u03a6\u039f\u03a3 \u1fbc",
)
_TERMS = 24
_TERMS_IN = ("vocabulary_", "stop_words")


def _variants(word: str) -> Iterator[str]:
    yield from (word + " ", " " + word, word.upper(), word.lower(), word.swapcase())
    yield from (word[:-1], word + "\0", word * max(_LONG // max(len(word), 1), 2))
    yield from (unicodedata.normalize(form, word) for form in ("NFC", "NFD", "NFKC"))


def _walk(
    value: Any, seen: dict[int, Any], depth: int, names: tuple[str, ...] = _KNOWN_IN
) -> Iterator[str]:
    if depth > _DEEPEST or id(value) in seen:
        return
    seen[id(value)] = value
    inner: Iterable[Any]
    if isinstance(value, dict):
        inner = value.values()
    elif isinstance(value, list | tuple):
        inner = value
    elif isinstance(value, np.ndarray) and value.dtype == object:
        inner = value.ravel()
    elif type(value).__module__.startswith("sklearn."):
        attributes = getattr(value, "__dict__", {})
        for name in names:
            yield from _strings(attributes.get(name))
        inner = attributes.values()
    else:
        return
    for item in inner:
        yield from _walk(item, seen, depth + 1, names)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield str(value)
    elif isinstance(value, list | tuple | dict | set | frozenset):
        for item in sorted(value) if isinstance(value, set | frozenset) else value:
            yield from _strings(item)
    elif isinstance(value, np.ndarray) and value.dtype.kind in "OU":
        yield from _strings(value.ravel().tolist())
