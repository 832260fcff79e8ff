"""Record a set of labelled captures: `python -m examples.router.lab --out .lab` (as root)."""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import edge_infer
from examples.router.lab import servers
from examples.router.lab.catalogue import plans
from examples.router.lab.hosts import LabFailed, require
from examples.router.lab.record import Recording, record
from examples.router.lab.topology import TOOLS

if TYPE_CHECKING:
    from examples.router.lab.plan import Plan


def main() -> int:
    """Record every plan of the set; return the exit code."""
    options = arguments().parse_args()
    chosen = [
        (f"{number:03d}-{plan.kind}.pcap", plan)
        for number, plan in enumerate(plans(options.seed, options.rounds))
        if not options.kind or plan.kind in options.kind
    ]
    if options.list:
        for name, plan in chosen:
            print(f"{name}\t{plan.label}\tseed {plan.seed}\t{len(plan.steps)} commands")
        return 0
    try:
        require(*TOOLS, *servers.TOOLS)
        options.out.mkdir(parents=True, exist_ok=True)
        return record_all(chosen, options.out, options.workers)
    except edge_infer.EdgeInferError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code


def arguments() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(prog="python -m examples.router.lab", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(".lab"), metavar="DIR")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=2, help="recordings of every kind")
    parser.add_argument("--workers", type=int, default=3, help="recordings made at once")
    parser.add_argument("--kind", action="append", help="only this kind; may be repeated")
    parser.add_argument("--list", action="store_true", help="show the plans; needs no root")
    return parser


def record_all(chosen: list[tuple[str, Plan]], out: Path, workers: int) -> int:
    """Record with several labs at once, and write the manifest; 1 where a recording failed."""
    begun = time.monotonic()
    with ThreadPoolExecutor(workers) as pool:
        results = list(pool.map(lambda pair: try_to_record(pair[1], out / pair[0]), chosen))
    made = [one for one in results if one is not None]
    entries = [asdict(one) for one in made]
    (out / "manifest.json").write_text(json.dumps(entries, indent=1) + "\n", "utf-8")
    packets = sum(one.packets for one in made)
    print(f"{len(made)} of {len(chosen)} recorded, {packets:,} packets, "
          f"{time.monotonic() - begun:.0f} s, in {out}")  # fmt: skip
    return 0 if len(made) == len(chosen) else 1


def try_to_record(plan: Plan, path: Path) -> Recording | None:
    """One recording, with a line about it; None where the lab failed."""
    try:
        made = record(plan, path)
    except LabFailed as error:
        print(f"{path.name}: FAILED: {error}", file=sys.stderr, flush=True)
        return None
    print(f"{made.file}\t{made.label}\t{made.packets:,} packets\t{made.seconds:.1f} s", flush=True)
    return made


if __name__ == "__main__":
    sys.exit(main())
