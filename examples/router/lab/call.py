"""A telephone call: datagrams of one size at a steady rate, echoed by the other end."""

from __future__ import annotations

import argparse
import os
import select
import socket
import sys
import time

from examples.router.lab.bounds import Bounded, only_in_the_lab


def main() -> int:
    """Call (`--from`) or answer calls (without), until the time is up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="source", metavar="ADDRESS")
    parser.add_argument("--to", dest="targets", action="append", required=True, metavar="ADDRESS")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--rate", type=float, default=50.0, help="datagrams a second")
    parser.add_argument("--bytes", type=int, default=172)
    parser.add_argument("--seconds", type=float, default=4.0)
    options = parser.parse_args()
    only_in_the_lab()
    bounded = Bounded(int(options.rate * options.seconds), options.seconds)
    if options.source is None:
        answer([bind(target, options.port) for target in options.targets], bounded)
        return 0
    with bind(options.source, 0) as peer:
        while bounded.more():
            peer.sendto(os.urandom(options.bytes), (options.targets[0], options.port))
            bounded.sent += 1
            time.sleep(max(0.0, bounded.sent / options.rate - bounded.elapsed()))
    return 0


def bind(address: str, port: int) -> socket.socket:
    """A datagram socket that does not wait."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    peer = socket.socket(family, socket.SOCK_DGRAM)
    peer.bind((address, port))
    peer.setblocking(False)
    return peer


def answer(peers: list[socket.socket], bounded: Bounded) -> None:
    """Send every datagram back, each from the address it came to."""
    while bounded.elapsed() < bounded.seconds:
        for peer in select.select(peers, (), (), 0.5)[0]:
            data, whom = peer.recvfrom(2048)
            peer.sendto(data, whom)


if __name__ == "__main__":
    sys.exit(main())
