"""The reasons that are given for a verdict, in words: each stands for a few features."""

from __future__ import annotations

from string import Formatter
from typing import NamedTuple

from examples.router.features import NAMES, Row


class Reason(NamedTuple):
    """Features that say one thing, and how it is told of a flow."""

    text: str
    features: tuple[str, ...]


REASONS = (
    Reason(
        "its source opened {recent_flows:.0f} flows in half a minute, "
        "{lasting_flows:.0f} in some minutes",
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
        "{recent_failed:.0f} flows of its source, {recent_failed_share:.0%}, "
        "got no answer or a refusal",
        ("recent_failed", "recent_failed_share", "lasting_failed", "lasting_failed_share",
         "unanswered"),
    ),
    Reason(
        "{recent_turned_away:.0f} flows of its source were refused: reset at once, or unreachable",
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
    Reason("{half_open:.0f} handshakes at its target got no answer or a refusal", ("half_open",)),
    Reason(
        "{code_target:.0f} quotes, brackets and the like in its request's first line, "
        "{meta_rest:.0f} of the rarer ones after it",
        ("code_target", "meta_rest"),
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
    Reason(
        "its protocol (1 is yes): {tcp:.0f} TCP, {udp:.0f} UDP, {icmp:.0f} ICMP, "
        "{multicast:.0f} to many, {fragments:.0%} in fragments",
        ("tcp", "udp", "icmp", "multicast", "fragments"),
    ),
)  # fmt: skip

COLUMNS = [tuple(NAMES.index(name) for name in reason.features) for reason in REASONS]
"""Of each reason: where its features stand in a row."""


def told(number: int, row: Row) -> str:
    """A reason, by its number, in the words and the numbers of a row."""
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
