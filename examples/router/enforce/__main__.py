"""Enforce verdicts that come as JSON lines: `… --json | python -m examples.router.enforce`.

Each decision is printed. At the end of the input, or on SIGTERM or SIGHUP, every ban is undone.
"""

from __future__ import annotations

import argparse
import json
import math
import signal
import sys
from typing import TYPE_CHECKING

from edge_infer import BadInput, EdgeInferError
from examples.router.enforce.options import add_options, build
from examples.router.flows.opening import OPENINGS, Opening
from examples.router.verdicts import Verdict

if TYPE_CHECKING:
    from examples.router.enforce.enforcer import Enforcer


def main() -> int:
    """Read verdicts until there are no more; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m examples.router.enforce", description=__doc__)
    add_options(parser)
    parser.set_defaults(enforce="nftables")
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
            signal.signal(number, lambda *_: sys.exit(0))
    try:
        enforcer = build(options)
        assert enforcer is not None
        follow(enforcer)
    except EdgeInferError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 0
    return 0


def follow(enforcer: Enforcer) -> None:
    """Consider each verdict of the standard input."""
    with enforcer:
        print("ready", flush=True)
        for number, line in enumerate(sys.stdin, 1):
            verdict = read_verdict(line, number)
            decision = None if verdict is None else enforcer.consider(verdict)
            if decision is not None:
                print(f"{decision.action} {decision.address}: {decision.reason}", flush=True)


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
            hint="feed it from: python -m examples.router replay FILE --json",
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
