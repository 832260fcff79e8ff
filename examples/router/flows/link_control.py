"""What is not traffic between programs: the link's own questions, and errors about flows.

ARP, neighbour discovery, multicast membership: they are counted, and ARP tells which hosts a
source looks for, but they are no flows. An ICMP error belongs to the flow that it quotes.
"""

from __future__ import annotations

import struct

from examples.router.packets.transport import ICMP, ICMP6, IPV6_FLAG, TCP, UDP

IGMP = 2
_ERRORS = frozenset((3, 4, 5, 11, 12))
_ERRORS_6 = frozenset((1, 2, 3, 4))
_LINK_6 = frozenset((130, 131, 132, 133, 134, 135, 136, 137, 143))

_ipv4 = struct.Struct(">B8xBxxII").unpack_from
_ipv6 = struct.Struct(">6xBx16s16s").unpack_from
_ports = struct.Struct(">HH").unpack_from

Key = tuple[int, int, int, int, int]


def is_link_control(protocol: int, flags: int) -> bool:
    """Whether a packet without ports is the link's own."""
    kind = protocol & 0xFFFF
    return kind == IGMP or (kind == ICMP6 and (flags >> 8 & 0xFF) in _LINK_6)


def is_error(protocol: int, flags: int) -> bool:
    """Whether a packet is an ICMP error, which quotes the packet that it is about."""
    kind, message = protocol & 0xFFFF, flags >> 8 & 0xFF
    return (kind == ICMP and message in _ERRORS) or (kind == ICMP6 and message in _ERRORS_6)


def quoted(protocol: int, at: int, data: bytes | memoryview) -> Key | None:
    """The flow of the packet that an ICMP error quotes, None where it is cut short."""
    size = len(data)
    if protocol & IPV6_FLAG:
        if size < at + 40:
            return None
        inner, source_bytes, destination_bytes = _ipv6(data, at)
        source = int.from_bytes(source_bytes, "big")
        destination = int.from_bytes(destination_bytes, "big")
        at += 40
        flag = IPV6_FLAG
    else:
        if size < at + 20:
            return None
        first, inner, source, destination = _ipv4(data, at)
        at += (first & 15) << 2
        flag = 0
    if inner not in (TCP, UDP):
        return source, destination, 0, 0, inner | flag
    if size < at + 4:
        return None
    source_port, destination_port = _ports(data, at)
    return source, destination, source_port, destination_port, inner | flag
