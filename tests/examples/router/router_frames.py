"""Frames and capture files made by hand for the tests."""

from __future__ import annotations

import struct

ETHERNET = bytes(range(12))
A4, B4 = 0x0A000001, 0x0A000002
A6, B6 = bytes.fromhex("20010db8" + "00" * 11 + "01"), bytes.fromhex("20010db8" + "00" * 11 + "02")


def tcp(flags: int = 2, payload: bytes = b"", ports: tuple[int, int] = (1000, 80)) -> bytes:
    return struct.pack(">HHIIBBHHH", *ports, 1, 0, 0x50, flags, 100, 0, 0) + payload


def udp(payload: bytes = b"", ports: tuple[int, int] = (1000, 53)) -> bytes:
    return struct.pack(">HHHH", *ports, 8 + len(payload), 0) + payload


def icmp(kind: int = 8, code: int = 0, payload: bytes = b"") -> bytes:
    return struct.pack(">BBHI", kind, code, 0, 0) + payload


def ipv4(
    protocol: int,
    data: bytes,
    *,
    ends: tuple[int, int] = (A4, B4),
    fragment: int = 0,
    identification: int = 7,
    options: bytes = b"",
    total: int | None = None,
) -> bytes:
    header = 20 + len(options)
    length = header + len(data) if total is None else total
    return (
        struct.pack(
            ">BBHHHBBHII", 0x40 | header // 4, 0, length, identification, fragment, 64, protocol,
            0, *ends,
        )
        + options
        + data
    )  # fmt: skip


def ipv6(following: int, data: bytes, *, length: int | None = None, ends: bytes = A6 + B6) -> bytes:
    size = len(data) if length is None else length
    return struct.pack(">IHBB", 6 << 28, size, following, 64) + ends + data


def ethernet(ethertype: int, data: bytes) -> bytes:
    return ETHERNET + struct.pack(">H", ethertype) + data


def pcap(
    frames: list[tuple[int, bytes]],
    *,
    order: str = "<",
    nano: bool = False,
    linktype: int = 1,
) -> bytes:
    unit_ns = 1 if nano else 1000
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, linktype)]
    for time_ns, data in frames:
        seconds, rest = divmod(time_ns, 10**9)
        out.append(struct.pack(order + "IIII", seconds, rest // unit_ns, len(data), len(data)))
        out.append(data)
    return b"".join(out)


def block(order: str, kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + size + body + size


def section(order: str = "<") -> bytes:
    return block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(order: str = "<", *, linktype: int = 1, options: bytes = b"") -> bytes:
    return block(order, 1, struct.pack(order + "HHI", linktype, 0, 0) + options)


def enhanced(order: str, data: bytes, *, units: int, number: int = 0) -> bytes:
    head = struct.pack(
        order + "IIIII", number, units >> 32, units & 0xFFFFFFFF, len(data), len(data)
    )
    return block(order, 6, head + data)
