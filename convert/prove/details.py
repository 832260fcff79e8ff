"""What a proof saw beyond its counts: for the person who signs off, not for the device.

The contract carries the certificate alone. These frozen values stay on the workstation; they
travel from the process that unpickles as JSON, so they hold text and plain numbers only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.prove.reference import shortened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from convert.graph.emitted import EmittedOutput
    from convert.prove.case import Case
    from convert.prove.compare import Compared

ROWS_PER_KIND = 2
UNDECIDED_ROWS = 6
LEAST_EXPONENT = -20


@dataclass(frozen=True)
class Decade:
    """How many answers differ by more than 10^(exponent - 1), and by at most 10^exponent."""

    exponent: int
    answers: int


@dataclass(frozen=True)
class Spread:
    """How far the answers of one output lie from scikit-learn's, over every way of running."""

    output: str
    equal: int
    """To the last bit."""
    tied: int
    """Undecided rows that got another of their tied answers."""
    decades: tuple[Decade, ...]
    """|got - want| / max(|want|, S) of the rest, in rising order."""


@dataclass(frozen=True)
class Answer:
    """One output on one row."""

    output: str
    expected: str
    """scikit-learn's."""
    actual: str
    difference: float | None
    """Relative, as in `Spread`; None for labels."""


@dataclass(frozen=True)
class Row:
    """A probe as it is shown."""

    kind: str
    row: str
    answers: tuple[Answer, ...]
    margin: float | None = None
    """Between the decision and its rival, None where that is not measured."""
    unit: float | None = None
    """What rounding may do to it: undecided where the margin lies below."""


@dataclass(frozen=True)
class Details:
    """What `Proof.details` holds."""

    spreads: tuple[Spread, ...]
    rows: tuple[Row, ...]
    """Of each kind of probe those that differ most."""
    undecided: tuple[Row, ...]
    """Those with the widest margins in their units."""
    refused: tuple[str, ...]
    """Rows on which scikit-learn raises, and so does the device."""


class Spreading:
    """Counts the differences of one output as they are compared."""

    def __init__(self, output: EmittedOutput) -> None:
        self._output = output.name
        self._equal = self._tied = 0
        self._decades: dict[int, int] = {}

    def add(self, compared: Compared) -> None:
        """Count one comparison, none of whose rows differ beyond the bound."""
        rest = compared.difference[~compared.excused]
        self._tied += int(compared.excused.sum())
        self._equal += int((rest == 0).sum())
        exponents = np.ceil(np.log10(rest[rest > 0])).astype(int)
        for exponent, count in zip(*np.unique(exponents, return_counts=True), strict=True):
            at = max(int(exponent), LEAST_EXPONENT)
            self._decades[at] = self._decades.get(at, 0) + int(count)

    def spread(self) -> Spread:
        """What was counted so far."""
        decades = tuple(Decade(e, n) for e, n in sorted(self._decades.items()))
        return Spread(self._output, self._equal, self._tied, decades)


def details(case: Case, spreads: Sequence[Spread], got: Mapping[str, NDArray[Any]]) -> Details:
    """Choose the rows to show; `got` holds the graph's answers for all probes in one batch."""
    probes, undecided = case.probes, case.band.undecided
    differences = {
        output.name: case.difference(output, got[output.name])
        for output in case.reference.outputs
        if output.kind == "score"
    }
    worst = np.max([np.zeros(len(probes.rows)), *differences.values()], axis=0)
    chosen: list[int] = []
    for kind in range(len(probes.kinds)):
        mine = np.flatnonzero((probes.kind_of == kind) & ~undecided)
        order = np.argsort(-worst[mine], kind="stable")
        chosen.extend(int(row) for row in mine[order[:ROWS_PER_KIND]])
    with np.errstate(all="ignore"):
        nearness = np.where(undecided, case.band.margin / case.band.unit, -1.0)
    widest = np.argsort(-nearness, kind="stable")[: min(UNDECIDED_ROWS, int(undecided.sum()))]
    refused = () if probes.refused is None else probes.refused[:ROWS_PER_KIND]
    return Details(
        tuple(spreads),
        tuple(_row(case, row, got, differences) for row in chosen),
        tuple(_row(case, int(row), got, differences) for row in widest),
        tuple(case.reference.shown(row) for row in refused),
    )


def _row(
    case: Case,
    row: int,
    got: Mapping[str, NDArray[Any]],
    differences: Mapping[str, NDArray[np.float64]],
) -> Row:
    answers = []
    for output in case.reference.outputs:
        mine, theirs = got[output.name][row], case.want[output.name][row]
        relative = differences.get(output.name)
        difference = None if relative is None else _finite(float(relative[row]))
        answers.append(Answer(output.name, _text(theirs, output), _text(mine, output), difference))
    return Row(
        case.probes.kinds[case.probes.kind_of[row]],
        case.reference.shown(case.probes.rows[row]),
        tuple(answers),
        _finite(float(case.band.margin[row])),
        _finite(float(case.band.unit[row])),
    )


def _text(answer: Any, output: EmittedOutput) -> str:
    if output.kind == "label":
        return ", ".join(str(value) for value in np.ravel(answer).tolist())
    return shortened(np.ravel(np.asarray(answer, dtype=np.float64)))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
