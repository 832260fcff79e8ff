"""From changed pixels to whole regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Box = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels; x1 and y1 lie just outside."""
CLOSE = 0.0094
"""Gaps up to this share of the width are closed: 3 pixels of 320."""


def regions(changed: NDArray[np.uint8], smallest_px: float) -> tuple[NDArray[np.uint8], list[Box]]:
    """Regions of at least that many pixels, filled, and the boxes around them.

    Returns:
        Mask (h, w) of 0 and 255, and boxes from left to right.
    """
    height, width = changed.shape
    side = 2 * max(1, round(width * CLOSE)) + 1
    # Of 0 and 255 alone, the median is what most of the window is; the mean is quicker.
    share = cv2.blur(changed, (5, 5), borderType=cv2.BORDER_REPLICATE)
    clean = cv2.compare(share, 127, cv2.CMP_GT)
    solid = cv2.morphologyEx(clean, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    outlines, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    kept = [outline for outline in outlines if cv2.contourArea(outline) >= smallest_px]
    mask = np.zeros((height, width), np.uint8)
    cv2.drawContours(mask, kept, -1, 255, cv2.FILLED)
    boxes = sorted((x, y, x + w, y + h) for x, y, w, h in map(cv2.boundingRect, kept))
    return mask, boxes
