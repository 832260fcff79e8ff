"""What a host did lately, in a table of fixed size: aggregates over two sliding windows.

A window keeps the running period and the one before and adds them, so it covers one to two
periods. Different peers are counted in a bitmap (linear counting, Whang et al. 1990, read as the
number of bits set), so a host that talks to a million others costs what one with two costs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

SECOND = 1_000_000_000
SHORT_NS, LONG_NS = 20 * SECOND, 300 * SECOND
BITS = 511
"""Mask of the bitmaps' positions."""

_MIX, _MIX_PORT = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F


def bit_of(address: int, port: int) -> int:
    """The bit that stands for a peer. Fixed arithmetic: the same in every process and build."""
    return 1 << ((address * _MIX + port * _MIX_PORT >> 29) & BITS)


class Period:
    """Counts within one period of a window."""

    __slots__ = (
        "answered", "dns_failed", "dns_names", "flows", "hosts", "ports", "queries", "refused",
        "services",
    )  # fmt: skip

    def __init__(self) -> None:
        self.flows = self.answered = self.refused = 0
        self.hosts = self.services = self.ports = 0
        self.queries = self.dns_failed = self.dns_names = 0


_NOTHING = Period()
"""What went before where nothing is known; never written to."""


class Window:
    """The running period and the one before it."""

    __slots__ = ("_number", "_period_ns", "before", "now")

    def __init__(self, period_ns: int, clock_ns: int) -> None:
        self._period_ns = period_ns
        self._number = clock_ns // period_ns
        self.now = Period()
        self.before = _NOTHING

    def roll(self, clock_ns: int) -> Period:
        """The running period; what came before moves on or is forgotten."""
        number = clock_ns // self._period_ns
        if number != self._number:
            self.before = self.now if number == self._number + 1 else _NOTHING
            self.now = Period()
            self._number = number
        return self.now


class Source:
    """One address as the opener of flows, in both windows."""

    __slots__ = ("long", "seen_ns", "short")

    def __init__(self, clock_ns: int) -> None:
        self.short = Window(SHORT_NS, clock_ns)
        self.long = Window(LONG_NS, clock_ns)
        self.seen_ns = clock_ns

    def opened(self, clock_ns: int, destination: int, port: int, is_answered: bool) -> None:
        """It opened a flow; one that cannot be answered (to many) counts as answered."""
        host, service, bit = bit_of(destination, 0), bit_of(destination, port), bit_of(port, 1)
        for window in (self.short, self.long):
            period = window.roll(clock_ns)
            period.flows += 1
            period.answered += is_answered
            period.hosts |= host
            period.services |= service
            period.ports |= bit

    def answered(self, clock_ns: int) -> None:
        """One of its flows was answered."""
        self.short.roll(clock_ns).answered += 1
        self.long.roll(clock_ns).answered += 1

    def refused(self, clock_ns: int) -> None:
        """One of its flows was turned away: a reset at once, or unreachable."""
        self.short.roll(clock_ns).refused += 1
        self.long.roll(clock_ns).refused += 1

    def asked(self, clock_ns: int, name_bit: int) -> None:
        """It asked the DNS for a name."""
        for window in (self.short, self.long):
            period = window.roll(clock_ns)
            period.queries += 1
            period.dns_names |= name_bit

    def not_found(self, clock_ns: int) -> None:
        """The DNS had no answer for it."""
        self.short.roll(clock_ns).dns_failed += 1
        self.long.roll(clock_ns).dns_failed += 1


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
        """The host of an address, new where it is not known."""
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
