"""Average precision and recall of boxes against boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    Boxes = np.ndarray
    Found = tuple[np.ndarray, np.ndarray]

SAME = 0.5
"""Intersection over union from which a box is right."""
LOOSE = 0.3
"""The same, to learn by how much a detector's boxes differ from the set's."""


@dataclass(frozen=True)
class Mapping:
    """How the set's boxes lie to the detector's: shift and size in sides of the latter."""

    dx: float
    dy: float
    width: float
    height: float

    def apply(self, boxes: Boxes) -> Boxes:
        """Boxes (n, 4) in the set's manner."""
        if len(boxes) == 0:
            return boxes
        size = boxes[:, 2:] - boxes[:, :2]
        middle = (boxes[:, 2:] + boxes[:, :2]) / 2 + size * [self.dx, self.dy]
        half = size * [self.width, self.height] / 2
        return np.concatenate([middle - half, middle + half], axis=1)


@dataclass(frozen=True)
class Scores:
    """One detector on one set."""

    ap: float
    """Area under precision over recall, precision made monotone."""
    ap_unmapped: float
    """The same, with the detector's boxes as they are."""
    mapping: Mapping
    recall_at: dict[str, float]
    """False positives an image, as text: recall."""
    threshold_at: dict[str, float]
    """False positives an image, as text: the score from which there are no more."""
    curve: list[tuple[float, float]]
    """Recall and precision, at every step of recall."""


def score(found: Sequence[Found], truth: Sequence[Boxes], rates: Sequence[float]) -> Scores:
    """Scores after one re-mapping of the boxes for the whole set, by the median.

    Args:
        found: for each image boxes (n, 4) and scores (n,).
        truth: for each image boxes (m, 4).
        rates: false positives an image to tell the recall at.
    """
    faces = sum(len(boxes) for boxes in truth)
    unmapped, right, _ = matched(found, truth, SAME)
    _, _, pairs = matched(found, truth, LOOSE)
    mapping = _mapping(pairs)
    scores, hits, _ = matched([(mapping.apply(b), s) for b, s in found], truth, SAME)
    order = np.argsort(-scores, kind="stable")
    true, false = np.cumsum(hits[order]), np.cumsum(~hits[order])
    recall, threshold = {}, {}
    for rate in rates:
        last = int(np.searchsorted(false, rate * len(truth), side="right")) - 1
        recall[str(rate)] = float(true[last] / faces) if last >= 0 else 0.0
        threshold[str(rate)] = float(scores[order][last]) if last >= 0 else float("inf")
    return Scores(
        average_precision(scores, hits, faces),
        average_precision(unmapped, right, faces),
        mapping,
        recall,
        threshold,
        [
            (round(float(t / faces), 4), round(float(t / (t + f)), 4))
            for t, f, hit in zip(true, false, hits[order], strict=True)
            if hit
        ],
    )


def matched(
    found: Sequence[Found], truth: Sequence[Boxes], least: float
) -> tuple[np.ndarray, np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
    """Scores (n,), which of them are right (n,), and the pairs (found, true) of those.

    The best box takes the true box it shares most with; each true box is taken once.
    """
    scores: list[float] = []
    hits: list[bool] = []
    pairs = []
    for (boxes, values), true in zip(found, truth, strict=True):
        free = np.ones(len(true), dtype=bool)
        for i in np.argsort(-values, kind="stable"):
            shared = np.where(free, intersection_over_union(boxes[i], true), -1)
            best = int(shared.argmax()) if len(true) else -1
            hit = best >= 0 and shared[best] >= least
            if hit:
                free[best] = False
                pairs.append((boxes[i], true[best]))
            scores.append(float(values[i]))
            hits.append(bool(hit))
    return np.array(scores), np.array(hits, dtype=bool), pairs


def average_precision(scores: np.ndarray, hits: np.ndarray, faces: int) -> float:
    """Area under precision over recall; precision at a recall is the best at any larger one."""
    hits = hits[np.argsort(-scores, kind="stable")]
    true = np.cumsum(hits)
    precision = true / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(precision[hits]) / faces)


def intersection_over_union(box: np.ndarray, others: Boxes) -> np.ndarray:
    """Of one box (4,) with others (n, 4)."""
    if len(others) == 0:
        return np.zeros(0)
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    common = np.prod(np.maximum(sides, 0), axis=1)
    areas = np.prod(others[:, 2:] - others[:, :2], axis=1)
    whole: np.ndarray = common / (np.prod(box[2:] - box[:2]) + areas - common)
    return whole


def _mapping(pairs: list[tuple[np.ndarray, np.ndarray]]) -> Mapping:
    if not pairs:
        return Mapping(0, 0, 1, 1)
    found, true = (np.array(side) for side in zip(*pairs, strict=True))
    size = found[:, 2:] - found[:, :2]
    shift = ((true[:, 2:] + true[:, :2]) - (found[:, 2:] + found[:, :2])) / 2 / size
    grown = (true[:, 2:] - true[:, :2]) / size
    return Mapping(*np.median(shift, axis=0).tolist(), *np.median(grown, axis=0).tolist())
