"""What was seen, written down: counts by kind of probe and by output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_infer.contract import Certificate, Output, Parity, ProbeCount

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from convert.graph.emitted import EmittedOutput
    from convert.prove.compare import Compared
    from convert.prove.probes import Probes
    from convert.prove.rounding import Band

REFUSED = "refused row"
"""Kind of probe: scikit-learn raises on it, and so does the runtime."""


@dataclass
class Tally:
    """What one output has shown so far. Rows are counted once however often they are run."""

    output: EmittedOutput
    compared: int = 0
    excused: NDArray[np.bool_] | None = None
    worst: float = 0.0

    def add(self, compared: Compared) -> None:
        """Count one comparison over rows whose every difference passed."""
        assert not compared.differ.any()
        self.compared += len(compared.differ)
        self.worst = max(self.worst, float(compared.difference.max(initial=0.0)))

    def parity(self, band: Band, excused: NDArray[np.bool_]) -> Parity:
        """Undecided labels are counted whether they differed or not, scores where they did."""
        undecided = band.undecided if self.output.kind == "label" else excused
        # A score whose terms cancel has no margin, however near or far the label's is.
        measured = band.margin[undecided & band.undecided]
        return Parity(
            output=self.output.name,
            compared=self.compared,
            differ=0,
            undecided=int(undecided.sum()),
            widest_undecided=float(measured.max(initial=0.0)),
            max_difference=self.worst,
        )


def certificate(
    probes: Probes,
    parities: Sequence[Parity],
    *,
    tolerance: float,
    engine: str,
    notes: Sequence[str],
) -> Certificate:
    """The proof as the contract carries it."""
    counts = tuple(
        ProbeCount(kind, probes.count(number)) for number, kind in enumerate(probes.kinds)
    )
    if probes.refused is not None:
        counts = (*counts, ProbeCount(REFUSED, len(probes.refused)))
    return Certificate(
        relative_tolerance=tolerance,
        probes=counts,
        parity=tuple(parities),
        engine=engine,
        notes=tuple(dict.fromkeys([*notes, *probes.notes])),
    )


def described(outputs: Sequence[EmittedOutput], scales: Mapping[str, float]) -> tuple[Output, ...]:
    """The contract's outputs, with S for scores."""
    return tuple(
        Output(o.verb, o.name, o.dtype, o.shape, o.kind, scales[o.name], o.target) for o in outputs
    )
