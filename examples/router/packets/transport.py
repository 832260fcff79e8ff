"""The layer above IP: ports, flags and how much payload there was on the wire."""

from __future__ import annotations

import struct

Packet = tuple[int, int, int, int, int, int, int, int]
"""Source and destination address, source and destination port, protocol (plus `IPV6_FLAG`),
flags, bytes of payload on the wire, and where the payload begins in the captured bytes.

The flags are TCP's, or ICMP's type * 256 + code, or 1 for an ARP request and 2 for its answer;
`FRAGMENT`, `LATER_FRAGMENT` and the datagram's identification stand above them.
"""

ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
ARP_PROTOCOL = 0x806
"""Stands for ARP where IP has its protocol number."""

IPV6_FLAG = 0x10000
"""Added to the protocol, so that no address of one version equals one of the other."""

FRAGMENT, LATER_FRAGMENT, IDENTIFICATION_SHIFT = 1 << 16, 1 << 17, 18

_ports_length = struct.Struct(">HHH").unpack_from
_tcp = struct.Struct(">HHxxxxxxxxBB").unpack_from
_word = struct.Struct(">H").unpack_from


def transport(
    data: bytes | memoryview, at: int, length: int, source: int, destination: int, protocol: int
) -> Packet | str:
    """The packet whose transport header begins at `at`, with `length` bytes on the wire."""
    size = len(data)
    kind = protocol & 0xFFFF
    if kind == TCP:
        if size < at + 14 or length < 20:
            return "tcp: header cut short"
        source_port, destination_port, offset, flags = _tcp(data, at)
        header = (offset >> 4) << 2
        if header < 20 or header > length:
            return "tcp: header length is impossible"
        return (
            source, destination, source_port, destination_port, protocol, flags,
            length - header, at + header,
        )  # fmt: skip
    if kind == UDP:
        if size < at + 8 or length < 8:
            return "udp: header cut short"
        source_port, destination_port, stated = _ports_length(data, at)
        if 0 < stated < 8:
            return "udp: length under the header's"
        return source, destination, source_port, destination_port, protocol, 0, length - 8, at + 8
    if kind in (ICMP, ICMP6):
        if size < at + 4 or length < 4:
            return "icmp: header cut short"
        message: int = _word(data, at)[0]
        return source, destination, 0, 0, protocol, message, max(length - 8, 0), at + 8
    return source, destination, 0, 0, protocol, 0, length, at


def first_fragment(
    data: bytes | memoryview,
    at: int,
    length: int,
    source: int,
    destination: int,
    protocol: int,
    identification: int,
) -> Packet | str:
    """The fragment that holds the transport header."""
    packet = transport(data, at, length, source, destination, protocol)
    if isinstance(packet, str):
        return packet
    flags = packet[5] | FRAGMENT | identification << IDENTIFICATION_SHIFT
    head, tail = packet[:5], packet[6:]
    return (*head, flags, *tail)


def later_fragment(
    at: int, length: int, source: int, destination: int, protocol: int, identification: int
) -> Packet:
    """A fragment without the transport header; the flow table knows its ports if anybody does."""
    flags = FRAGMENT | LATER_FRAGMENT | identification << IDENTIFICATION_SHIFT
    return source, destination, 0, 0, protocol, flags, length, at
