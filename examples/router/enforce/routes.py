"""Next hops of all routes, asked of the kernel by rtnetlink (linux/rtnetlink.h).

/proc/net/route has one table alone, and of a route over several lines the first one.
"""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUTE = 0  # NETLINK_ROUTE
ASK, DUMP = 26, 0x301  # RTM_GETROUTE; NLM_F_REQUEST and NLM_F_DUMP
ERROR, DONE, FOUND = 2, 3, 24  # the last is RTM_NEWROUTE
GATEWAY, MULTIPATH, VIA = 5, 9, 18
FAMILIES = (socket.AF_INET, socket.AF_INET6)
SECONDS = 1.0
MOST_BYTES = 1 << 16

HEADER = struct.Struct("=IHHII")
ROUTE_BYTES = 12
"""Of `struct rtmsg`, before the attributes."""

HOP_BYTES = 8
"""Of `struct rtnexthop`, before its attributes."""

_length = struct.Struct("=H").unpack_from
_attribute = struct.Struct("=HH").unpack_from


def next_hops() -> Iterator[str]:
    """Their addresses, of every table and family; none where the kernel does not answer."""
    for family in FAMILIES:
        try:
            with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, ROUTE) as asked:
                asked.settimeout(SECONDS)
                body = bytes([family]).ljust(ROUTE_BYTES, b"\0")
                asked.send(HEADER.pack(HEADER.size + len(body), ASK, DUMP, 1, 0) + body)
                goes_on = True
                while goes_on:
                    found, goes_on = read(asked.recv(MOST_BYTES))
                    yield from found
        except OSError:
            continue


def read(data: bytes) -> tuple[list[str], bool]:
    """The next hops of a part of an answer, and whether other parts follow."""
    found, start = list[str](), 0
    while start + HEADER.size <= len(data):
        size, kind, *_ = HEADER.unpack_from(data, start)
        if size < HEADER.size or start + size > len(data) or kind in (DONE, ERROR):
            return found, False
        if kind == FOUND:
            found += hops(data[start + HEADER.size + ROUTE_BYTES : start + size])
        start += size + -size % 4
    return found, start > 0


def hops(attributes: bytes) -> Iterator[str]:
    """The next hops among the attributes of one route."""
    start = 0
    while start + 4 <= len(attributes):
        size, kind = _attribute(attributes, start)
        if size < 4:
            return
        value = attributes[start + 4 : start + size]
        if kind == MULTIPATH:
            while len(value) >= HOP_BYTES and (part := _length(value)[0]) >= HOP_BYTES:
                yield from hops(value[HOP_BYTES:part])
                value = value[part + -part % 4 :]
        elif kind in (GATEWAY, VIA):
            address = value[2:] if kind == VIA else value
            if len(address) in (4, 16):
                kind_of = socket.AF_INET if len(address) == 4 else socket.AF_INET6
                yield socket.inet_ntop(kind_of, address)
        start += size + -size % 4
