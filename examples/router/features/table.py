"""Every feature: its unit, what it means, and why the host that is judged cannot simply set it.

No port, address, TTL, window size or pause between packets is among them: they tell which
capture it is, not what is done. *Up* is from the host that opened the flow.
"""

from __future__ import annotations

from typing import NamedTuple


class Feature(NamedTuple):
    """One column of the rows."""

    name: str
    unit: str
    meaning: str
    robust: str
    ordinary: float
    """What a quiet flow of a quiet host has: the value that `why` puts in its place."""

    trend: int = 0
    """1 where more of it must never lower the score: training is held to it."""


_PROTOCOL = "the service that is talked to decides it"
_WORK = "it is the transfer itself: less of it is less of the attack"
_PEER = "the other side decides it"
_SHAPE = "what is sent must say what it says, and padding shows in other columns"
_DNS = "a tunnel has to put its bytes there: less in each is a slower tunnel"
_MANY = "counted here over all its flows: fewer is less of the attack"


def _f(
    name: str, unit: str, meaning: str, robust: str, ordinary: float = 0.0, trend: int = 0
) -> Feature:
    return Feature(name, unit, meaning, robust, ordinary, trend)


_FLOW = (
    _f("tcp", "0 or 1", "it is TCP", _PROTOCOL, 1.0),
    _f("udp", "0 or 1", "it is UDP", _PROTOCOL),
    _f("icmp", "0 or 1", "it is ICMP or ICMPv6, and no error about another flow", _PROTOCOL),
    _f("multicast", "0 or 1", "it is meant for many, who need not answer", _PROTOCOL),
    _f("packets_up", "packets", "sent by the opener", _WORK, 6.0),
    _f("packets_down", "packets", "sent back", _PEER, 6.0),
    _f("bytes_up", "bytes", "payload sent by the opener, as the headers say", _WORK, 600.0),
    _f("bytes_down", "bytes", "payload sent back", _PEER, 3000.0),
    _f("mean_up", "bytes a packet", "payload of a packet up", _WORK, 100.0),
    _f("mean_down", "bytes a packet", "payload of a packet down", _PEER, 500.0),
    _f("largest_up", "bytes", "largest payload up of the first 32 packets", _WORK, 500.0),
    _f("largest_down", "bytes", "largest payload down of the first 32 packets", _PEER, 1300.0),
    _f("payloads_up", "share", "of the first 32 packets, up with payload", _WORK, 0.2),
    _f("payloads_down", "share", "of the first 32 packets, down with payload", _PEER, 0.3),
    _f("sizes_up", "sizes", "different payload sizes up, modulo 64", _SHAPE, 3.0),
    _f("packet_rate", "packets/s", "packets over its seconds plus one", _WORK, 6.0, 1),
    _f("unanswered", "0 or 1", "nothing but refusals came back, and one was meant", _PEER, 0.0, 1),
    _f("refused", "0 or 1", "reset at once, or an ICMP error came for it", _PEER, 0.0, 1),
    _f("syns", "packets", "SYN flags either way", "opening takes one each way", 2.0),
    _f("resets_up", "packets", "RST flags up", "a half-open scan resets what is answered"),
    _f("resets_down", "packets", "RST flags down", _PEER),
    _f("fins", "sides", "that said FIN", _PEER, 2.0),
    _f("odd_start", "0 or 1", "first flags that open nothing: null, FIN, Xmas", _PROTOCOL, 0.0, 1),
    _f("fragments", "share", "of the first 32 packets, fragments", _WORK),
    _f("text_up", "share", "of the first payload up, bytes of text", _SHAPE, 0.3),
    _f("distinct_up", "share", "different byte values in it, of the possible ones", _SHAPE, 0.5),
    _f("code_target", "characters", "of code (quotes, brackets) in a request line", _SHAPE, 0.0, 1),
    _f("meta_rest", "characters", "of code, the rarer ones, behind that line", _SHAPE, 0.0, 1),
    _f("text_down", "share", "of the first payload down, bytes of text", _PEER, 0.3),
    _f("distinct_down", "share", "different byte values in it", _PEER, 0.5),
    _f("dns_queries", "messages", "DNS questions on any port, of 32 packets", _DNS, 0.0, 1),
    _f("dns_failed", "messages", "DNS answers that are errors", _PEER, 0.0, 1),
    _f("dns_name", "bytes", "longest name asked for", _DNS, 0.0, 1),
    _f("dns_other", "share", "of its longest label, characters that are no letters", _DNS),
    _f("dns_distinct", "characters", "different ones in that label", _DNS, 0.0, 1),
    _f("half_open", "handshakes", "its target left open lately, and this one", _PEER, 0.0, 1),
)  # fmt: skip

_SOURCE = (
    _f("flows", "flows", "that the source opened", _MANY, 5.0, 1),
    _f("hosts", "bits", "different hosts it opened them to, of a bitmap of 512", _MANY, 3.0, 1),
    _f("services", "bits", "different hosts and ports it opened them to", _MANY, 4.0, 1),
    _f("ports", "bits", "different ports it opened them to", _MANY, 2.0, 1),
    _f("repeats", "flows a service", "flows over services: guessing comes back", _MANY, 1.2, 1),
    _f("failed", "flows", "that nobody answered", _PEER, 0.0, 1),
    _f("failed_share", "share", "of its flows, those", _PEER, 0.0, 1),
    _f("turned_away", "flows", "reset at once or unreachable", _PEER, 0.0, 1),
    _f("questions", "messages", "DNS questions it asked", _MANY, 1.0, 1),
    _f("names", "bits", "different names in them, of a bitmap of 512", _MANY, 1.0, 1),
    _f("not_found", "share", "of its questions, those answered with an error", _PEER, 0.0, 1),
)  # fmt: skip


def _over(prefix: str, seconds: str) -> tuple[Feature, ...]:
    return tuple(
        one._replace(name=f"{prefix}_{one.name}", meaning=f"{one.meaning}, in the last {seconds}")
        for one in _SOURCE
    )


FEATURES = (*_FLOW, *_over("recent", "20 to 40 s"), *_over("lasting", "5 to 10 min"))
"""In the order of the row."""

NAMES = tuple(one.name for one in FEATURES)
"""What the bundle's contract must name its columns."""
