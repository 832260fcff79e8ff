"""Frames from nothing: Ethernet, IPv4 or IPv6, TCP, UDP, ICMP, written as a pcap file."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

ETHERNET = bytes.fromhex("020000000002020000000001")
TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


class Wire:
    """Collects frames at any times; `write` puts them in order. Addresses are ints.

    One that is wider than 32 bits makes the packet IPv6.
    """

    def __init__(self, random: Random) -> None:
        self.random = random
        self.frames: list[tuple[float, bytes]] = []

    def ip(self, time: float, source: int, destination: int, protocol: int, data: bytes) -> None:
        """One IP packet. Checksums stay zero: no reader of captures asks for them."""
        if source >> 32 or destination >> 32:
            head = struct.pack(">IHBB", 6 << 28, len(data), protocol, 64)
            head += source.to_bytes(16, "big") + destination.to_bytes(16, "big")
            frame = ETHERNET + b"\x86\xdd" + head + data
        else:
            ident = self.random.getrandbits(16)
            head = struct.pack(
                ">BBHHHBBHII", 0x45, 0, 20 + len(data), ident, 0x4000, 64, protocol, 0,
                source, destination,
            )  # fmt: skip
            frame = ETHERNET + b"\x08\x00" + head + data
        self.frames.append((time, frame))

    def tcp(
        self, time: float, ends: tuple[int, int, int, int], flags: int, payload: bytes = b""
    ) -> None:
        """A segment from `(source, source port, destination, destination port)`."""
        source, source_port, destination, port = ends
        head = struct.pack(">HHIIBBHHH", source_port, port, 1, 1, 0x50, flags, 8192, 0, 0)
        self.ip(time, source, destination, TCP, head + payload)

    def udp(self, time: float, ends: tuple[int, int, int, int], payload: bytes) -> None:
        """A datagram from `(source, source port, destination, destination port)`."""
        source, source_port, destination, port = ends
        head = struct.pack(">HHHH", source_port, port, 8 + len(payload), 0)
        self.ip(time, source, destination, UDP, head + payload)

    def echo(
        self, time: float, source: int, destination: int, payload: bytes, *, answer: bool = False
    ) -> None:
        """A ping or its answer."""
        if source >> 32:
            kind, protocol = (129 if answer else 128), ICMP6
        else:
            kind, protocol = (0 if answer else 8), ICMP
        self.ip(
            time, source, destination, protocol, struct.pack(">BBHHH", kind, 0, 0, 7, 1) + payload
        )

    def unreachable(self, time: float, router: int, ends: tuple[int, int, int, int]) -> None:
        """The ICMP error for a UDP datagram from `ends`."""
        source, source_port, destination, port = ends
        quoted = struct.pack(
            ">BBHHHBBHII", 0x45, 0, 36, 0, 0, 64, UDP, 0, source, destination
        ) + struct.pack(">HHHH", source_port, port, 16, 0)
        self.ip(time, router, source, ICMP, struct.pack(">BBHI", 3, 3, 0, 0) + quoted)

    def write(self, path: Path) -> int:
        """The number of frames, now in `path` in the order of their times."""
        self.frames.sort(key=lambda one: one[0])
        with path.open("wb") as out:
            out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
            for time, frame in self.frames:
                micros = int(time * 1e6)
                head = (micros // 1_000_000, micros % 1_000_000, len(frame), len(frame))
                out.write(struct.pack("<IIII", *head) + frame)
        return len(self.frames)
