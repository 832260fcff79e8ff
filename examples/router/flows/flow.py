"""The state of one flow: counts that grow with every packet, and details of the first ones."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

from examples.router.flows.hosts import BITS
from examples.router.flows.payload import (
    MOST_BYTES,
    NO_SHAPE,
    bytes_of,
    dns_of,
    dns_over_tcp,
    shape_of,
)
from examples.router.packets.transport import IPV6_FLAG, TCP, UDP

if TYPE_CHECKING:
    from examples.router.flows.hosts import Source, Target
    from examples.router.flows.opening import Opening

FIRST_ROW = 8
"""Packets after which a flow is judged first; then at 8 times as many, and at its end."""

ROW_FACTOR = 8
DETAILED = 32
"""Packets of which more than counts is kept."""

MOST_QUERIES = 8
"""Payloads of a flow in which a DNS message is looked for; more where they are ones."""

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
ODD_STARTS = frozenset((0, FIN, FIN | PSH | URG, SYN | FIN, SYN | RST, URG))
"""Flags that open no connection: null, FIN, Xmas and like probes."""

SECOND = 1_000_000_000
LINGER_NS = 3 * SECOND
"""A flow that is over or has no answer ends this long after its last packet: by then its source's
other flows have been seen, and late packets find it still."""

MIDWAY_NS = 10 * SECOND
DATAGRAMS_NS = 15 * SECOND
EXCHANGE_NS = 60 * SECOND
CONNECTION_NS = 120 * SECOND
"""Idle limits: of a connection seen from its middle on one side; of datagrams, alone and where
they are answered; of a connection."""


def is_multicast(address: int, protocol: int) -> bool:
    """Whether many are meant, of whom none need answer: multicast and IPv4's broadcasts."""
    if protocol & IPV6_FLAG:
        return address >> 120 == 0xFF
    return address >> 28 == 0xE or address & 0xFF == 0xFF


class Flow:
    """Packets both ways between two endpoints. *Up* is from the one that opened it.

    What a flow begins with is the class's own; an instance holds what has changed, so that the
    many flows of one packet cost little.
    """

    packets = up = down = bytes_up = bytes_down = 0
    payloads_up = payloads_down = largest_up = largest_down = 0
    sizes = fragments = syns = fins = resets_up = resets_down = 0
    dns_queries = dns_failed = dns_longest = dns_distinct = 0
    dns_other = 0.0
    is_answered = is_refused = is_handshake = is_malicious = odd = False
    shape_up = shape_down = NO_SHAPE
    next_row = FIRST_ROW
    looked = 1
    score = -1.0
    reasons: list[str] = []  # noqa: RUF012 - replaced, never appended to

    def __init__(
        self,
        key: tuple[int, int, int, int, int],
        clock_ns: int,
        time_ns: int,
        source_host: Source,
        target_host: Target,
        opening: Opening,
    ) -> None:
        protocol = key[4]
        self.key = key
        self.protocol = protocol & 0xFFFF
        self.opened_ns = self.seen_ns = clock_ns
        self.first_ns = self.last_ns = time_ns
        self.source_host, self.target_host = source_host, target_host
        self.opening = opening
        self.is_multicast = is_multicast(key[1], protocol)
        self.limit_ns = MIDWAY_NS if self.protocol == TCP else DATAGRAMS_NS

    def detail(self, up: bool, flags: int, size: int, at: int, data: bytes | memoryview) -> None:
        """One of the first packets, with `size` bytes of payload at `at`."""
        if flags > 0xFFFF:
            self.fragments += 1
        if up:
            self.sizes |= 1 << (size & 63)
            if size:
                self.payloads_up += 1
                if size > self.largest_up:
                    self.largest_up = size
        elif size:
            self.payloads_down += 1
            if size > self.largest_down:
                self.largest_down = size
        if size and at < len(data):
            self._payload(up, data, at)

    def _payload(self, up: bool, data: bytes | memoryview, at: int) -> None:
        number = self.payloads_up if up else self.payloads_down
        if number > MOST_QUERIES and not self.dns_queries:
            return
        payload = bytes(data[at : at + MOST_BYTES])
        if number == 1:
            if up:
                self.shape_up = shape_of(payload)
            else:
                self.shape_down = bytes_of(payload)
        if self.protocol == UDP:
            query = dns_of(payload)
        elif self.protocol == TCP:
            query = dns_over_tcp(payload)
        else:
            return
        if query is None:
            return
        if query.is_answer:
            if query.failed:
                self.dns_failed += 1
                self.source_host.not_found(self.seen_ns)
            return
        self.dns_queries += 1
        self.dns_longest = max(self.dns_longest, len(query.name))
        self.dns_distinct = max(self.dns_distinct, query.distinct)
        self.dns_other = max(self.dns_other, query.other_share)
        if not self.is_multicast:
            self.source_host.asked(self.seen_ns, 1 << (crc32(query.name) & BITS))

    def is_reopened_by(self, flags: int) -> bool:
        """Whether a packet begins a connection anew on the ports of one that is over."""
        return (
            self.protocol == TCP
            and flags & 0x17 == SYN
            and self.limit_ns == LINGER_NS
            and (self.resets_up + self.resets_down > 0 or self.fins == 3)
        )

    def connection(self, up: bool, flags: int) -> None:
        """Flags of a TCP packet that begin, answer or end a connection."""
        if flags & SYN:
            self.syns += 1
            if up and not flags & (ACK | RST):
                self.opening = "seen"
        if flags & RST:
            if up:
                self.resets_up += 1
            else:
                self.resets_down += 1
            self.limit_ns = LINGER_NS
        elif flags & FIN:
            self.fins |= 1 if up else 2
            if self.fins == 3:
                self.limit_ns = LINGER_NS
