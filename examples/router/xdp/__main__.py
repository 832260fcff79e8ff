"""Optional: the tree in the kernel. `python -m examples.router.xdp train | build | run`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from examples.router.ending import Stop, exit_status

RENEW_SECONDS, ACT_SECONDS = 1.0, 4.0


def main() -> int:
    """Run one of the commands; return the exit code."""
    options = arguments().parse_args()
    command = {"train": train, "build": build, "run": run}[options.command]
    return exit_status(lambda: command(options))


def arguments() -> argparse.ArgumentParser:
    """The three commands and their options."""
    parser = argparse.ArgumentParser(prog="python -m examples.router.xdp", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("train", help="a proven tree from the lab's captures")
    one.add_argument("lab", type=Path, help="folder with manifest.json")
    one.add_argument("--key", type=Path, required=True, help="signs the artifact")
    one.add_argument("--out", type=Path, required=True, help="the artifact")
    one.add_argument("--depth", type=int, default=8)
    two = commands.add_parser("build", help="compile an artifact for the kernel")
    two.add_argument("artifact", type=Path)
    two.add_argument("--trust", type=Path, required=True)
    two.add_argument("--out", type=Path, required=True, help="folder for router.bpf.o")
    three = commands.add_parser("run", help="attach it, and print its counters until Ctrl-C")
    three.add_argument("interface")
    three.add_argument("object", type=Path)
    three.add_argument("--act", action="store_true", help="drop what the tree calls malicious")
    three.add_argument("--native", action="store_true", help="in the driver, where it can")
    return parser


def train(options: argparse.Namespace) -> int:
    """Train, say how it does on captures it has not seen, prove, write."""
    from examples.router.xdp import training

    rows, labels, groups = training.read_lab(options.lab)
    scores = training.held_out(rows, labels, groups, options.depth)
    print(f"{len(rows):,} packets of {len(set(groups.tolist()))} captures; on captures held out "
          f"{scores['recall']:.1%} of malicious packets are found, "
          f"{scores['false_alarms']:.2%} of benign ones taken for malicious")  # fmt: skip
    training.prove(training.train(rows, labels, options.depth), rows, options.key, options.out)
    print(f"{options.out}: proven and signed")
    return 0


def build(options: argparse.Namespace) -> int:
    """Compile."""
    from examples.router.xdp.build import build as build_object

    made = build_object(options.artifact, options.trust, options.out)
    print(f"{made}: {made.stat().st_size:,} bytes")
    return 0


def run(options: argparse.Namespace) -> int:
    """Attach, renew the permission to drop, print the counters."""
    from examples.router.xdp.kernel import Loaded, is_there

    stop = Stop().listen()
    mode = "xdp" if options.native else "xdpgeneric"
    with Loaded(options.object, options.interface, mode) as loaded:
        print("attached" if options.act else "attached, counting only", flush=True)
        while is_there(options.interface) and not stop.asked:
            loaded.act_for(ACT_SECONDS if options.act else 0.0)
            print(" ".join(f"{name} {n:,}" for name, n in loaded.counters().items()), flush=True)
            stop.wait(RENEW_SECONDS)
        if not stop.asked:
            print(f"{options.interface} has gone", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
