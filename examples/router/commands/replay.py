"""`replay FILE…`: what the model says of recorded traffic."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from edge_infer import EdgeInferError
from examples.router.bundles import open_judge
from examples.router.commands.options import add_model_options, add_table_option
from examples.router.replay import Replay, json_line, text_line

if TYPE_CHECKING:
    import argparse

MOST_CAUSES = 5
"""Of what could not be read, told in a line; `--json` has all."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `replay`."""
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="pcap or pcapng, gzip too; - for standard input"
    )
    parser.add_argument("--json", action="store_true", help="a JSON line a flow, then a summary")
    add_model_options(parser)
    add_table_option(parser)


def run(options: argparse.Namespace) -> int:
    """Print each flow's verdict, malicious ones alone without `--json`, and a summary.

    Where a file is refused after others were judged, the summary comes all the same.
    """
    judge = open_judge(options.bundle, trust=options.trust, engine=options.engine)
    replay = Replay(judge, table=options.table)
    out = sys.stdout
    try:
        for judged in replay.run("/dev/stdin" if one == "-" else one for one in options.files):
            if not judged.final:
                continue
            if options.json:
                out.write(json_line(judged.verdict) + "\n")
            elif judged.verdict.verdict == "malicious":
                out.write(text_line(judged.verdict) + "\n")
    except EdgeInferError:
        if replay.begun:
            _sum_up(replay, is_json=options.json)
            out.flush()
        raise
    _sum_up(replay, is_json=options.json)
    return 0


def _sum_up(replay: Replay, *, is_json: bool) -> None:
    summary = replay.summary()
    if is_json:
        sys.stdout.write(json.dumps({"summary": summary}) + "\n")
        return
    for name, problems in replay.problems():
        counts = [f"{cause} ({number:,})" for cause, number in problems.items()]
        rest = [f"{len(counts) - MOST_CAUSES} other causes"] if counts[MOST_CAUSES:] else []
        sys.stdout.write(f"not read of {name}: {', '.join(counts[:MOST_CAUSES] + rest)}\n")
    if len(files := replay.files()) > 1:
        for one in files:
            sys.stdout.write(
                f"{one['file']}: {one['flows']:,} flows, {one['malicious']:,} malicious\n"
            )
    counted = {
        "of the link itself": replay.total("link_control"), "ICMP errors": replay.total("errors"),
    }  # fmt: skip
    apart = ", ".join(f"{number:,} {what}" for what, number in counted.items() if number)
    sys.stdout.write(
        f"{summary['flows']:,} flows, {summary['malicious']:,} malicious; "
        f"{summary['packets']:,} packets{f' ({apart})' if apart else ''}, "
        f"{summary['packets_per_second']:,} a second\n"
    )
