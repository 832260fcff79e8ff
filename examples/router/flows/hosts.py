"""What a host did lately, in a table of fixed size: aggregates over two sliding windows.

A window keeps the running period and the one before and adds them, so it covers one to two
periods. Different peers are counted in a bitmap (linear counting, Whang et al. 1990, read as the
number of bits set), so a host that talks to a million others costs what one with two costs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from examples.router.packets.transport import IPV6_FLAG

if TYPE_CHECKING:
    from collections.abc import Callable

SECOND = 1_000_000_000
SHORT_NS = 20 * SECOND
SHORTS_A_LONG = 15
BITS = 511
"""Mask of the bitmaps' positions."""

_FAMILY_SHIFT = 112
"""From `IPV6_FLAG` to the bit above an address."""

_MIX, _MIX_PORT = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F


def host_of(address: int, protocol: int) -> int:
    """An address with its family: IPv4's are not those of ::/96, which anybody may write."""
    return address | (protocol & IPV6_FLAG) << _FAMILY_SHIFT


def bit_of(address: int, port: int) -> int:
    """The bit that stands for a peer. Fixed arithmetic: the same in every process and build."""
    return 1 << ((address * _MIX + port * _MIX_PORT >> 29) & BITS)


class Period:
    """Counts within one period of a window; what it begins with is the class's own."""

    flows = answered = refused = 0
    hosts = services = ports = 0
    queries = dns_failed = dns_names = 0

    def add(self, other: Period) -> None:
        """Put the counts of another period to these."""
        self.flows += other.flows
        self.answered += other.answered
        self.refused += other.refused
        self.hosts |= other.hosts
        self.services |= other.services
        self.ports |= other.ports
        self.queries += other.queries
        self.dns_failed += other.dns_failed
        self.dns_names |= other.dns_names


_NOTHING = Period()
"""What went before where nothing is known; never written to."""


class Source:
    """One address as the opener of flows.

    Only the running short period is counted into; when it is over it is the one before, and goes
    into the long one, which holds a whole number of short ones.
    """

    __slots__ = ("_number", "before", "long", "long_before", "now", "seen_ns")

    def __init__(self, clock_ns: int) -> None:
        self._number = clock_ns // SHORT_NS
        self.now = Period()
        self.before = self.long = self.long_before = _NOTHING
        self.seen_ns = clock_ns

    def roll(self, clock_ns: int) -> Period:
        """The running short period, after moving on what is over."""
        number = clock_ns // SHORT_NS
        if number != self._number:
            self._move_on(number)
        return self.now

    def _move_on(self, number: int) -> None:
        if self.long is _NOTHING:
            self.long = Period()
        self.long.add(self.now)
        passed = number // SHORTS_A_LONG - self._number // SHORTS_A_LONG
        if passed:
            self.long_before = self.long if passed == 1 else _NOTHING
            self.long = _NOTHING
        self.before = self.now if number == self._number + 1 else _NOTHING
        self.now = Period()
        self._number = number

    def opened(self, clock_ns: int, destination: int, port: int, is_answered: bool) -> None:
        """It opened a flow; one that cannot be answered (to many) counts as answered."""
        period = self.roll(clock_ns)
        period.flows += 1
        if is_answered:
            period.answered += 1
        period.hosts |= bit_of(destination, 0)
        period.services |= bit_of(destination, port)
        period.ports |= bit_of(port, 1)

    def answered(self, clock_ns: int) -> None:
        """One of its flows was answered."""
        self.roll(clock_ns).answered += 1

    def refused(self, clock_ns: int) -> None:
        """One of its flows was turned away: a reset at once, or unreachable."""
        self.roll(clock_ns).refused += 1

    def asked(self, clock_ns: int, name_bit: int) -> None:
        """It asked the DNS for a name."""
        period = self.roll(clock_ns)
        period.queries += 1
        period.dns_names |= name_bit

    def not_found(self, clock_ns: int) -> None:
        """The DNS had no answer for it."""
        self.roll(clock_ns).dns_failed += 1


class Target:
    """One address as what flows are opened to: handshakes that it has not answered."""

    __slots__ = ("_before", "_now", "_number", "seen_ns")

    def __init__(self, clock_ns: int) -> None:
        self._number = clock_ns // SHORT_NS
        self._now = self._before = 0
        self.seen_ns = clock_ns

    def handshake(self, clock_ns: int, number: int) -> None:
        """One began (1) or was answered (-1)."""
        self._roll(clock_ns)
        self._now += number

    def half_open(self, clock_ns: int) -> int:
        """Begun and not answered, in the short window."""
        self._roll(clock_ns)
        return max(self._now + self._before, 0)

    def _roll(self, clock_ns: int) -> None:
        number = clock_ns // SHORT_NS
        if number != self._number:
            self._before = self._now if number == self._number + 1 else 0
            self._now = 0
            self._number = number


H = TypeVar("H", Source, Target)


class Hosts(Generic[H]):
    """At most `capacity` hosts; the ones that were quiet for longest make room."""

    def __init__(self, kind: Callable[[int], H], capacity: int) -> None:
        self._new: Callable[[int], H] = kind
        self._capacity = capacity
        self._hosts: dict[int, H] = {}
        self.evicted = 0

    def __len__(self) -> int:
        return len(self._hosts)

    def get(self, address: int, clock_ns: int) -> H:
        """The host of an address with its family, new where it is not known."""
        host = self._hosts.get(address)
        if host is None:
            if len(self._hosts) >= self._capacity:
                self._make_room()
            host = self._hosts[address] = self._new(clock_ns)
        else:
            host.seen_ns = clock_ns
        return host

    def _make_room(self) -> None:
        """A sixteenth goes at once, so that looking for the quietest is paid seldom."""
        number = max(self._capacity // 16, 1)
        hosts = self._hosts
        for address in sorted(hosts, key=lambda one: hosts[one].seen_ns)[:number]:
            del hosts[address]
        self.evicted += number
