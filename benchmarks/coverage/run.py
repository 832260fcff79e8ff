"""Measure every estimator on every data set: each estimator in a process of its own.

An estimator that takes too long or too much memory ends with its own process, and its cases
without an answer count as errors.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import sys
import time
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.coverage.estimators import Candidate
    from benchmarks.coverage.measure import Case

SECONDS = 300
"""Of one core, for all data sets of one estimator; of the clock `_PATIENCE` times as much."""
_PATIENCE = 4
MEMORY_BYTES = 6 * 2**30


def _measure_all(candidate: Candidate, compare: bool, names: Sequence[str], to: Connection) -> None:
    from benchmarks.coverage.measure import measure, suitable

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    for make in suitable(candidate):
        dataset = make()
        if not names or dataset.name in names:
            to.send(dataset.name)
            to.send(measure(candidate, dataset, compare=compare))
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
        self.cases: list[Case] = []
        self._dataset = ""
        self._until = time.monotonic() + SECONDS * _PATIENCE

    def has_ended(self) -> bool:
        """Take what it has told; whether there is nothing more to come."""
        try:
            while self.connection.poll():
                told = self.connection.recv()
                if told is None:
                    return True
                if isinstance(told, str):
                    self._dataset = told
                else:
                    self.cases.append(told)
        except EOFError:
            self._fail(f"the process ended: out of memory, or over {SECONDS} s of one core")
            return True
        if time.monotonic() > self._until:
            self._fail(f"more than {SECONDS * _PATIENCE} s by the clock")
            return True
        return False

    def _fail(self, reason: str) -> None:
        from benchmarks.coverage.measure import Case

        self.process.kill()
        c = self.candidate
        self.cases.append(Case(c.name, c.kind, self._dataset, "error", reason, SECONDS))


def measured(
    chosen: Sequence[tuple[Candidate, Sequence[str]]], *, processes: int, compare: bool = True
) -> Iterator[tuple[Candidate, list[Case]]]:
    """The cases of each estimator, as they come; `compare` with plain skl2onnx as well.

    Beside each stand the names of its data sets, none for all that suit it.
    """
    waiting, running = list(reversed(chosen)), list[_Running]()
    while waiting or running:
        while waiting and len(running) < processes:
            candidate, names = waiting.pop()
            running.append(_Running(candidate, compare, names))
        wait([one.connection for one in running], timeout=1.0)
        for one in [one for one in running if one.has_ended()]:
            one.process.join()
            running.remove(one)
            yield one.candidate, one.cases


@contextlib.contextmanager
def shortened() -> Iterator[None]:
    """About an eighth of the rows that a proof tries: what counts here is the many models."""
    from convert.prove import effort

    usual = effort.BOUNDS
    effort.BOUNDS = effort.Bounds(
        probes=(500, 800), alone=(24, 32), engine=(150, 200), row_buffers=60
    )
    try:
        yield
    finally:
        effort.BOUNDS = usual


def in_full(cases: Sequence[Case], chosen: Sequence[Candidate], *, processes: int) -> list[Case]:
    """The slowest of them once more, with all rows."""
    from benchmarks.coverage.slowest import slowest

    of = {(one.kind, one.name): one for one in chosen}
    again = [(of[case.kind, case.estimator], [case.dataset]) for case in slowest(cases)]
    runs = measured(again, processes=processes, compare=False)
    return [case for _, found in runs for case in found]


def main(arguments: Sequence[str]) -> int:
    """Measure all, or the named estimators; writes docs/coverage.md when all were measured."""
    import argparse

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("estimators", nargs="*", help="only these classes")
    parser.add_argument("--kind", help="only this kind")
    parser.add_argument("--datasets", nargs="*", default=[], help="only these data sets")
    parser.add_argument("--keep", type=Path, help="a file of cases: goes on where it ends")
    parser.add_argument("--no-plain", action="store_true", help="without plain skl2onnx")
    parser.add_argument("--full", action="store_true", help="try as many rows as an export does")
    parser.add_argument(
        "--page", action="store_true", help="write what is kept, measure the slowest alone"
    )
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args(arguments)
    # Everything is imported once, and each estimator's process is a fork of this one.
    from benchmarks.coverage import report, slowest
    from benchmarks.coverage.estimators import candidates
    from benchmarks.coverage.measure import Case
    from benchmarks.coverage.record import Record

    chosen = [
        one
        for one in candidates()
        if (not given.estimators or one.name in given.estimators)
        and (not given.kind or one.kind == given.kind)
    ]
    record = Record(given.keep, Case) if given.keep else None
    found = list(record.cases) if record else []
    left = [one for one in chosen if record is None or record.misses(one)]
    started = time.monotonic()
    with contextlib.nullcontext() if given.full else shortened():
        work = [] if given.page else [(one, given.datasets) for one in left]
        runs = measured(work, processes=given.processes, compare=not given.no_plain)
        for number, (candidate, cases) in enumerate(runs, start=1):
            spent = time.monotonic() - started
            print(f"[{number}/{len(left)}, {spent:.0f} s] {candidate.kind} {candidate.name}")
            for case in cases:
                if case.outcome not in ("exact", "does not fit"):
                    print(f"  {case.dataset}: {case.outcome}: {case.reason[:200]}")
            found += cases
            if record:
                record.add(candidate, cases)
    slow = in_full(found, chosen, processes=given.processes)
    print(report.totals(found), slowest.printed(slow), sep="\n")
    if given.page:
        report.write(found, slow, missing=[one.name for one in left])
        return 0
    if not (given.estimators or given.kind or given.datasets or given.no_plain):
        report.write(found, slow)
    problems = [*report.problems(found), *slowest.too_slow([*found, *slow])]
    print("\n".join(problems) or "every class is exact or refused as the tables say")
    return 1 if problems else 0


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    sys.exit(main(sys.argv[1:]))
