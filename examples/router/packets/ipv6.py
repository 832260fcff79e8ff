"""IPv6 and its extension headers (RFC 8200), walked within a bound."""

from __future__ import annotations

import struct

from examples.router.packets.transport import (
    IPV6_FLAG,
    Packet,
    first_fragment,
    later_fragment,
    transport,
)

MOST_EXTENSIONS = 8
FRAGMENT_HEADER, AUTHENTICATION = 44, 51
EXTENSIONS = frozenset((0, 43, 60, 135, 139, 140))
"""Hop-by-hop, routing, destination options, mobility, host identity, shim6."""

_header = struct.Struct(">IHBx16s16s").unpack_from
_fragment = struct.Struct(">HI").unpack_from


def dissect_ipv6(data: bytes | memoryview, at: int) -> Packet | str:
    """The packet whose IPv6 header begins at `at`."""
    size = len(data)
    if size < at + 40:
        return "ipv6: header cut short"
    first, length, following, source_bytes, destination_bytes = _header(data, at)
    if first >> 28 != 6:
        return "ipv6: another version in the header"
    source = int.from_bytes(source_bytes, "big")
    destination = int.from_bytes(destination_bytes, "big")
    at += 40
    if not length:
        length = size - at  # a jumbogram, or segmentation was left to the network card
    for _ in range(MOST_EXTENSIONS):
        if following in EXTENSIONS:
            if size < at + 2:
                return "ipv6: extension header cut short"
            step = (data[at + 1] + 1) * 8
        elif following == AUTHENTICATION:
            if size < at + 2:
                return "ipv6: extension header cut short"
            step = (data[at + 1] + 2) * 4
        elif following == FRAGMENT_HEADER:
            if size < at + 8:
                return "ipv6: extension header cut short"
            step = 8
            offset, identification = _fragment(data, at + 2)
            if offset & 0xFFF9:  # neither zero nor an atomic fragment (RFC 6946)
                protocol = data[at] | IPV6_FLAG
                at, length = at + 8, length - 8
                if length < 0:
                    return "ipv6: extension headers beyond the length"
                if offset & 0xFFF8:
                    return later_fragment(at, length, source, destination, protocol, identification)
                return first_fragment(
                    data, at, length, source, destination, protocol, identification
                )
        else:
            return transport(data, at, length, source, destination, following | IPV6_FLAG)
        following = data[at]
        at, length = at + step, length - step
        if length < 0:
            return "ipv6: extension headers beyond the length"
    return "ipv6: more than eight extension headers"
