"""Which ports the fragments of a datagram belong to: a bounded memory of first fragments."""

from __future__ import annotations

from examples.router.packets.transport import IDENTIFICATION_SHIFT

CAPACITY = 1024


class Fragments:
    """The ports of the last first fragments, by addresses, protocol and identification."""

    def __init__(self) -> None:
        self._ports: dict[tuple[int, int, int, int], tuple[int, int]] = {}

    def first(
        self, ends: tuple[int, int, int], flags: int, source_port: int, destination_port: int
    ) -> None:
        """A first fragment came; the oldest is forgotten where there are too many."""
        if len(self._ports) >= CAPACITY:
            del self._ports[next(iter(self._ports))]
        self._ports[(*ends, flags >> IDENTIFICATION_SHIFT)] = source_port, destination_port

    def ports(self, ends: tuple[int, int, int], flags: int) -> tuple[int, int]:
        """The ports of a later fragment, zeros where its first one was not seen."""
        return self._ports.get((*ends, flags >> IDENTIFICATION_SHIFT), (0, 0))
