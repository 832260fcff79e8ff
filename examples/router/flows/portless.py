"""Packets without ports: which belong to a flow all the same, and which are the link's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from examples.router.flows.fragments import Fragments
from examples.router.flows.link_control import is_error, is_link_control, quoted
from examples.router.packets import Problems
from examples.router.packets.transport import ARP_PROTOCOL, LATER_FRAGMENT

if TYPE_CHECKING:
    from examples.router.flows.link_control import Key
    from examples.router.packets import Packet


@dataclass
class Counters:
    """What a table saw. Evictions say that it was too small for the traffic."""

    packets: int = 0
    unread: int = 0
    link_control: int = 0
    errors: int = 0
    flows: int = 0
    rows: int = 0
    evicted: int = 0
    most_flows: int = 0
    clock_steps: int = 0


class Portlesses(Protocol):
    """What of the counters is counted here."""

    link_control: int
    errors: int


class Portless:
    """What every flow table does alike, at the clock that its frame has brought."""

    def __init__(self) -> None:
        self.problems = Problems()
        self._fragments = Fragments()

    def first_fragment(self, packet: Packet) -> None:
        """Keep the ports for the fragments that follow."""
        source, destination, source_port, destination_port, protocol, flags, _, _ = packet
        ends = (source, destination, protocol)
        self._fragments.first(ends, flags, source_port, destination_port)

    def without_ports(
        self, packet: Packet, data: bytes | memoryview, counters: Portlesses
    ) -> tuple[int, int] | None:
        """The ports under which a packet without ports counts; None where it is no flow's."""
        source, destination, _, _, protocol, flags, _, at = packet
        if protocol == ARP_PROTOCOL:
            counters.link_control += 1
            if flags == 1 and source != destination:
                self._looked_for(source, destination)
            return None
        if is_link_control(protocol, flags):
            counters.link_control += 1
            return None
        if flags & LATER_FRAGMENT:
            return self._fragments.ports((source, destination, protocol), flags)
        if is_error(protocol, flags):
            counters.errors += 1
            key = quoted(protocol, at, data)
            # An error goes to whoever sent what it quotes.
            if key is not None and key[0] == destination:
                self._failed(key)
            return None
        return 0, 0

    def _looked_for(self, source: int, destination: int) -> None:
        """An ARP request: its sender looks for a host."""
        raise NotImplementedError

    def _failed(self, key: Key) -> None:
        """An ICMP error came for a flow: it counts where nobody has answered, for anybody may send
        one, and who has answered is there.
        """
        raise NotImplementedError
