"""Send a bounded flood: `python -m examples.router.lab.flood syn --interface eth0 …`.

Frames are made whole, checksums included, and sent through a packet socket, so that a source
address may be any address. It refuses to run outside the lab.
"""

from __future__ import annotations

import argparse
import ipaddress
import socket
import struct
import sys
import time
from pathlib import Path
from random import Random

from examples.router.lab.bounds import Bounded, only_in_the_lab

BURST_SECONDS = 0.004
FLAGS = {"syn": 0x02, "ack": 0x10, "rst": 0x04}
TCP, UDP, ICMP4, ICMP6 = 6, 17, 1, 58


def main() -> int:
    """Send, and print how many were sent."""
    options = arguments().parse_args()
    only_in_the_lab()
    frames = Frames(options)
    bounded = Bounded(options.count, options.seconds)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        out.bind((options.interface, 0))
        while bounded.more():
            due = int(options.rate * (bounded.elapsed() + BURST_SECONDS)) - bounded.sent
            for _ in range(min(due, bounded.count - bounded.sent)):
                out.send(frames.next())
                bounded.sent += 1
            time.sleep(BURST_SECONDS)
    print(f"sent {bounded.sent} in {bounded.elapsed():.2f} s")
    return 0


def arguments() -> argparse.ArgumentParser:
    """The options, all with their units."""
    parser = argparse.ArgumentParser(description="A flood, bounded in count and time.")
    parser.add_argument("kind", choices=("syn", "ack", "rst", "udp", "icmp", "dns"))
    parser.add_argument("--interface", required=True)
    parser.add_argument("--gateway-mac", required=True, metavar="MAC")
    parser.add_argument("--from", dest="source", required=True, metavar="ADDRESS")
    parser.add_argument("--to", dest="target", required=True, metavar="ADDRESS")
    parser.add_argument("--port", type=int, default=80)
    parser.add_argument("--any-port", action="store_true", help="a new target port every time")
    parser.add_argument("--spoof", metavar="PREFIX", help="a new source of PREFIX every time")
    parser.add_argument("--bytes", type=int, default=0, help="payload of udp and icmp")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True, help="packets a second")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, default=0)
    return parser


class Frames:
    """Makes one Ethernet frame after another."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.rng = Random(options.seed)
        self.six = ":" in options.target
        self.target = ipaddress.ip_address(options.target).packed
        own = Path(f"/sys/class/net/{options.interface}/address").read_text().strip()
        kind = b"\x86\xdd" if self.six else b"\x08\x00"
        self.ethernet = mac(options.gateway_mac) + mac(own) + kind
        self.spoof = ipaddress.ip_network(options.spoof) if options.spoof else None

    def next(self) -> bytes:
        """The next frame, with random fields drawn anew."""
        options, rng = self.options, self.rng
        source = self._source()
        port = rng.randrange(1, 65536) if options.any_port else options.port
        if options.kind == "icmp":
            number = ICMP6 if self.six else ICMP4
            header = struct.pack(">BBHHH", 128 if self.six else 8, 0, 0, rng.randrange(65536), 1)
            body = header + rng.randbytes(options.bytes)
        elif options.kind in ("udp", "dns"):
            number, port = UDP, 53 if options.kind == "dns" else port
            data = query(rng) if options.kind == "dns" else rng.randbytes(options.bytes)
            body = struct.pack(">HHHH", rng.randrange(1024, 65536), port, 8 + len(data), 0) + data
        else:
            number = TCP
            numbers = (rng.randrange(1024, 65536), port, rng.randrange(2**32), rng.randrange(2**32))
            flags, window = FLAGS[options.kind], rng.choice((512, 1024, 29200, 64240))
            body = struct.pack(">HHIIBBHHH", *numbers, 0x50, flags, window, 0, 0)
        return self.ethernet + packet(source, self.target, number, body, rng)

    def _source(self) -> bytes:
        if self.spoof is None:
            return ipaddress.ip_address(self.options.source).packed
        host = self.rng.randrange(2, min(self.spoof.num_addresses - 1, 2**32))
        return (self.spoof.network_address + host).packed


def packet(source: bytes, target: bytes, number: int, body: bytes, rng: Random) -> bytes:
    """An IP packet around `body`, whose checksum is filled in (RFC 791, RFC 8200, RFC 1071)."""
    place = {TCP: 16, UDP: 6, ICMP4: 2, ICMP6: 2}[number]
    pseudo = b"" if number == ICMP4 else source + target + struct.pack(">II", len(body), number)
    total = struct.pack(">H", checksum(pseudo + body) or 0xFFFF)
    body = body[:place] + total + body[place + 2 :]
    if len(source) == 16:
        return struct.pack(">IHBB", 6 << 28, len(body), number, 64) + source + target + body
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), rng.randrange(65536), 0, 64, number, 0)
    head += source + target
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + body


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def query(rng: Random) -> bytes:
    """A DNS question for a random name."""
    label = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=rng.randint(6, 20)))
    name = bytes([len(label)]) + label.encode() + b"\3lab\7example\0"
    return struct.pack(">HHHHHH", rng.randrange(65536), 0x100, 1, 0, 0, 0) + name + b"\0\1\0\1"


def mac(text: str) -> bytes:
    """The six bytes of a hardware address."""
    return bytes.fromhex(text.replace(":", ""))


if __name__ == "__main__":
    sys.exit(main())
