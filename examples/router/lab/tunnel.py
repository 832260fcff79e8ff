"""Carry data in DNS names and answers: `send` asks, `serve` answers; bounded, only in the lab.

The questions go to the ordinary resolver of the network, which forwards the tunnel's domain to
`serve`, as a real tunnel's would.
"""

from __future__ import annotations

import argparse
import base64
import socket
import struct
import sys
import time
from random import Random

from examples.router.lab.bounds import Bounded, only_in_the_lab

DOMAIN = b"\1t\3lab\7example\0"
TYPES = {"A": 1, "CNAME": 5, "NULL": 10, "MX": 15, "TXT": 16}
HEADER = struct.Struct(">HHHHHH")


def main() -> int:
    """Ask or answer until the count or the time is reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("role", choices=("send", "serve"))
    parser.add_argument("--from", dest="source", default="", metavar="ADDRESS")
    parser.add_argument("--to", dest="target", required=True, metavar="ADDRESS")
    parser.add_argument("--port", type=int, default=53)
    parser.add_argument("--kind", choices=sorted(TYPES), default="TXT")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--gap", type=float, default=0.0, help="seconds between two questions")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    only_in_the_lab()
    family = socket.AF_INET6 if ":" in options.target else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as peer:
        done = serve(peer, options) if options.role == "serve" else send(peer, options)
    print(f"{options.role}: {done}")
    return 0


def send(peer: socket.socket, options: argparse.Namespace) -> int:
    """Ask for names that carry random data; return how many answers came."""
    rng, answers = Random(options.seed), 0
    peer.bind((options.source, 0))
    peer.settimeout(0.5)
    bounded = Bounded(options.count, options.seconds)
    while bounded.more():
        data = base64.b32encode(rng.randbytes(rng.randint(40, 110))).decode().lower().rstrip("=")
        labels = [data[start : start + 60] for start in range(0, len(data), 60)]
        name = b"".join(bytes([len(label)]) + label.encode() for label in labels) + DOMAIN
        question = name + struct.pack(">HH", TYPES[options.kind], 1)
        header = HEADER.pack(rng.randrange(65536), 0x100, 1, 0, 0, 0)
        peer.sendto(header + question, (options.target, options.port))
        bounded.sent += 1
        try:
            answers += bool(peer.recv(2048))
        except TimeoutError:
            continue
        time.sleep(options.gap)
    return answers


def serve(peer: socket.socket, options: argparse.Namespace) -> int:
    """Answer every question with random data; return how many were answered."""
    rng = Random(options.seed)
    peer.bind((options.target, options.port))
    peer.settimeout(0.5)
    bounded = Bounded(options.count, options.seconds)
    while bounded.more():
        try:
            asked, whom = peer.recvfrom(2048)
        except TimeoutError:
            continue
        peer.sendto(answer(asked, rng), whom)
        bounded.sent += 1
    return bounded.sent


def answer(asked: bytes, rng: Random) -> bytes:
    """The answer to one question: its name, and as much data as its type carries (RFC 1035)."""
    end = asked.index(b"\0", HEADER.size) + 5
    question = asked[HEADER.size : end]
    kind = struct.unpack(">H", question[-4:-2])[0]
    name = bytes([30]) + base64.b32encode(rng.randbytes(30))[:30].lower() + DOMAIN
    data = {
        TYPES["A"]: rng.randbytes(4),
        TYPES["CNAME"]: name,
        TYPES["MX"]: b"\0\1" + name,
        TYPES["TXT"]: b"".join(bytes([200]) + rng.randbytes(200) for _ in range(2)),
    }.get(kind, rng.randbytes(rng.randint(100, 400)))
    header = asked[:2] + struct.pack(">HHHHH", 0x8580, 1, 1, 0, 0)
    return header + question + struct.pack(">HHHIH", 0xC00C, kind, 1, 0, len(data)) + data


if __name__ == "__main__":
    sys.exit(main())
