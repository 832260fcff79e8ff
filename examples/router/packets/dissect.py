"""From a frame to the few numbers that features are made of; every read is bounded.

`dissect` runs for every packet, so it has a short way for IPv4 in Ethernet and returns a plain
tuple. Lengths come from the headers, since a capture may have kept less than was sent; bytes are
read only where they were captured.
"""

from __future__ import annotations

import struct

from examples.router.packets.ipv6 import dissect_ipv6
from examples.router.packets.links import ARP, IPV4, IPV6, network_layer, no_ip
from examples.router.packets.transport import (
    ARP_PROTOCOL,
    Packet,
    first_fragment,
    later_fragment,
    transport,
)

_header = struct.Struct(">BxHHHxBxxII").unpack_from
_arp = struct.Struct(">HHBBH6xI6xI").unpack_from


def dissect(linktype: int, data: bytes | memoryview) -> Packet | str:
    """The packet of a frame, or why there is none: the cause under which to count it."""
    size = len(data)
    if linktype == 1 and size >= 34 and data[12] == 8 and not data[13]:
        at = 14
    else:
        network = network_layer(linktype, data)
        if isinstance(network, str):
            return network
        ethertype, at = network
        if ethertype == IPV6:
            return dissect_ipv6(data, at)
        if ethertype == ARP:
            return _dissect_arp(data, at)
        if ethertype != IPV4:
            return no_ip(ethertype)
        if size < at + 20:
            return "ipv4: header cut short"
    first, total, identification, fragment, protocol, source, destination = _header(data, at)
    if first >> 4 != 4:
        return "ipv4: another version in the header"
    header = (first & 15) << 2
    if header < 20:
        return "ipv4: header length under 20"
    if total < header:
        if total:
            return "ipv4: total length under the header's"
        total = max(size - at, header)  # segmentation was left to the network card
    at += header
    length = total - header
    if fragment & 0x3FFF:
        if fragment & 0x1FFF:
            return later_fragment(at, length, source, destination, protocol, identification)
        return first_fragment(data, at, length, source, destination, protocol, identification)
    return transport(data, at, length, source, destination, protocol)


def _dissect_arp(data: bytes | memoryview, at: int) -> Packet | str:
    if len(data) < at + 28:
        return "arp: cut short"
    hardware, protocol, hardware_size, address_size, operation, sender, target = _arp(data, at)
    if (hardware, protocol, hardware_size, address_size) != (1, IPV4, 6, 4):
        return "arp: not for IPv4 on Ethernet"
    if operation not in (1, 2):
        return "arp: neither request nor answer"
    return sender, target, 0, 0, ARP_PROTOCOL, operation, 0, at + 28
