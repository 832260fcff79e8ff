"""The second model: a closer look at the windows that the linear model could not rule out.

A support vector machine on the principal components of the same rows. It is thousands of times
too slow for every window and is asked about a few hundred of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from examples.camera.faces.scanning import Candidates, Decides, decisions

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST = 1000
"""Windows of one frame that are looked at, the linear model's best: it bounds a frame's time."""


@dataclass(frozen=True)
class Judged:
    """Windows that may show a face."""

    boxes: NDArray[np.float64]
    """`(n, 4)`: x0, y0, x1, y1 in pixels of the frame."""
    evidence: NDArray[np.float64]
    """`(n,)`: by how much each scores above the doubt, > 0."""


def judged(model: Decides, found: Candidates, doubt: float) -> Judged:
    """The candidates that score above `doubt`."""
    best = np.argsort(-found.scores, kind="stable")[:MOST]
    evidence = decisions(model, found.rows[best]) - doubt
    chosen = evidence > 0
    return Judged(found.boxes[best][chosen], evidence[chosen])
