"""Live capture at a rate: `python -m benchmarks.router.live --rate 50000 --seconds 30`, as root.

Makes a network namespace of its own with a pair of virtual interfaces, runs `watch` on one end and
sends made traffic into the other, at most `rate * seconds` packets. Prints what was sent, what was
seen, what the kernel dropped for want of room in the ring, the time from packet to verdict, with
the wait in the ring and without, and that from the whole second that ended a flow. `watch` has
real-time priority, as on a router whose work it is, unless `--ordinary`: the machine may do other
things. `--all` runs it in batches and one by one, with either priority, three times in turn, and
keeps the figures in docs/router/live.json, of which `python -m benchmarks.router.page` makes the
page's table.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import IO, Any

from examples.router.compiled import build
from examples.router.compiled.choice import KINDS
from examples.router.live.interface import RING_MEBIBYTES

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "docs" / "router" / "live.json"
NEAR, FAR = "ours", "theirs"
BURST_SECONDS = 0.002
PRIORITIES = ("real-time", "ordinary")
NETWORKS = 4
"""What is sent comes from so many, in turn: flows end by time while others begin."""


def frames(number: int) -> list[bytes]:
    """Frames of ordinary scenes and of two attacks, in the order of time."""
    from examples.router.synthetic.attacks import dns_tunnel, tcp_scan
    from examples.router.synthetic.benign import browse, busy, stream
    from examples.router.synthetic.scene import Scene
    from examples.router.synthetic.wire import Wire

    wire = Wire(Random(4))
    scenes = (browse, stream, busy, stream, browse, tcp_scan, dns_tunnel)
    for again in range(100):
        for play in scenes:
            play(Scene(wire, wire.random), again * 60.0)
        if len(wire.frames) >= number:
            break
    wire.frames.sort(key=lambda one: one[0])
    made = [data[:1500] for _, data in wire.frames[:number]]
    return [_moved(data, to) for to in range(NETWORKS) for data in made]


def _moved(data: bytes, to: int) -> bytes:
    """The same frame in another network: a byte of either address is changed."""
    moved = bytearray(data)
    for at in (27, 31) if moved[12:14] == b"\x08\x00" else (26, 42):
        moved[at] ^= to
    return bytes(moved)


def send(packets: int, rate: float) -> dict[str, float]:
    """Send in bursts of two milliseconds; the rate that came of it."""
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sender.bind((FAR, 0))
    made = frames(min(packets, 60_000))
    began = time.monotonic()
    number = 0
    while number < packets:
        due = min(int((time.monotonic() - began) * rate) + 1, packets)
        for at in range(number, due):
            sender.send(made[at % len(made)])
        number = max(due, number)
        time.sleep(BURST_SECONDS)
    took = time.monotonic() - began
    return {"sent": packets, "seconds": round(took, 2), "rate": round(packets / took)}


def within(options: argparse.Namespace) -> None:
    """In the namespace: both ends, the program that watches, and the sender."""
    for command in (
        f"ip link add {NEAR} type veth peer name {FAR}",
        f"ip link set {NEAR} up",
        f"ip link set {FAR} up",
    ):
        subprocess.run(command.split(), check=True)
    for name in (NEAR, FAR):  # no neighbour discovery between the packets that are counted
        Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6").write_text("1", "ascii")
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        sent = watched(options, said)
        said.seek(0)
        summary = json.loads(said.read().splitlines()[-1])["summary"]
    kept = (
        "packets",
        "dropped",
        "waiting",
        "flows",
        "malicious",
        "latency_ms",
        "wire_ms",
        "ended_ms",
        "evicted",
    )
    print(json.dumps({**sent, **{name: summary[name] for name in kept}}))


def watched(options: argparse.Namespace, said: IO[str]) -> dict[str, float]:
    """Send while `watch` runs; what it says goes to a file, as a full pipe would hold it up."""
    watch = subprocess.Popen(
        [*([] if options.ordinary else ["chrt", "--rr", "5"]),
         sys.executable, "-m", "examples.router", "watch", NEAR, "--json",
         "--seconds", str(options.seconds * 2 + 20), *(["--no-batch"] if options.no_batch else []),
         *(["--engine", options.engine] if options.engine else []), "--table", options.table,
         "--ring", str(options.ring)],
        cwd=ROOT, stdout=said, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert watch.stderr is not None
    assert "watching" in watch.stderr.readline()
    sent = send(int(options.rate * options.seconds), options.rate)
    time.sleep(2.0)
    watch.terminate()
    watch.wait()
    return sent


def main() -> None:
    """Go into a namespace of our own and measure there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=50_000)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--no-batch", action="store_true")
    parser.add_argument("--engine", choices=("onnxruntime", "native"))
    parser.add_argument("--table", choices=KINDS, default="compiled")
    parser.add_argument("--ring", type=int, default=RING_MEBIBYTES, metavar="MB")
    parser.add_argument("--ordinary", action="store_true", help="no real-time priority")
    parser.add_argument("--all", action="store_true", help="every way, and keep the figures")
    parser.add_argument("--rounds", type=int, default=3, help="of --all (3)")
    parser.add_argument("--within", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.within:
        within(options)
        return
    if options.table == "compiled":
        build()
    if options.all:
        measure_all(options)
        return
    print(in_namespace(sys.argv[1:]), end="")


def in_namespace(arguments: list[str]) -> str:
    """Run this program in a network of its own; what it printed."""
    program = [sys.executable, "-m", "benchmarks.router.live", "--within", *arguments]
    command = ["unshare", "--net", *program]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def measure_all(options: argparse.Namespace) -> None:
    """Both ways of judging with both priorities, in turn, into docs/router/live.json.

    Of each way the run is kept whose 99th percentile is the median of all rounds': a machine that
    is one of many stands still at times, and one stall of 0.1 s decides that figure.
    """
    ways = [(priority, no_batch) for priority in PRIORITIES for no_batch in (False, True)]
    runs: dict[tuple[str, bool], list[dict[str, Any]]] = {way: [] for way in ways}
    loads = []
    for _ in range(options.rounds):
        for priority, no_batch in ways:
            runs[priority, no_batch].append(measure_one(options, priority, no_batch))
            loads.append(os.getloadavg()[0])
            print(json.dumps(runs[priority, no_batch][-1]), flush=True)
    kept = []
    for found in runs.values():
        found.sort(key=_wire_p99)
        kept.append({**found[len(found) // 2], "wire_p99s_ms": [_wire_p99(one) for one in found]})
    load = round(statistics.median(loads), 1)
    told = {"load": load, "processors": os.cpu_count(), "rounds": options.rounds, "runs": kept}
    KEPT.write_text(json.dumps(told, indent=1) + "\n", "utf-8")


def _wire_p99(run: dict[str, Any]) -> float:
    return float(run["wire_ms"]["p99"])


def measure_one(options: argparse.Namespace, priority: str, no_batch: bool) -> dict[str, Any]:
    """One way, once."""
    engine = "native" if no_batch else "onnxruntime"
    arguments = [
        "--rate", str(options.rate), "--seconds", str(options.seconds), "--engine", engine,
        "--ring", str(options.ring),
        *(["--no-batch"] if no_batch else []),
        *(["--ordinary"] if priority == "ordinary" else []),
    ]  # fmt: skip
    asked = {"asked_rate": round(options.rate), "asked_seconds": round(options.seconds)}
    how = {"priority": priority, "no_batch": no_batch, "engine": engine}
    return {**how, **asked, **json.loads(in_namespace(arguments))}


if __name__ == "__main__":
    main()
