"""One face of many overlapping windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Boxes = NDArray[np.float64]
    Scores = NDArray[np.float64]

SAME_FACE = 0.4
"""Intersection over union from which two windows show the same face."""
INSIDE = 0.5
"""Share of the smaller group's area from which it is taken for a part of the larger one's face."""


def group(boxes: Boxes, evidence: Scores) -> tuple[Boxes, Scores]:
    """Faces `(m, 4)` and scores `(m,)`, best first, of windows `(n, 4)` and their evidence `(n,)`.

    The strongest window gathers what overlaps it, again and again. A face lies where its windows
    lie on average, weighted by their evidence (> 0), and scores their sum: a face is seen by many
    neighbouring windows, a chance likeness by one. Of two faces of which one lies within the
    other, the better stays.
    """
    order = np.argsort(-evidence, kind="stable")
    boxes, evidence = boxes[order], evidence[order]
    left = np.ones(len(boxes), dtype=bool)
    faces: list[NDArray[np.float64]] = []
    scores: list[float] = []
    for i in range(len(boxes)):
        if not left[i]:
            continue
        near = left & (_shared(boxes[i], boxes) >= SAME_FACE)
        weights = evidence[near]
        faces.append(weights @ boxes[near] / weights.sum())
        scores.append(float(weights.sum()))
        left &= ~near
    found = np.array(faces).reshape(-1, 4)
    return _without_parts(found, np.array(scores))


def _without_parts(boxes: Boxes, scores: Scores) -> tuple[Boxes, Scores]:
    order = np.argsort(-scores, kind="stable")
    boxes, scores = boxes[order], scores[order]
    kept: list[int] = []
    for i in range(len(boxes)):
        better = boxes[kept]
        smaller = np.minimum(_area(boxes[i]), _area(better))
        if not np.any(_common(boxes[i], better) > INSIDE * smaller):
            kept.append(i)
    return boxes[kept], scores[kept]


def _shared(box: Boxes, others: Boxes) -> Scores:
    common = _common(box, others)
    found: Scores = common / (_area(box) + _area(others) - common)
    return found


def _common(box: Boxes, others: Boxes) -> Scores:
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    found: Scores = np.prod(np.maximum(high - low, 0), axis=1)
    return found


def _area(boxes: Boxes) -> Scores:
    found: Scores = (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
    return found
