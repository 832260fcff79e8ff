"""Labels that differ from scikit-learn's: on the proof's probes, and on rows held out of both."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from models import Case, cases
from sklearn.base import is_classifier

import convert
import edge_infer

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Measured:
    """One estimator's parity."""

    name: str
    probes: int
    differ: int
    undecided: int
    worst_score: float
    """Largest |got - want| / max(|want|, S) over the scores of all probes."""
    held_out: int
    held_out_differ: int
    """Held-out rows whose label differs, or whose value differs by more than 1e-9."""


def measure(key: Path, trust: Path) -> Iterator[Measured]:
    """Export each estimator, load what was written, compare."""
    for case in cases():
        artifact = convert.export(case.estimator, case.samples)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "artifact"
            artifact.write(path, key=key)
            model = edge_infer.load(path, trust=trust)
            got = model.predict(case.held_out)
        parity = artifact.contract.certificate.parity
        kinds = {output.name: output.kind for output in artifact.contract.outputs}
        yield Measured(
            case.name,
            probes=max(p.compared for p in parity),
            differ=sum(p.differ for p in parity),
            undecided=max(p.undecided for p in parity),
            worst_score=max(
                (p.max_difference for p in parity if kinds[p.output] == "score"), default=0.0
            ),
            held_out=len(case.held_out),
            held_out_differ=_differ(case, got),
        )


def _differ(case: Case, got: np.ndarray) -> int:
    want = case.estimator.predict(case.held_out)
    if is_classifier(case.estimator):
        return int(np.sum(got != want))
    return int(np.sum(~np.isclose(got, want, rtol=1e-9, atol=1e-9 * np.abs(want).max())))


def table(rows: list[Measured]) -> str:
    """One line an estimator."""
    lines = [
        f"{'estimator':<44}{'probes':>8}{'differ':>8}{'undecided':>11}{'worst score':>13}"
        f"{'held out':>10}{'differ':>8}"
    ]
    lines += [
        f"{m.name:<44}{m.probes:>8,}{m.differ:>8}{m.undecided:>11,}{m.worst_score:>13.1e}"
        f"{m.held_out:>10,}{m.held_out_differ:>8}"
        for m in rows
    ]
    return "\n".join(lines)
