"""Boxes and how alike two of them are."""

from __future__ import annotations

from dataclasses import dataclass

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels of the frame."""


@dataclass(frozen=True)
class Sighting:
    """Something seen in one frame."""

    box: Box
    score: float


def area(box: Box) -> float:
    """In square pixels."""
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def overlap(a: Box, b: Box) -> float:
    """Square pixels that two boxes share."""
    return area((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))


def iou(a: Box, b: Box) -> float:
    """Intersection over union.

    >>> iou((0, 0, 2, 2), (1, 0, 3, 2))
    0.3333333333333333
    """
    shared = overlap(a, b)
    return shared / (area(a) + area(b) - shared) if shared > 0 else 0.0


def likeness(a: Box, b: Box) -> float:
    """From 0 to 1: the overlap, or where there is none, how near two boxes of like size are.

    A region that breaks in two or grows together still shares most of the smaller one.
    """
    shared = overlap(a, b)
    if shared > 0:
        return max(iou(a, b), 0.5 * shared / max(1e-9, min(area(a), area(b))))
    size = max(a[2] - a[0], a[3] - a[1], b[2] - b[0], b[3] - b[1])
    away = max(abs(a[0] + a[2] - b[0] - b[2]), abs(a[1] + a[3] - b[1] - b[3])) / 2
    alike = min(area(a), area(b)) / max(1e-9, max(area(a), area(b)))
    return 0.2 if away < 1.2 * size and alike > 0.3 else 0.0
