"""What the tree sees of one packet, as `program.bpf.c` reads it: whole numbers under 2^24.

Of the headers alone, and of them neither addresses, ports nor time to live, which would name the
network of the training data. A sender sets all of these; none of them is proof.
"""

from __future__ import annotations

from dataclasses import dataclass

FIELDS = (
    "version",  # of IP: 4 or 6
    "protocol",  # number of what IP carries
    "length",  # bytes of the packet by its IP header
    "header",  # bytes of the IP header
    "fragment",  # 1 for any fragment
    "tcp_header",  # bytes of TCP's header
    "tcp_flags",  # FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128
    "tcp_window",  # as sent, not scaled
    "tcp_acknowledges",  # 1 where the acknowledgement number is not zero
    "tcp_urgent",  # the urgent pointer
    "icmp_type",
    "icmp_code",
    "payload",  # bytes above TCP, UDP or ICMP
)
MOST = 0xFFFF + 40
ETHERNET, VLAN_TAGS = 14, (0x8100, 0x88A8)
TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58


@dataclass(frozen=True)
class Headers:
    """Where the IP header lies and what it says."""

    at: int
    version: int
    protocol: int
    length: int
    header: int
    fragment: int
    later_fragment: bool


def fields(frame: bytes) -> list[int] | None:
    """The fields of an Ethernet frame in the order of FIELDS; None where there is no whole header.

    Missing layers are zeros. A transport header that is cut short counts as missing.
    """
    ip = ip_header(frame)
    if ip is None:
        return None
    row = dict.fromkeys(FIELDS, 0)
    row |= {"version": ip.version, "protocol": ip.protocol, "length": ip.length}
    row |= {"header": ip.header, "fragment": ip.fragment}
    above = 0
    if not ip.later_fragment:
        above = transport(frame[ip.at + ip.header :], ip.protocol, row)
    row["payload"] = max(0, ip.length - ip.header - above)
    return list(row.values())


def ip_header(frame: bytes) -> Headers | None:
    """The IP header of a frame behind at most two VLAN tags."""
    at, kind = ETHERNET, int.from_bytes(frame[12:14])
    if len(frame) < ETHERNET:
        return None
    for _ in range(2):
        if kind in VLAN_TAGS:
            if len(frame) < at + 4:
                return None
            kind, at = int.from_bytes(frame[at + 2 : at + 4]), at + 4
    if kind == 0x0800 and len(frame) >= at + 20 and frame[at] >> 4 == 4:
        header, bits = (frame[at] & 15) * 4, int.from_bytes(frame[at + 6 : at + 8])
        if header < 20 or len(frame) < at + header:
            return None
        length = int.from_bytes(frame[at + 2 : at + 4])
        fragment, later = int(bits & 0x3FFF != 0), bits & 0x1FFF != 0
        return Headers(at, 4, frame[at + 9], length, header, fragment, later)
    if kind == 0x86DD and len(frame) >= at + 40 and frame[at] >> 4 == 6:
        length = int.from_bytes(frame[at + 4 : at + 6]) + 40
        return Headers(at, 6, frame[at + 6], length, 40, 0, later_fragment=False)
    return None


def transport(data: bytes, protocol: int, row: dict[str, int]) -> int:
    """Fill in the fields of the transport header; return its bytes."""
    if protocol == TCP and len(data) >= 20:
        row["tcp_header"] = (data[12] >> 4) * 4
        row["tcp_flags"] = data[13]
        row["tcp_window"] = int.from_bytes(data[14:16])
        row["tcp_acknowledges"] = int(data[8:12] != b"\0\0\0\0")
        row["tcp_urgent"] = int.from_bytes(data[18:20])
        return row["tcp_header"]
    if protocol == UDP and len(data) >= 8:
        return 8
    if protocol in (ICMP, ICMP6) and len(data) >= 8:
        row["icmp_type"], row["icmp_code"] = data[0], data[1]
        return 8
    return 0
