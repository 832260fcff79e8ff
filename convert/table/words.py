"""Words for a text column: those of the samples and the model, and hostile ones beside them."""

from __future__ import annotations

import unicodedata
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


def _variants(word: str) -> Iterator[str]:
    yield from (word + " ", " " + word, word.upper(), word.lower(), word.swapcase())
    yield from (word[:-1], word + "\0", word * max(_LONG // max(len(word), 1), 2))
    yield from (unicodedata.normalize(form, word) for form in ("NFC", "NFD", "NFKC"))


def _walk(value: Any, seen: dict[int, Any], depth: int) -> Iterator[str]:
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
        for name in _KNOWN_IN:
            yield from _strings(attributes.get(name))
        inner = attributes.values()
    else:
        return
    for item in inner:
        yield from _walk(item, seen, depth + 1)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield str(value)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, np.ndarray) and value.dtype.kind in "OU":
        yield from _strings(value.ravel().tolist())
