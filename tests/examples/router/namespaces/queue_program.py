"""Reads a packet queue until SIGTERM, drops what comes from the addresses it is given."""

from __future__ import annotations

import json
import signal
import sys

from examples.router.inline import PacketQueue


def main() -> None:
    bad, seen = set(sys.argv[2:]), 0
    running = [True]
    signal.signal(signal.SIGTERM, lambda *_: running.clear())
    with PacketQueue(int(sys.argv[1]), blocked=bad.__contains__) as queue:
        print("ready", flush=True)
        for frame in queue.frames(idle_seconds=0.1):
            seen += frame is not None
            if not running:
                break
    print(json.dumps({"seen": seen, "accepted": queue.accepted, "dropped": queue.dropped}))


if __name__ == "__main__":
    main()
