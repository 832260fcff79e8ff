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
IPV6_FAMILIES = 10, 23, 24, 28, 30
"""Of Linux, Windows, NetBSD and OpenBSD, FreeBSD, Darwin."""

SMALLEST_ETHERTYPE = 0x0600

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
    50: "PPP in HDLC",
    104: "Cisco HDLC",
    105: "IEEE 802.11",
    107: "Frame Relay",
    109: "OpenBSD's encapsulated IP",
    117: "OpenBSD's packet filter log",
    119: "IEEE 802.11 with Prism headers",
    127: "IEEE 802.11 with radiotap",
    147: "user 0",
    163: "IEEE 802.11 with AVS headers",
    187: "Bluetooth HCI",
    189: "USB on Linux",
    192: "IEEE 802.11 or others, per-packet information",
    195: "IEEE 802.15.4",
    197: "ERF of Endace's cards",
    201: "Bluetooth HCI with its direction",
    204: "PPP with its direction",
    220: "USB on Linux, padded",
    227: "CAN",
    239: "netfilter log",
    249: "USB on Windows",
    251: "Bluetooth LE",
    253: "netlink",
    256: "Bluetooth LE with its radio",
}

ETHERTYPES = {
    0x6002: "DEC MOP", 0x6003: "DECnet", 0x6558: "Ethernet within Ethernet",
    0x8035: "RARP", 0x809B: "AppleTalk", 0x80F3: "AppleTalk ARP", 0x8137: "IPX",
    0x8808: "pause frames", 0x8809: "link aggregation", 0x8847: "MPLS", 0x8848: "MPLS",
    0x8863: "PPPoE discovery", 0x886D: "a network card's teaming", 0x887B: "HomePlug",
    0x888E: "802.1X", 0x8892: "PROFINET", 0x88A4: "EtherCAT", 0x88B8: "GOOSE", 0x88BA: "SV",
    0x88CC: "LLDP", 0x88E1: "HomePlug AV", 0x88E5: "MACsec", 0x88E7: "provider backbone bridging",
    0x88F7: "PTP", 0x8902: "802.1ag", 0x8903: "Cisco FabricPath", 0x890D: "802.11 between bridges",
    0x893A: "IEEE 1905", 0x9000: "loopback test",
}  # fmt: skip
"""What is met beside IP, and not read."""

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
    return (IPV6, 4) if family in IPV6_FAMILIES else f"no IP: loopback family {family}"


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


def no_ip(ethertype: int) -> str:
    """How frames that carry something else than IP are counted."""
    if ethertype < SMALLEST_ETHERTYPE:
        return "no IP: LLC"
    name = ETHERTYPES.get(ethertype)
    return f"no IP: EtherType 0x{ethertype:04x}" + (f" ({name})" if name else "")


def unknown_link(linktype: int) -> str:
    """How frames of a link type that is not read are counted."""
    name = NAMES.get(linktype)
    return f"link type {linktype} ({name})" if name else f"link type {linktype}"
