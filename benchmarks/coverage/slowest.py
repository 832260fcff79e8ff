"""What exports with their proofs take at most: printed, written into the page, and bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.coverage.estimators import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.coverage.measure import Case

AIM_SECONDS = 10
"""Of one core, for the export and the proof of any estimator of the table."""
SLACK = 3
"""A busy machine counts up to twice as many seconds for the same work."""
COUNT = 10


def slowest(cases: Iterable[Case]) -> list[Case]:
    """The `COUNT` slowest classes and the slowest of every kind, each on its slowest data set."""
    worst: dict[str, Case] = {}
    for case in sorted(cases, key=lambda case: case.seconds, reverse=True):
        worst.setdefault(case.estimator, case)
    ordered = list(worst.values())
    kinds: dict[str, Case] = {}
    for case in ordered:
        kinds.setdefault(case.kind, case)
    of_kinds = {case.estimator for case in kinds.values()}
    return [case for at, case in enumerate(ordered) if at < COUNT or case.estimator in of_kinds]


def too_slow(cases: Iterable[Case]) -> list[str]:
    """Cases that took more than `SLACK` times the aim, each once."""
    most = AIM_SECONDS * SLACK
    said = [
        f"{case.estimator} on {case.dataset}: {case.seconds:.1f} s of one core for the export and "
        f"its proof; {AIM_SECONDS} are the aim, {most} are too many on any machine"
        for case in cases
        if case.seconds > most
    ]
    return list(dict.fromkeys(said))


def printed(cases: Sequence[Case]) -> str:
    """A line for each, the slowest first."""
    lines = [f"  {c.seconds:5.1f}  {c.estimator} on {c.dataset}" for c in _falling(cases)]
    return "\n".join(["slowest exports with all rows of their proofs, s of one core:", *lines])


def section(cases: Sequence[Case]) -> str:
    """The table of the page, in which each kind has its slowest."""
    titles: Mapping[str, str] = {**KINDS}
    rows = [
        f"| {c.estimator} | {titles[c.kind]} | {c.dataset} | {c.seconds:.1f} |"
        for c in _falling(cases)
    ]
    return "\n".join([_ABOVE, *rows])


_ABOVE = f"""The slowest classes, and the slowest of every kind, were measured again with as many
rows as an export tries by default. The aim is {AIM_SECONDS} s of one core for an export and its
proof; `make coverage` fails where one takes more than {AIM_SECONDS * SLACK}.

| slowest | kind | on | seconds of one core |
| --- | --- | --- | ---: |"""


def _falling(cases: Sequence[Case]) -> list[Case]:
    return sorted(cases, key=lambda case: case.seconds, reverse=True)
