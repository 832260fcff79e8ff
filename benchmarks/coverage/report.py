"""`docs/coverage.md`: what was measured, by kind and estimator, totals first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.coverage.building import SPARSE
from benchmarks.coverage.estimators import KINDS
from benchmarks.coverage.refused import NOT_ROWS, REFUSED, is_expected
from benchmarks.coverage.slowest import section

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.coverage.measure import Case

PAGE = Path(__file__).parents[2] / "docs" / "coverage.md"
_PACKAGES = ("scikit-learn", "skl2onnx", "onnx", "onnxruntime")


@dataclass(frozen=True)
class Line:
    """All cases of one estimator as one kind."""

    name: str
    kind: str
    cases: tuple[Case, ...]

    def of(self, *outcomes: str) -> list[Case]:
        """The cases that came out so."""
        return [case for case in self.cases if case.outcome in outcomes]

    @property
    def is_exact(self) -> bool:
        """On every data set that it fits and on which scikit-learn agrees with itself."""
        return bool(self.of("exact")) and not self.of("unsupported", "not exact", "error")


def lines(cases: Iterable[Case]) -> list[Line]:
    """One line for each estimator and kind, in the order of the kinds."""
    found: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        found.setdefault((case.kind, case.estimator), []).append(case)
    order = [str(kind) for kind in KINDS]
    keys = sorted(found, key=lambda key: (order.index(key[0]), key[1]))
    return [Line(name, kind, tuple(found[kind, name])) for kind, name in keys]


def problems(cases: Iterable[Case]) -> list[str]:
    """Cases that are not as `refused.py` says, and classes that are exact nowhere."""
    found = []
    for line in lines(cases):
        found += [
            f"{line.name} on {c.dataset}: {c.outcome}: {c.reason[:150]}"
            for c in line.cases
            if not is_expected(line.name, c.dataset, c.outcome, c.reason)
        ]
        if line.name not in REFUSED and line.name not in NOT_ROWS and not line.of("exact"):
            found.append(f"{line.name} is exact on no data set")
    return found


def totals(cases: Sequence[Case]) -> str:
    """A table of the kinds."""
    rows = [
        "| kind | classes | exact | refused somewhere, with the reason | no rows to transform "
        "| plain skl2onnx: the same everywhere | differs somewhere | fails somewhere |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    every = lines(cases)
    for kind, title in KINDS.items():
        mine = [line for line in every if line.kind == kind]
        exact = sum(line.is_exact for line in mine)
        none = sum(line.name in NOT_ROWS for line in mine)
        plain = Counter(_plainly(line) for line in mine)
        rows.append(
            f"| {title} | {len(mine)} | {exact} | {len(mine) - exact - none} | {none} "
            f"| {plain['same']} | {plain['differs']} | {plain['fails']} |"
        )
    tried = [case for case in cases if case.outcome != "does not fit"]
    found = Counter(case.outcome for case in tried)
    said = ", ".join(f"{count} {outcome}" for outcome, count in found.most_common())
    undecided = sum(case.undecided for case in tried)
    return "\n".join(
        [
            *rows,
            "",
            f"Estimators fitted on data sets: {len(tried)} ({said}). Proven and silently wrong: 0; "
            "every one of them was compared row by row or refused. Rows that rounding alone "
            f"decides: {undecided}.",
        ]
    )


def write(cases: Sequence[Case], slow: Sequence[Case], *, missing: Sequence[str] = ()) -> None:
    """Write the page: all cases, those that were measured in full, the classes still missing."""
    versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    parts = [
        _INTRODUCTION.format(versions=versions, minutes=sum(case.seconds for case in cases) / 60),
        totals(cases),
        "",
        section(slow),
    ]
    if missing:
        parts += ["", f"Still to be measured, and in no total: {', '.join(missing)}."]
    for kind, title in KINDS.items():
        mine = [line for line in lines(cases) if line.kind == kind]
        parts += ["", f"## {title}", "", _HEAD, *(_row(line) for line in mine)]
    PAGE.write_text("\n".join(parts) + "\n", encoding="utf-8")


_INTRODUCTION = """# What is exact

Written by `make coverage`; do not edit. Every estimator class of the installed scikit-learn that
predicts or transforms is fitted on each data set that suits it, exported, and proven or refused:
iris, wine, breast_cancer, digits with its pixels as they are, diabetes, a data frame of text,
booleans, numbers and holes, integers of mixed magnitude, constant columns, duplicated rows, columns
of 1e-30 and 1e30, counts, missing values, several targets and labels, one column, documents.
A proof here tries about an eighth of the rows that an export tries by default (`--full` tries all):
what counts is the many models.
Beside it stands what plain `skl2onnx.to_onnx` and onnxruntime make of the same model on the same
rows: `same` is equal labels and scores within 1e-5 of the largest; what takes it more than 10 s of
one core counts as `fails`. Continuous integration measures our side of this page alone, and fails
where a class is not exact and `benchmarks/coverage/refused.py` does not say so.
{versions}; {minutes:.0f} minutes of one core for the exports and their proofs.

*Exact* means: on every data set that it fits and on which scikit-learn agrees with itself. What
reads numbers has a ColumnTransformer before it on the data frame, and what returns a sparse matrix
has Ridge behind it. Settings are scikit-learn's defaults where these fit and are exact; the others
are in `benchmarks/coverage/building.py`. An estimator of two kinds is counted in both.
scikit-learn's release is pinned exactly (`requirements/convert.txt`): a pickle of another release
is refused, so the oldest and the newest that are supported are this one
([why](adr/0020-one-release-of-scikit-learn.md)).
"""
_HEAD = "| estimator | exact on | refused | plain skl2onnx |\n| --- | --- | --- | --- |"


def _plainly(line: Line) -> str:
    said = [case.plain for case in line.cases if case.plain]
    if not said or "fails" in said:
        return "fails"
    return "differs" if "differs" in said else "same"


def _row(line: Line) -> str:
    if line.name in NOT_ROWS:
        return f"| {line.name} | | {NOT_ROWS[line.name]} | |"
    fits = [case for case in line.cases if case.outcome != "does not fit"]
    exact = f"{len(line.of('exact'))} of {len(fits)}"
    name = f"{line.name}, before Ridge" if line.name in SPARSE else line.name
    return f"| {name} | {exact} | {_refusals(line)} | {_plain(line)} |"


def _refusals(line: Line) -> str:
    reasons: dict[str, list[str]] = {}
    for case in line.of("self-disagreement", "unsupported", "not exact", "error"):
        own = case.outcome == "self-disagreement"
        reason = "scikit-learn disagrees with itself" if own else _shown(case.reason)
        reasons.setdefault(reason, []).append(case.dataset)
    return "; ".join(f"{', '.join(names)}: {reason}" for reason, names in reasons.items())


def _shown(reason: str) -> str:
    first = reason.split("\n")[0].split("; the first is")[0]
    return first.replace("|", "\\|")[:240]


def _plain(line: Line) -> str:
    found = Counter(case.plain for case in line.cases if case.plain)
    return ", ".join(
        f"{said} {found[said]}" for said in ("same", "differs", "fails") if found[said]
    )
