"""Addresses and protocols as people write them."""

from __future__ import annotations

from functools import lru_cache
from socket import AF_INET, AF_INET6, inet_ntop
from typing import TYPE_CHECKING

from examples.router.packets.transport import IPV6_FLAG

if TYPE_CHECKING:
    from examples.router.flows.link_control import Key

PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 47: "gre", 50: "esp", 58: "icmp6", 132: "sctp"}


@lru_cache(4096)
def address_of(number: int, protocol: int) -> str:
    """The text of an address; the protocol says whether it is an IPv6 one."""
    if protocol & IPV6_FLAG:
        return inet_ntop(AF_INET6, number.to_bytes(16, "big"))
    return inet_ntop(AF_INET, number.to_bytes(4, "big"))


def flow_of(key: Key) -> tuple[str, str, int, int, str]:
    """Source, destination, their ports and the protocol's name."""
    source, destination, source_port, destination_port, protocol = key
    kind = protocol & 0xFFFF
    return (
        address_of(source, protocol),
        address_of(destination, protocol),
        source_port,
        destination_port,
        PROTOCOLS.get(kind, f"protocol {kind}"),
    )
