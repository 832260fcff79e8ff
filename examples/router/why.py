"""Why a flow is called malicious: which of its numbers the score rests on.

Each reason stands for a few features that say one thing. The model is asked again with those set
to what is ordinary, and with all others set to it: what the score loses and gains is its weight.
"""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING, NamedTuple

from examples.router.features import FEATURES, NAMES, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Reason(NamedTuple):
    """Features that say one thing, and how it is told of a flow."""

    text: str
    features: tuple[str, ...]


REASONS = (
    Reason(
        "its source opened {recent_flows:.0f} flows in half a minute, {lasting_flows:.0f} in some",
        ("recent_flows", "lasting_flows"),
    ),
    Reason(
        "its source went to about {recent_services:.0f} services of {recent_hosts:.0f} hosts",
        ("recent_hosts", "recent_services", "recent_ports", "lasting_hosts", "lasting_services",
         "lasting_ports"),
    ),
    Reason(
        "its source comes back to one service, {recent_repeats:.0f} flows to each",
        ("recent_repeats", "lasting_repeats"),
    ),
    Reason(
        "nobody answered {recent_failed:.0f} flows of its source, {recent_failed_share:.0%}",
        ("recent_failed", "recent_failed_share", "lasting_failed", "lasting_failed_share",
         "unanswered"),
    ),
    Reason(
        "{recent_turned_away:.0f} flows of its source were turned away",
        ("recent_turned_away", "lasting_turned_away", "refused", "resets_down"),
    ),
    Reason(
        "its source asked for {lasting_names:.0f} names, {lasting_not_found:.0%} not found",
        ("recent_questions", "recent_names", "recent_not_found", "lasting_questions",
         "lasting_names", "lasting_not_found", "dns_failed"),
    ),
    Reason(
        "names of {dns_name:.0f} bytes, {dns_distinct:.0f} different characters in a label",
        ("dns_name", "dns_other", "dns_distinct", "dns_queries"),
    ),
    Reason("{half_open:.0f} handshakes wait at its target", ("half_open",)),
    Reason(
        "{meta_target:.0f} characters of code in the request's line, {meta_rest:.0f} behind it",
        ("meta_target", "meta_rest"),
    ),
    Reason(
        "what it says first: {text_up:.0%} text, {distinct_up:.0%} different bytes",
        ("text_up", "distinct_up", "text_down", "distinct_down"),
    ),
    Reason(
        "{packets_up:.0f} packets up and {packets_down:.0f} down, {packet_rate:.0f} a second",
        ("packets_up", "packets_down", "packet_rate"),
    ),
    Reason(
        "{mean_up:.0f} bytes a packet up, {mean_down:.0f} down, {sizes_up:.0f} sizes",
        ("bytes_up", "bytes_down", "mean_up", "mean_down", "largest_up", "largest_down",
         "payloads_up", "payloads_down", "sizes_up"),
    ),
    Reason(
        "flags: {syns:.0f} SYN, {resets_up:.0f} RST, {fins:.0f} sides said FIN",
        ("syns", "resets_up", "fins", "odd_start"),
    ),
    Reason("the protocol", ("tcp", "udp", "icmp", "multicast", "fragments")),
)  # fmt: skip

MOST = 3
"""Reasons given for one flow."""

LEAST_WEIGHT = 0.02
MOST_REMEMBERED = 4096
MOST_TOLD = 20
"""Flows of one source that are explained within a second: a flood's next one says the same."""

UNTOLD = [f"not explained: its source has had {MOST_TOLD} flows explained in this second"]
SECOND = 1_000_000_000
_UNANSWERED = NAMES.index("unanswered")

_COLUMNS = [tuple(NAMES.index(name) for name in reason.features) for reason in REASONS]


class Why:
    """Ranks the reasons with the model's own scores."""

    def __init__(self, scores: Callable[[Sequence[Row]], Sequence[float]]) -> None:
        self._scores = scores
        self._ranked: dict[tuple[float, ...], tuple[int, ...]] = {}

    def __call__(self, row: Row, score: float) -> list[str]:
        """The strongest reasons first.

        Flows of one protocol with the same score to a hundredth share the ranking, so that a
        flood of them does not ask the model fifteen times for each; the numbers are their own.
        """
        alike = (round(score, 2), *row[:3], row[_UNANSWERED])
        ranked = self._ranked.get(alike)
        if ranked is None:
            if len(self._ranked) >= MOST_REMEMBERED:
                self._ranked.clear()
            ranked = self._ranked[alike] = self._rank(row, score)
        return [_told(number, row) for number in ranked]

    def _rank(self, row: Row, score: float) -> tuple[int, ...]:
        """By the mean of two differences: the flow without the reason, and the reason alone.

        The first misses what two reasons say alike, the second what takes two to tell.
        """
        quiet = tuple(one.ordinary for one in FEATURES)
        asked: list[Row] = [quiet]
        asked += [_replaced(row, columns, quiet) for columns in _COLUMNS]
        asked += [_replaced(quiet, columns, row) for columns in _COLUMNS]
        scores = self._scores(asked)
        number = len(REASONS)
        without, alone = scores[1 : 1 + number], scores[1 + number :]
        weights = [score - a + b - scores[0] for a, b in zip(without, alone, strict=True)]
        order = sorted(range(number), key=lambda one: -weights[one])
        strong = [one for one in order if weights[one] >= LEAST_WEIGHT]
        return tuple((strong or order[:1])[:MOST])


class Told:
    """Counts the flows of each source that were explained in the running second."""

    def __init__(self) -> None:
        self._second = -1
        self._flows: dict[int, int] = {}

    def allows(self, source: int, time_ns: int) -> bool:
        """Whether one more flow of a source is to be explained, which counts it."""
        second = time_ns // SECOND
        if second != self._second or len(self._flows) >= MOST_REMEMBERED:
            self._second = second
            self._flows.clear()
        before = self._flows.get(source, 0)
        if before >= MOST_TOLD:
            return False
        self._flows[source] = before + 1
        return True


def _replaced(row: Row, columns: tuple[int, ...], by: Row) -> Row:
    changed = list(row)
    for column in columns:
        changed[column] = by[column]
    return tuple(changed)


def _told(number: int, row: Row) -> str:
    text, columns = _TEXTS[number]
    return text.format(*[row[column] for column in columns])


def _by_position(text: str) -> tuple[str, tuple[int, ...]]:
    """The text with numbered places, and the columns that fill them."""
    parts = list(Formatter().parse(text))
    columns = tuple(NAMES.index(name) for _, name, _, _ in parts if name is not None)
    places = "".join(
        before + ("" if name is None else f"{{:{style}}}") for before, name, style, _ in parts
    )
    return places, columns


_TEXTS = [_by_position(reason.text) for reason in REASONS]
