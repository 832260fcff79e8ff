"""The second model: a closer look at the windows that the linear model could not rule out.

A small neural network on the principal components of the same rows. It is a hundred times too slow
for every window and is asked about a few hundred of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from examples.camera.faces.scanning import Candidates, batches

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST = 1000
"""Windows of one frame that are looked at, the linear model's best: it bounds a frame's time."""
SUREST = 12.0
"""Log-odds count no further: beyond it 1 - p has too few digits to be the same everywhere."""


class Judges(Protocol):
    """An `edge_infer.Model`, or the scikit-learn estimator that it was made from."""

    def predict_proba(self, X: Any) -> Any:
        """Probabilities `(n, 2)` of no face and of a face, for rows `(n, 1715)`."""
        ...


@dataclass(frozen=True)
class Judged:
    """Windows that may show a face."""

    boxes: NDArray[np.float64]
    """`(n, 4)`: x0, y0, x1, y1 in pixels of the frame."""
    evidence: NDArray[np.float64]
    """`(n,)`: by how much the log-odds of each exceed the doubt, > 0."""


def judged(model: Judges, found: Candidates, doubt: float) -> Judged:
    """The candidates whose log-odds exceed `doubt`."""
    best = np.argsort(-found.scores, kind="stable")[:MOST]
    odds = log_odds(model, found.rows[best])
    chosen = odds > doubt
    return Judged(found.boxes[best][chosen], odds[chosen] - doubt)


def log_odds(model: Judges, rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """log(p / (1 - p)) `(n,)`, within ±`SUREST`."""
    found = [np.zeros((0, 2)), *(model.predict_proba(part) for part in batches(rows))]
    least = 1 / (1 + np.exp(SUREST))
    chances = np.clip(np.concatenate(found), least, 1 - least)
    odds: NDArray[np.float64] = np.log(chances[:, 1]) - np.log(chances[:, 0])
    return odds
