"""Why a flow is called malicious: which of its numbers the score rests on.

Each reason stands for a few features that say one thing. The model is asked again with those set
to what is ordinary, and with all others set to it: what the score loses and gains is its weight.

Which reasons are given, and in which order, is a function of the flow's row and the model: what was
explained before is remembered to save work and changes no answer.
"""

from __future__ import annotations

from itertools import islice
from math import log2
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from examples.router.features import FEATURES, NAMES, Row
from examples.router.reasons import COLUMNS, REASONS, told
from examples.router.verdicts import LEFT_OUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


MOST = 3
"""Reasons given for one flow."""

LEAST_WEIGHT = 0.02
WEIGHT_DIGITS = 6
"""An engine's last digits may depend on what it is asked with; the order of reasons must not."""

NEAR = 0.2
"""A row has the reasons of its kind where the two scores are no farther apart."""

MOST_REMEMBERED = 2048
MOST_NUMBERS = 4096
MOST_TOLD = 5
"""Flows of one source that are explained within a second: a flood's next one says the same."""

MOST_KINDS = 500
"""Kinds of flows that are explained within a second, some 50 ms of work."""

UNTOLD = [
    f"{LEFT_OUT}: they are given for {MOST_TOLD} flows of a source within a second, and for "
    f"{MOST_REMEMBERED:,} sources"
]
UNTOLD_KIND = [f"{LEFT_OUT}: they are given for {MOST_KINDS} kinds of flows within a second"]
SECOND = 1_000_000_000

Kind = bytes
"""A row in round numbers, as the bytes of its doubles: these are hashed and compared quickly."""

_Part = tuple[int, tuple[float, ...]]
"""A reason, and the numbers of its features."""


class _Rounded(dict[float, float]):
    """The nearest power of four; of what is at most one the nearest half. Remembered: most numbers
    of most rows are few, and this is done for each."""

    def __missing__(self, value: float) -> float:
        if len(self) >= MOST_NUMBERS:
            self.clear()
        found = round(2.0 * value) / 2.0 if value <= 1.0 else 4.0 ** round(log2(value) / 2.0)
        self[value] = found
        return found


_doubles = Struct(f"{len(NAMES)}d")
_round = _Rounded().__getitem__
_QUIET = tuple(one.ordinary for one in FEATURES)
_ROUND_QUIET = tuple(map(_round, _QUIET))
_QUIET_PARTS = [tuple(_QUIET[column] for column in columns) for columns in COLUMNS]


def kind_of(row: Row) -> Kind:
    """The row in round numbers."""
    return _doubles.pack(*map(_round, row))


def own_kind(row: Row) -> Kind:
    """The row itself, as a kind of its own."""
    return _doubles.pack(*row)


def _plain(kind: Kind) -> Row:
    """The round numbers; what is ordinary but for the rounding is ordinary."""
    return tuple(map(_ordinary, _doubles.unpack(kind), _ROUND_QUIET, _QUIET))


def _ordinary(value: float, ordinary: float, quiet: float) -> float:
    return quiet if value == ordinary else value


class _Ranked(NamedTuple):
    """What is known of a kind: its score, and its reasons by their numbers."""

    score: float
    reasons: tuple[int, ...]


