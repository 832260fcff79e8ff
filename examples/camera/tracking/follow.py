"""Where a face went in a frame in which the detector did not see it: by its own last picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from examples.camera.tracking.boxes import Box, Sighting

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 24
"""Faces are compared at so many pixels a side."""
REACH = 0.6
"""They are searched for so many of their own sides around."""
ALIKE = 0.55
"""The least correlation."""
RENEWED = 0.8
"""From here on the picture itself is renewed, so that it turns with the head."""


@dataclass
class Follower:
    """The picture of one face."""

    picture: NDArray[np.uint8]

    def find(self, grey: NDArray[np.uint8], box: Box, score: float) -> Sighting | None:
        """The face near a box, or None."""
        width, height = box[2] - box[0], box[3] - box[1]
        reach = (REACH * width, REACH * height)
        around = (box[0] - reach[0], box[1] - reach[1], box[2] + reach[0], box[3] + reach[1])
        side = round(SIDE * (1 + 2 * REACH))
        scene = crop(grey, around, side)
        if scene is None:
            return None
        found = cv2.matchTemplate(scene, self.picture, cv2.TM_CCOEFF_NORMED)
        _, best, _, (x, y) = cv2.minMaxLoc(found)
        if not best >= ALIKE:
            return None
        left = around[0] + x * (around[2] - around[0]) / side
        top = around[1] + y * (around[3] - around[1]) / side
        place = (left, top, left + width, top + height)
        if best >= RENEWED:
            self.picture = scene[y : y + SIDE, x : x + SIDE].copy()
        return Sighting(place, score)


def crop(grey: NDArray[np.uint8], box: Box, side: int) -> NDArray[np.uint8] | None:
    """The part of a frame (h, w) in a box as (side, side), its border drawn out beyond the frame.

    None where the box lies outside, or has no size.
    """
    height, width = grey.shape
    x0, y0, x1, y1 = (round(v) for v in box)
    inner = (max(0, x0), max(0, y0), min(width, x1), min(height, y1))
    if inner[0] >= inner[2] or inner[1] >= inner[3]:
        return None
    part = grey[inner[1] : inner[3], inner[0] : inner[2]]
    pads = (inner[1] - y0, y1 - inner[3], inner[0] - x0, x1 - inner[2])
    if any(pads):
        part = cv2.copyMakeBorder(part, *pads, cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
