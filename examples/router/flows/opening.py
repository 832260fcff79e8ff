"""Whether a flow's first packet opens it: who is judged, and who may be banned, rests on it.

A capture may begin in the middle, and a router may see one side alone. What only ever answers tells
who asked; of the rest it is not known. Ports do not turn a flow round: whoever scans may choose his
own, so a service's port is only a reason to doubt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from examples.router.flows.flow import ACK, ODD_STARTS, RST, SYN, is_multicast
from examples.router.flows.payload import MOST_BYTES, dns_of
from examples.router.packets.transport import FRAGMENT, ICMP, ICMP6, TCP, UDP

if TYPE_CHECKING:
    from examples.router.flows.link_control import Key

Opening = Literal["seen", "inferred", "unknown"]
"""`seen`: the first packet opens a flow. `inferred`: it answers, so its destination opened.
`unknown`: it does neither; its sender stands as the source for want of a better."""

OPENINGS: tuple[Opening, ...] = ("seen", "inferred", "unknown")

ICMP_ANSWERS = frozenset((0, 14, 16, 18, 43))
ICMP6_ANSWERS = frozenset((129, 140, 161))
"""Types of the answers to echo, timestamp, information, mask, node and extended echo requests."""

SERVICES = 1024
"""Services listen at ports below, and no client takes one by itself."""

DNS_ANSWERS = 0x80
"""In the third byte of a message: the QR bit."""

APART = 1 << 129
"""Above any `host_of`, turned over in that under which flows that were inferred are counted: else
anybody who sends a host answers that it never asked for would spoil what it is judged by."""


def opening_of(key: Key, flags: int, at: int, data: bytes | memoryview) -> Opening:
    """What a packet is to the flow that begins with it; its payload is `data[at:]`."""
    kind = key[4] & 0xFFFF
    is_part = flags >= FRAGMENT
    if kind == TCP:
        if flags & (SYN | ACK) == SYN | ACK or flags & (SYN | RST) == RST:
            return "inferred"
        if flags & (SYN | RST | ACK) == SYN:
            return "seen"
        # Without its first one, a later fragment has no flags either.
        return "seen" if flags & 0x3F in ODD_STARTS and not is_part else "unknown"
    if kind == UDP:
        if at + 2 < len(data) and data[at + 2] & DNS_ANSWERS:
            query = dns_of(bytes(data[at : at + MOST_BYTES]))
            if query is not None:
                return "unknown" if is_multicast(key[1], key[4]) else "inferred"
        return "unknown" if key[2] < SERVICES <= key[3] or not (key[2] or key[3]) else "seen"
    if kind in (ICMP, ICMP6):
        message = flags >> 8 & 0xFF
        if is_part and not flags & 0xFFFF:
            return "unknown"
        answers = ICMP_ANSWERS if kind == ICMP else ICMP6_ANSWERS
        return "inferred" if message in answers else "seen"
    return "unknown"


def is_opened_anew(key: Key, flags: int, at: int, data: bytes | memoryview) -> bool:
    """Whether a packet of the side that an answer told of opens the flow after all.

    What it opens is his own: it does not stay with what is counted apart. There anybody can put
    answers that he never asked for, and so could a friend of his before each probe of a scan. Of
    pings a reply may well be seen first, and those that follow go on with the same.
    """
    if key[4] & 0xFFFF in (ICMP, ICMP6):
        return False
    return opening_of(key, flags, at, data) == "seen"


def is_opened_by(opening: Opening, key: Key, flags: int, at: int, data: bytes | memoryview) -> bool:
    """Whether a packet of the side that did not open a flow, as it stands, opens one of its own.

    Else whoever sends an answer to nothing first would have all that he does afterwards counted
    for the one whom he does it to.
    """
    if opening == "seen":
        return False
    kind = key[4] & 0xFFFF
    if kind == UDP:
        # A name server answers with answers: other datagrams are no part of what it was asked.
        if opening != "inferred" or flags >= FRAGMENT or at + 2 >= len(data):
            return False
        query = dns_of(bytes(data[at : at + MOST_BYTES]))
        return query is None or not query.is_answer
    if kind in (ICMP, ICMP6) and opening != "inferred":
        return False
    return opening_of(key, flags, at, data) == "seen"
