"""From changed pixels to whole regions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Box = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels; x1 and y1 lie just outside."""
RESTLESS = 30
"""Grey levels. Trees in the wind were seen at 60 to 200, cars and people below 25."""
CLOSE = 0.0094
"""Gaps up to this share of the width are closed: 3 pixels of 320."""


@dataclass(frozen=True)
class Regions:
    """What changed as a whole."""

    mask: NDArray[np.uint8]
    """(h, w), 255 within the regions, which are filled."""
    boxes: list[Box]
    """Around them, from left to right."""
    too_small: bool
    """Whether something of at least half the smallest size was left out."""
    restless: bool
    """Whether something was left out because it changes to and fro there all the time."""


def regions(
    changed: NDArray[np.uint8], smallest_px: float, flicker: NDArray[np.uint8], unrest: float = 0.0
) -> Regions:
    """Regions of at least that many pixels of a mask (h, w) of 0 and 255.

    `flicker` (h, w) is how restless each pixel has been, in grey levels, and `unrest` how restless
    the whole picture is, in noise or rain.
    """
    height, width = changed.shape
    side = 2 * max(1, round(width * CLOSE)) + 1
    # Of 0 and 255 alone, the median is what most of the window is; the mean is quicker.
    share = cv2.blur(changed, (5, 5), borderType=cv2.BORDER_REPLICATE)
    clean = np.asarray(cv2.compare(share, 127, cv2.CMP_GT), np.uint8)
    solid = cv2.morphologyEx(clean, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    outlines, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    sized = [(cv2.contourArea(outline), outline) for outline in outlines]
    large = [outline for size, outline in sized if size >= smallest_px]
    kept = [outline for outline in large if _unrest(outline, clean, flicker) <= RESTLESS + unrest]
    too_small = any(smallest_px / 2 <= size < smallest_px for size, _ in sized)
    mask = np.zeros((height, width), np.uint8)
    cv2.drawContours(mask, kept, -1, 255, cv2.FILLED)
    boxes = sorted((x, y, x + w, y + h) for x, y, w, h in map(cv2.boundingRect, kept))
    return Regions(mask, boxes, too_small, len(kept) < len(large))


def _unrest(
    outline: NDArray[np.int32], changed: NDArray[np.uint8], flicker: NDArray[np.uint8]
) -> float:
    """How restless a region's place is: an object was not there before, leaves and water were."""
    x, y, w, h = cv2.boundingRect(outline)
    part = np.s_[y : y + h, x : x + w]
    return cv2.mean(flicker[part], mask=changed[part])[0]
