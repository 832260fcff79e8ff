"""The score sheet's numbers: a flow carries its capture's label, and captures weigh alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from examples.router.training.dataset import Rows

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Flows:
    """The flows of a `Rows`: `(n,)` each."""

    capture: NDArray[np.int64]
    is_malicious: NDArray[np.bool_]
    weight: Floats
    """1 over the number of flows of the capture."""

    @classmethod
    def of(cls, rows: Rows) -> Flows:
        """The flows that `rows.flow` numbers."""
        capture = np.zeros(int(rows.flow.max()) + 1, dtype=np.int64)
        capture[rows.flow] = rows.capture
        labels = np.array([one.label == "malicious" for one in rows.captures])
        return cls(capture, labels[capture], 1.0 / np.bincount(capture)[capture])


@dataclass(frozen=True)
class Score:
    """At one operating point."""

    f1: float
    precision: float
    recall: float
    false_share: float
    """Of the benign flows, those that were flagged; captures weigh alike."""

    false_an_hour: float
    """Benign flows flagged in an hour of the benign captures."""


def flow_scores(rows: Rows, scores: Floats) -> Floats:
    """`(flows,)` the highest score of each flow's rows, as the judge takes it."""
    found = np.zeros(int(rows.flow.max()) + 1)
    np.maximum.at(found, rows.flow, scores)
    return found


def score(flows: Flows, flagged: NDArray[np.bool_], hours: float) -> Score:
    """What a `(flows,)` mask of flagged flows amounts to."""
    weight, malicious = flows.weight, flows.is_malicious
    hit = float(weight[flagged & malicious].sum())
    false = float(weight[flagged & ~malicious].sum())
    missed = float(weight[~flagged & malicious].sum())
    return Score(
        f1=2 * hit / (2 * hit + false + missed) if hit else 0.0,
        precision=hit / (hit + false) if hit else 0.0,
        recall=hit / (hit + missed) if hit else 0.0,
        false_share=false / float(weight[~malicious].sum()),
        false_an_hour=float((flagged & ~malicious).sum()) / hours,
    )


def benign_hours(rows: Rows) -> float:
    """Hours that the benign captures cover, without the jumps of their clocks."""
    benign = np.array([one.label == "benign" for one in rows.captures])
    return float(rows.seconds[benign].sum()) / 3600.0


def threshold_for(flows: Flows, scores: Floats, kept: NDArray[np.bool_], budget: float) -> float:
    """The lowest threshold at which at most `budget` of the benign weight of `kept` is flagged."""
    benign = kept & ~flows.is_malicious
    order = np.argsort(-scores[benign])
    share = np.cumsum(flows.weight[benign][order]) / flows.weight[benign].sum()
    sorted_scores = scores[benign][order]
    over = np.flatnonzero(share > budget)
    if not len(over):
        return 0.5
    # Just above the first benign flow that would be one too many.
    return float(np.nextafter(sorted_scores[over[0]], 2.0))
