"""Packets a second beside nfstream: `python -m benchmarks.router.speed --peer PYTHON FILE…`.

Ours is the whole way: read, dissect, features, verdict, JSON line, with the flow table in Python
and with the compiled one, which is built first. nfstream computes its statistical features and no
verdict; `PYTHON` is one that has it installed (it is not among this project's requirements).
Both on one core, processor time of the process and its children, alternating, three rounds, the
median; a machine that does other things slows both. With a peer the figures are kept in
docs/router/speed.json, of which `python -m benchmarks.router.page` makes the page's table.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from examples.router.compiled import build

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "docs" / "router" / "speed.json"
ROUNDS = 3
KINDS = ("onnxruntime,python", "native,python", "onnxruntime,compiled", "native,compiled")
"""Engine and flow table."""

TIMED = """
import resource, sys
def used():
    both = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(one.ru_utime + one.ru_stime for one in both)
"""

OURS = (
    TIMED
    + """
from examples.router.bundles import open_judge
from examples.router.replay import Replay, json_line
engine, table = sys.argv[1].split(",")
replay = Replay(open_judge(engine=engine), table=table)
began = used()
for judged in replay.run(sys.argv[2:]):
    if judged.final:
        json_line(judged.verdict)
told = replay.summary()
print(told["packets"], told["flows"], told["packets"] / (used() - began))
"""
)

PEER = (
    TIMED
    + """
from nfstream import NFStreamer
began, packets = used(), 0
for path in sys.argv[2:]:
    options = dict(statistical_analysis=True, n_dissections=0, n_meters=1)
    packets += sum(flow.bidirectional_packets for flow in NFStreamer(source=path, **options))
print(packets, 0, packets / (used() - began))
"""
)


def rate(python: str, program: str, engine: str, files: list[str]) -> tuple[int, int, float]:
    """Packets, flows, and packets a second of processor time, of one run."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [python, "-W", "ignore", "-c", program, engine, *files],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    packets, flows, found = done.stdout.split()[-3:]
    return int(packets), int(flows), float(found)


def main() -> None:
    """Alternate, and print the medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--peer", metavar="PYTHON")
    options = parser.parse_args()
    build()
    found: dict[str, list[float]] = {}
    loads, packets, flows = [], 0, 0
    for _ in range(ROUNDS):
        loads.append(os.getloadavg()[0])
        for kind in KINDS:
            packets, flows, once = rate(sys.executable, OURS, kind, options.files)
            found.setdefault(kind, []).append(once)
        if options.peer:
            _, _, once = rate(options.peer, PEER, "", options.files)
            found.setdefault("nfstream", []).append(once)
    medians = {name: round(statistics.median(values)) for name, values in found.items()}
    print(json.dumps({"packets_per_second": medians}))
    if options.peer:
        ratios = {name: round(medians[name] / medians["nfstream"], 2) for name in KINDS}
        print(json.dumps({"times nfstream": ratios}))
        kept = {
            "packets": packets, "flows": flows, "rounds": ROUNDS, "processors": os.cpu_count(),
            "load": round(statistics.median(loads), 1), "packets_per_second": medians,
            "every_round": {name: [round(one) for one in each] for name, each in found.items()},
        }  # fmt: skip
        KEPT.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