class Why:
    """Ranks the reasons with the model's own scores."""

    def __init__(self, scores: Callable[[Sequence[Row]], Sequence[float]]) -> None:
        self._scores = scores
        self._ranked: dict[Kind, _Ranked] = {}
        self._alone: dict[_Part, float] = {}
        """Of the numbers of one reason: the score of a flow that is ordinary otherwise."""

    def __call__(self, row: Row, kind: Kind) -> list[str]:
        """The strongest reasons first, of a row and its kind."""
        if kind not in self._ranked:
            self.learn([kind])
        return [told(number, row) for number in self._ranked[kind].reasons]

    def kinds(self, rows: Sequence[Row], scores: Sequence[float]) -> list[Kind]:
        """The kind of each row: it in round numbers, or where these have another score, itself.

        Flows of one kind have the same reasons, so that a flood does not ask the model for each;
        the numbers that are told are a flow's own. On recordings 1 % of the rows are kinds of their
        own; to rank each row anew triples the time of a replay.
        """
        found = [kind_of(row) for row in rows]
        self.learn(found)
        ranked, has_own = self._ranked, False
        for at, (row, score) in enumerate(zip(rows, scores, strict=True)):
            if abs(ranked[found[at]].score - score) > NEAR:
                found[at] = own_kind(row)
                has_own = True
        if has_own:
            self.learn(found)
        return found

    def learn(self, kinds: Iterable[Kind]) -> None:
        """Rank the reasons of kinds that are not known yet, with one question to the model."""
        asked_of = dict.fromkeys(kinds)
        for known in (self._ranked, self._alone):
            if len(known) + len(asked_of) > MOST_REMEMBERED:
                known.clear()
        new = [(kind, _plain(kind)) for kind in asked_of if kind not in self._ranked]
        if not new:
            return
        parts = [_odd_parts(row) for _, row in new]
        asked = [row for _, row in new]
        for (_, row), odd in zip(new, parts, strict=True):
            asked += [_replaced(row, COLUMNS[part[0]], _QUIET_PARTS[part[0]]) for part in odd]
        alone = dict.fromkeys(part for odd in parts for part in odd if part not in self._alone)
        asked += [_replaced(_QUIET, COLUMNS[number], values) for number, values in alone]
        found = iter(self._scores([_QUIET, *asked]))
        quiet, whole = next(found), list(islice(found, len(new)))
        without = [list(islice(found, len(odd))) for odd in parts]
        self._alone.update(zip(alone, found, strict=True))
        for (kind, _), score, odd, less in zip(new, whole, parts, without, strict=True):
            self._ranked[kind] = _Ranked(score, _strongest({
                part[0]: round(score - one + self._alone[part] - quiet, WEIGHT_DIGITS)
                for part, one in zip(odd, less, strict=True)
            }))  # fmt: skip


def _odd_parts(row: Row) -> list[_Part]:
    """Of each reason whose numbers are not ordinary: which it is, and these."""
    parts = [(one, tuple([row[at] for at in columns])) for one, columns in enumerate(COLUMNS)]
    return [part for part, ordinary in zip(parts, _QUIET_PARTS, strict=True) if part[1] != ordinary]


def _strongest(weights: dict[int, float]) -> tuple[int, ...]:
    """Reasons by the mean of two differences: the flow without it, and it alone.

    The first misses what two reasons say alike, the second what takes two to tell.
    """
    order = sorted(range(len(REASONS)), key=lambda one: -weights.get(one, 0.0))
    strong = [one for one in order if weights.get(one, 0.0) >= LEAST_WEIGHT]
    return tuple((strong or order[:1])[:MOST])


class Told:
    """Counts what was explained in the running second, of each source and of kinds of flows."""

    def __init__(self) -> None:
        self._second = -1
        self._flows: dict[int, int] = {}
        self._kinds: set[Kind] = set()

    def has_room(self, source: int, time_ns: int) -> bool:
        """Whether one more flow of a source may be explained, by a clock that does not go back."""
        second = time_ns // SECOND
        if second != self._second:
            self._second = second
            self._flows.clear()
            self._kinds.clear()
        if len(self._flows) >= MOST_REMEMBERED and source not in self._flows:
            return False
        return self._flows.get(source, 0) < MOST_TOLD

    def takes(self, source: int, kind: Kind) -> bool:
        """Whether it may where it is of this kind, which counts it."""
        if kind not in self._kinds:
            if len(self._kinds) >= MOST_KINDS:
                return False
            self._kinds.add(kind)
        self._flows[source] = self._flows.get(source, 0) + 1
        return True


def _replaced(row: Row, columns: tuple[int, ...], by: Row) -> Row:
    """The row with other numbers in some columns."""
    changed = list(row)
    for column, value in zip(columns, by, strict=True):
        changed[column] = value
    return tuple(changed)
