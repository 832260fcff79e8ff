"""Where the network layer begins, by link type: https://www.tcpdump.org/linktypes.html."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

IPV4, IPV6, ARP = 0x0800, 0x86DD, 0x0806
VLANS = (0x8100, 0x88A8, 0x9100, 0x9200)
PPPOE_SESSION = 0x8864
MOST_VLANS = 4

NAMES = {
    1: "Ethernet",
    0: "BSD loopback",
    108: "OpenBSD loopback",
    12: "raw IP",
    14: "raw IP",
    101: "raw IP",
    228: "raw IPv4",
    229: "raw IPv6",
    113: "Linux cooked v1",
    276: "Linux cooked v2",
    9: "PPP",
    105: "IEEE 802.11",
    127: "IEEE 802.11 with radiotap",
    147: "user 0",
    187: "Bluetooth HCI",
    189: "USB on Linux",
    195: "IEEE 802.15.4",
    220: "USB on Linux, padded",
    227: "CAN",
    239: "netfilter log",
    253: "netlink",
}

_ethertype = struct.Struct(">H").unpack_from

Network = tuple[int, int]
"""EtherType and offset of the network layer."""


def ethernet(data: bytes | memoryview) -> Network | str:
    """DIX Ethernet with any VLAN tags and PPPoE sessions; 802.3 frames are named."""
    if len(data) < 14:
        return "ethernet: header cut short"
    return _tagged(data, _ethertype(data, 12)[0], 14)


def _tagged(data: bytes | memoryview, ethertype: int, at: int) -> Network | str:
    for _ in range(MOST_VLANS):
        if ethertype not in VLANS:
            break
        if len(data) < at + 4:
            return "vlan: tag cut short"
        ethertype, at = _ethertype(data, at + 2)[0], at + 4
    if ethertype in VLANS:
        return "vlan: more than four tags"
    if ethertype == PPPOE_SESSION:
        if len(data) < at + 8:
            return "pppoe: header cut short"
        inner = {0x21: IPV4, 0x57: IPV6}.get(_ethertype(data, at + 6)[0])
        return (inner, at + 8) if inner else "no IP: PPP control"
    return ethertype, at


def _loopback(data: bytes | memoryview) -> Network | str:
    """The address family in the byte order of the host that captured, which is not known."""
    if len(data) < 4:
        return "loopback: header cut short"
    family = data[0] | data[3]  # small, and in either order the other bytes are zero
    if family == 2:
        return IPV4, 4
    return (IPV6, 4) if family in (10, 24, 28, 30) else f"no IP: loopback family {family}"


def _raw(data: bytes | memoryview) -> Network | str:
    if not len(data):
        return "raw: empty"
    version = data[0] >> 4
    return {4: (IPV4, 0), 6: (IPV6, 0)}.get(version, f"raw: IP version {version}")


def _cooked(data: bytes | memoryview) -> Network | str:
    if len(data) < 16:
        return "linux cooked: header cut short"
    return _tagged(data, _ethertype(data, 14)[0], 16)


def _cooked_2(data: bytes | memoryview) -> Network | str:
    if len(data) < 20:
        return "linux cooked: header cut short"
    return _tagged(data, _ethertype(data, 0)[0], 20)


READERS: dict[int, Callable[[bytes | memoryview], Network | str]] = {
    1: ethernet,
    0: _loopback,
    108: _loopback,
    12: _raw,
    14: _raw,
    101: _raw,
    228: _raw,
    229: _raw,
    113: _cooked,
    276: _cooked_2,
}


def network_layer(linktype: int, data: bytes | memoryview) -> Network | str:
    """EtherType and offset of the network layer, or why there is none."""
    reader = READERS.get(linktype)
    if reader is None:
        return unknown_link(linktype)
    return reader(data)


def unknown_link(linktype: int) -> str:
    """How frames of a link type that is not read are counted."""
    name = NAMES.get(linktype)
    return f"link type {linktype} ({name})" if name else f"link type {linktype}"
