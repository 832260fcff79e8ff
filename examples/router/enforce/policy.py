"""When a source is banned: pure rules, no clock and no file of their own.

One verdict bans nobody. A model that flags one benign flow in a hundred would otherwise cut off
every busy host within minutes; attackers open many flows, so it takes several verdicts within a
window, and they must be most of its latest flows.
"""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address
    Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MOST_SOURCES = 8192
"""Sources remembered at once; the longest unheard is forgotten first."""

FLOWS_PER_STRIKE = 64
"""At most so many flows of a source are remembered for each strike of the policy."""

MOST_FLOWS = 32_768
"""Flows of all sources, or of one, that are remembered at once, some 6 MB."""

MOST_REASONS, MOST_LETTERS = 3, 200
"""Of one flow of a source are remembered, for the ban that a later flow makes."""

MOST_BAN_SECONDS = 99_999_999
"""nft takes a number of at most eight digits before the unit: three years."""


@dataclass(frozen=True)
class Policy:
    """The bounds of enforcement."""

    ban_seconds: int = 600
    """After this a ban ends by itself, whatever has become of this program."""

    strikes: int = 8
    """Malicious flows within the window that make a ban."""

    share: float = 2 / 3
    """The strikes must be at least this part of the source's latest flows: eight of twelve."""

    window_seconds: float = 60.0
    """What is older does not count."""

    bans_per_minute: int = 30
    """More than these are not banned: a model gone wrong must not cut off a network."""

    most_bans: int = 4096
    """Elements of a set; further bans fail, and the network stays open for them."""

    both_ways: bool = False
    """Whether all traffic passes here in both directions. Then a datagram that nobody asked for has
    been opened by its sender, once what was under way before the program is over."""

    settled_seconds: float = 120.0
    """By then it is: no flow of datagrams is idle for longer."""

    def __post_init__(self) -> None:
        if self.ban_seconds < 1 or self.strikes < 1 or self.bans_per_minute < 1:
            raise ValueError("ban_seconds, strikes and bans_per_minute are at least 1")
        if self.ban_seconds > MOST_BAN_SECONDS:
            raise ValueError(f"ban_seconds is at most {MOST_BAN_SECONDS}, which nft still takes")
        if self.strikes > MOST_FLOWS:
            raise ValueError(f"strikes is at most {MOST_FLOWS}, the flows that are remembered")
        if not 0.0 <= self.share <= 1.0 or self.window_seconds <= 0 or self.most_bans < 1:
            raise ValueError("share is in 0..1; window_seconds and most_bans are positive")

    @property
    def among(self) -> int:
        """So many of a source's latest flows count."""
        most = min(FLOWS_PER_STRIKE * self.strikes, MOST_FLOWS)
        if self.share * most <= self.strikes:
            return most
        return min(math.ceil(self.strikes / self.share - 1e-9), most)  # 8 / (2 / 3) is over 12


class Strikes:
    """Counts the flows of each source within the window, in bounded memory.

    A flow counts once, by what was said of it last: it may be called malicious while it goes on
    and again when it ends.
    """

    def __init__(self, policy: Policy, most_sources: int = MOST_SOURCES) -> None:
        self._policy, self._most = policy, most_sources
        self._heard: OrderedDict[str, Heard] = OrderedDict()
        self._flows = 0

    def add(self, source: str, flow: Hashable, malicious: bool, now: float) -> bool:
        """Count one verdict; say whether the source has earned a ban."""
        heard = self._heard.get(source)
        if heard is None:
            heard = self._heard[source] = Heard()
        self._heard.move_to_end(source)
        before = len(heard.flows)
        heard.add(hash(flow), malicious, now)
        heard.forget(now - self._policy.window_seconds, self._policy.among)
        self._flows += len(heard.flows) - before
        while len(self._heard) > self._most or (self._flows > MOST_FLOWS and len(self._heard) > 1):
            _, gone = self._heard.popitem(last=False)
            self._flows -= len(gone.flows)
        return heard.against >= self._policy.strikes

    def explain(self, source: str, why: Sequence[str]) -> None:
        """Remember the reasons of the malicious flow that was counted last.

        Not of a source's first one: a flood from invented sources is nothing but first ones.
        """
        heard = self._heard[source]
        if heard.against > 1:
            heard.why = tuple(one[:MOST_LETTERS] for one in why[:MOST_REASONS])

    def why(self, source: str) -> tuple[str, ...]:
        """The reasons that were given last of a source's flows, if any were."""
        heard = self._heard.get(source)
        return () if heard is None else heard.why

    def forget(self, source: str) -> None:
        """Begin anew with a source, as after its ban."""
        gone = self._heard.pop(source, None)
        if gone is not None:
            self._flows -= len(gone.flows)

    def __len__(self) -> int:
        return len(self._heard)


class Heard:
    """The flows of one source, the latest last, and how many of them are malicious."""

    def __init__(self) -> None:
        self.flows: OrderedDict[int, tuple[float, bool]] = OrderedDict()
        self.against = 0
        self.why: tuple[str, ...] = ()

    def add(self, flow: int, malicious: bool, now: float) -> None:
        """Add a flow, or say anew what it is."""
        _, before = self.flows.pop(flow, (now, False))
        self.flows[flow] = now, malicious
        self.against += malicious - before

    def forget(self, before: float, most: int) -> None:
        """Forget flows of earlier than `before`, and the oldest beyond `most`."""
        while self.flows:
            time, malicious = next(iter(self.flows.values()))
            if time >= before and len(self.flows) <= most:
                return
            self.flows.popitem(last=False)
            self.against -= malicious


class Rate:
    """At most so many events in any sixty seconds."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._times: deque[float] = deque()

    def has_room(self, now: float) -> bool:
        """May one more happen now?"""
        while self._times and self._times[0] <= now - 60.0:
            self._times.popleft()
        return len(self._times) < self._most

    def count(self, now: float) -> None:
        """One happens now."""
        self._times.append(now)

    def give_back(self) -> None:
        """The last one that was counted did not happen."""
        self._times.pop()


def parse_source(source: str) -> Address | None:
    """The address of a verdict's source; None for what is no address of a single host."""
    try:
        address = ipaddress.ip_address(source.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    no_host = (
        address.is_multicast or address.is_unspecified or address.is_loopback
        or address.is_link_local or address == ipaddress.IPv4Address("255.255.255.255")
    )  # fmt: skip
    return None if no_host else address


def within(address: Address, networks: Iterable[Network]) -> Network | None:
    """The network of the allow-list that holds an address."""
    return next((one for one in networks if address in one), None)
