"""Enforce verdicts that come as JSON lines: `… --json | python -m examples.router.enforce`.

Each decision is printed. At the end of the input, or on SIGTERM or SIGHUP, every ban is undone.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import select
import sys
from typing import TYPE_CHECKING

from edge_infer import BadInput
from examples.router.ending import Stop, exit_status
from examples.router.enforce.options import add_options, build
from examples.router.flows.opening import OPENINGS, Opening
from examples.router.output import unheld
from examples.router.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOK_MS = 200
"""So long a signal may wait where no line comes."""

MOST_BYTES_A_LINE = 1 << 20
FEED = "feed it from: python -m examples.router replay FILE --json"


def main() -> int:
    """Read verdicts until there are no more; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m examples.router.enforce", description=__doc__)
    add_options(parser)
    parser.set_defaults(enforce="nftables")
    options = parser.parse_args()
    stop = Stop().listen()
    return exit_status(lambda: run(options, stop))


def run(options: argparse.Namespace, stop: Stop) -> int:
    """Enforce what comes until it ends or a signal does, and undo every ban.

    A reader of the decisions who stalls holds up no ban: lines that he has no room for are dropped.
    """
    enforcer = build(options)
    assert enforcer is not None
    with unheld() as out:
        with enforcer:
            print("ready", flush=True)
            for number, line in enumerate(lines(sys.stdin.fileno(), stop), 1):
                if stop.asked:
                    break
                verdict = read_verdict(line, number)
                decision = None if verdict is None else enforcer.consider(verdict)
                if decision is not None:
                    print(f"{decision.action} {decision.address}: {decision.reason}", flush=True)
        if out.dropped:
            print(f"{out.dropped:,} decisions that nobody read", file=sys.stderr)
    return 0


def lines(file: int, stop: Stop) -> Iterator[str]:
    """Lines as they come, until there are no more or the end is asked for.

    Raises:
        BadInput: a line is longer than any verdict.
    """
    poll, rest = select.poll(), b""
    poll.register(file, select.POLLIN)
    while not stop.asked:
        if not poll.poll(LOOK_MS):
            continue
        some = os.read(file, 1 << 16)
        *whole, rest = (rest + some).split(b"\n")
        if len(rest) > MOST_BYTES_A_LINE:
            raise BadInput(
                "standard input: a line without an end",
                expected=f"lines of at most {MOST_BYTES_A_LINE:,} bytes",
                hint=FEED,
            )
        yield from (line.decode("utf-8", "replace") for line in whole)
        if not some:
            if rest:
                yield rest.decode("utf-8", "replace")
            return


def read_verdict(line: str, number: int) -> Verdict | None:
    """The model's own verdict of a line; None for the summary.

    A flow that is malicious because its source was caught is no evidence against the source: of
    such a one the model itself said that it was benign.

    Raises:
        BadInput: it is neither.
    """
    try:
        told = json.loads(line)
        if not isinstance(told, dict):
            raise TypeError("a verdict is an object")
        if "summary" in told:
            return None
        source, destination, source_port, port, protocol = told["flow"]
        first, last, score, latency_ms = (
            _finite(told[name]) for name in ("first", "last", "score", "latency_ms")
        )
        is_own = {"model": True, "source": False}[told.get("by", "model")]
        return Verdict(
            flow=(str(source), str(destination), int(source_port), int(port), str(protocol)),
            first=first,
            last=last,
            score=score,
            verdict="malicious" if told["verdict"] == "malicious" and is_own else "benign",
            why=[_printable(str(reason)) for reason in told["why"]],
            latency_ms=latency_ms,
            source=str(told.get("source", source)),
            opening=_opening(told.get("opening", "seen")),
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise BadInput(
            f"standard input, line {number}: not a verdict",
            expected="a JSON line of `replay --json`",
            actual=line[:80].rstrip(),
            hint=FEED,
        ) from error


def _finite(number: object) -> float:
    found = float(number)  # type: ignore[arg-type]
    if not math.isfinite(found):
        raise ValueError(f"{found} is no time and no score")
    return found


def _opening(told: object) -> Opening:
    """What a line says; who writes none means that the source opened the flow."""
    for one in OPENINGS:
        if told == one:
            return one
    raise ValueError(f"{told!r} is none of {OPENINGS}")


def _printable(text: str) -> str:
    """What a line says goes to a terminal, and must not command it."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)


if __name__ == "__main__":
    sys.exit(main())
