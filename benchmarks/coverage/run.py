"""Measure every estimator on every data set: two processes, each estimator in one of its own.

An estimator that takes too long or too much memory ends with its own process, and its cases
without an answer count as errors.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import sys
import time
from dataclasses import asdict
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.coverage.estimators import Candidate
    from benchmarks.coverage.measure import Case

PROCESSES = 2
SECONDS = 300
"""Of one core, for all data sets of one estimator; of the clock `_PATIENCE` times as much."""
_PATIENCE = 4
MEMORY_BYTES = 6 * 2**30


def _measure_all(candidate: Candidate, compare: bool, names: Sequence[str], to: Connection) -> None:
    from dataclasses import replace

    from benchmarks.coverage.measure import measure, suitable
    from benchmarks.coverage.plain import plain

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    for make in suitable(candidate):
        dataset = make()
        if names and dataset.name not in names:
            continue
        to.send(dataset.name)
        case = measure(candidate, dataset)
        if compare and case.outcome != "does not fit":
            case = replace(case, plain=plain(candidate, dataset))
        to.send(case)
    to.send(None)


class _Running:
    """One estimator in its process."""

    def __init__(self, candidate: Candidate, compare: bool, names: Sequence[str]) -> None:
        fork = multiprocessing.get_context("fork")
        self.candidate = candidate
        self.connection, theirs = fork.Pipe(duplex=False)
        self.process = fork.Process(
            target=_measure_all, args=(candidate, compare, names, theirs), daemon=True
        )
        self.process.start()
        theirs.close()
        self.dataset = ""
        self.until = time.monotonic() + SECONDS * _PATIENCE

    def ended(self, reason: str) -> Case:
        """The case that it was at."""
        from benchmarks.coverage.measure import Case

        self.process.kill()
        c = self.candidate
        return Case(c.name, c.kind, self.dataset, "error", reason, SECONDS)


def cases(
    chosen: Sequence[Candidate],
    *,
    compare: bool = True,
    names: Sequence[str] = (),
    done: Callable[[Candidate], None] = lambda _candidate: None,
) -> Iterator[Case]:
    """Every case, as they come; `compare` with plain skl2onnx as well."""
    waiting, running = list(reversed(chosen)), list[_Running]()
    while waiting or running:
        while waiting and len(running) < PROCESSES:
            running.append(_Running(waiting.pop(), compare, names))
        wait([one.connection for one in running], timeout=1.0)
        for one in list(running):
            ended = False
            try:
                while not ended and one.connection.poll():
                    told = one.connection.recv()
                    if isinstance(told, str):
                        one.dataset = told
                    elif told is None:
                        ended = True
                    else:
                        yield told
            except EOFError:
                yield one.ended(
                    f"the process ended: out of memory, or over {SECONDS} s of one core"
                )
                ended = True
            if not ended and time.monotonic() > one.until:
                yield one.ended(f"more than {SECONDS * _PATIENCE} s by the clock")
                ended = True
            if ended:
                one.process.join()
                running.remove(one)
                done(one.candidate)


def _shorten() -> None:
    """About a fifth of the rows that a proof tries: what counts here is the many models."""
    from convert.prove import effort

    effort.BOUNDS = effort.Bounds(
        probes=(600, 1000), alone=(50, 70), engine=(200, 300), row_buffers=100
    )


def main(arguments: Sequence[str]) -> int:
    """Measure all, or the named estimators; writes docs/coverage.md when all were measured."""
    import argparse

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("estimators", nargs="*", help="only these classes")
    parser.add_argument("--kind", help="only this kind")
    parser.add_argument("--datasets", nargs="*", default=[], help="only these data sets")
    parser.add_argument("--jsonl", help="write every case to this file as well")
    parser.add_argument("--no-plain", action="store_true", help="without plain skl2onnx")
    parser.add_argument("--quick", action="store_true", help="try a quarter of the rows")
    given = parser.parse_args(arguments)
    # Everything is imported once, and each estimator's process is a fork of this one.
    from benchmarks.coverage import measure, plain, report
    from benchmarks.coverage.estimators import candidates

    del measure, plain
    chosen = [
        one
        for one in candidates()
        if (not given.estimators or one.name in given.estimators)
        and (not given.kind or one.kind == given.kind)
    ]
    if given.quick:
        _shorten()
    whole = not (given.estimators or given.kind or given.datasets or given.no_plain)
    found: list[Case] = []
    started, measured = time.monotonic(), 0

    def done(candidate: Candidate) -> None:
        nonlocal measured
        measured += 1
        spent = time.monotonic() - started
        print(f"[{measured}/{len(chosen)}, {spent:.0f} s] {candidate.kind} {candidate.name}")

    log = Path(given.jsonl).open("w") if given.jsonl else None  # noqa: SIM115
    for case in cases(chosen, compare=not given.no_plain, names=given.datasets, done=done):
        found.append(case)
        if log:
            log.write(json.dumps(asdict(case)) + "\n")
            log.flush()
        if case.outcome not in ("exact", "does not fit"):
            print(f"  {case.estimator} on {case.dataset}: {case.outcome}: {case.reason[:200]}")
    print(report.totals(found))
    if whole:
        report.write(found, seconds=time.monotonic() - started)
    return 0 if report.is_sound(found) else 1


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    sys.exit(main(sys.argv[1:]))
