"""Cases on disk, one JSON object a line, so that a run that was stopped can go on."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from benchmarks.coverage.estimators import Candidate


CaseT = TypeVar("CaseT", bound=Any)
"""A dataclass of plain values, `kind` and `estimator` among them."""


class Record(Generic[CaseT]):
    """A file of cases; an estimator counts as measured once all its cases are there."""

    def __init__(self, path: Path, case: type[CaseT]) -> None:
        self._path = path
        self.cases: list[CaseT] = []
        self._measured: set[tuple[str, str]] = set()
        found: list[CaseT] = []
        for line in path.read_text().splitlines() if path.exists() else ():
            entry = json.loads(line)
            if "measured" in entry:
                self._measured.add(tuple(entry["measured"]))
            else:
                found.append(case(**entry))
        self.cases = [one for one in found if (one.kind, one.estimator) in self._measured]

    def misses(self, candidate: Candidate) -> bool:
        """Whether it is still to be measured."""
        return (candidate.kind, candidate.name) not in self._measured

    def add(self, candidate: Candidate, cases: Iterable[CaseT]) -> None:
        """All cases of one estimator."""
        lines = [asdict(case) for case in cases]
        end = {"measured": (candidate.kind, candidate.name)}
        with self._path.open("a") as file:
            file.writelines(json.dumps(line) + "\n" for line in [*lines, end])
