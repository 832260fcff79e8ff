"""Packets a second beside nfstream: `python -m benchmarks.router.speed --peer PYTHON FILE…`.

Ours is the whole way: read, dissect, features, verdict, JSON line, with the flow table in Python
and with the compiled one, which is built first. nfstream computes its statistical features and no
verdict; `PYTHON` is one that has it installed (it is not among this project's requirements).
Both on one core, processor time of the process and its children, alternating, three rounds, the
median; a machine that does other things slows both.
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
    if judged.ended:
        json_line(judged.verdict)
print(replay.summary()["packets"] / (used() - began))
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
print(packets / (used() - began))
"""
)


def rate(python: str, program: str, engine: str, files: list[str]) -> float:
    """Packets a second of processor time, of one run."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [python, "-W", "ignore", "-c", program, engine, *files],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(done.stdout.split()[-1])


def main() -> None:
    """Alternate, and print the medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--peer", metavar="PYTHON")
    options = parser.parse_args()
    build()
    found: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for kind in KINDS:
            found.setdefault(kind, []).append(rate(sys.executable, OURS, kind, options.files))
        if options.peer:
            found.setdefault("nfstream", []).append(rate(options.peer, PEER, "", options.files))
    medians = {name: round(statistics.median(values)) for name, values in found.items()}
    print(json.dumps({"packets_per_second": medians}))
    if options.peer:
        ratios = {name: round(medians[name] / medians["nfstream"], 2) for name in KINDS}
        print(json.dumps({"times nfstream": ratios}))


if __name__ == "__main__":
    main()
