"""A line between two interfaces: delay, jitter, loss and a rate, as a kernel without netem lacks.

`python -m examples.router.lab.wire a0 b0 --delay-ms 20` copies every frame from one interface to
the other, later. Frames keep their order; what waits longer than the queue allows is dropped.
"""

from __future__ import annotations

import argparse
import select
import socket
import sys
import time
from collections import deque
from random import Random

from examples.router.lab.bounds import only_in_the_lab

QUEUE_SECONDS = 0.25
BATCH = 64
OUTGOING = 4  # PACKET_OUTGOING of linux/if_packet.h: our own frames, seen again


class Direction:
    """One way of the line."""

    def __init__(self, inward: socket.socket, outward: socket.socket, options: argparse.Namespace):
        self.inward, self.outward, self.options = inward, outward, options
        self.waiting: deque[tuple[float, bytes]] = deque()
        self.rng = Random(options.seed)
        self.free = self.last = 0.0

    def take(self, now: float) -> None:
        """Read what has come and decide when each frame leaves."""
        for _ in range(BATCH):
            try:
                frame, address = self.inward.recvfrom(65536)
            except BlockingIOError:
                return
            if address[2] == OUTGOING or self.rng.random() < self.options.loss:
                continue
            self.free = max(self.free, now)
            if self.free - now > QUEUE_SECONDS:
                continue
            self.free += len(frame) * 8 / (self.options.megabits * 1e6)
            jitter = self.rng.uniform(-1.0, 1.0) * self.options.jitter_ms
            due = self.free + max(0.0, self.options.delay_ms + jitter) / 1e3
            self.last = max(self.last, due)
            self.waiting.append((self.last, frame))

    def deliver(self, now: float) -> None:
        """Send what is due."""
        while self.waiting and self.waiting[0][0] <= now:
            try:
                self.outward.send(self.waiting[0][1])
            except BlockingIOError:
                return
            self.waiting.popleft()


def main() -> int:
    """Copy frames until the process is ended with its host."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("left")
    parser.add_argument("right")
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--jitter-ms", type=float, default=0.0)
    parser.add_argument("--loss", type=float, default=0.0, help="share of frames")
    parser.add_argument("--megabits", type=float, default=100.0, help="a second, each way")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    only_in_the_lab()
    ends = [listen(name) for name in (options.left, options.right)]
    ways = [Direction(ends[0], ends[1], options), Direction(ends[1], ends[0], options)]
    while True:
        now = time.monotonic()
        for way in ways:
            way.deliver(now)
        due = min((way.waiting[0][0] for way in ways if way.waiting), default=now + 1.0)
        select.select(ends, (), (), max(0.0, due - time.monotonic()))
        for way in ways:
            way.take(time.monotonic())


def listen(name: str) -> socket.socket:
    """A packet socket on an interface, for all protocols."""
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    end.bind((name, 0))
    end.setblocking(False)
    return end


if __name__ == "__main__":
    sys.exit(main())
