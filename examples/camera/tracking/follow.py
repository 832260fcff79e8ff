"""Where a face went in a frame in which the detector did not see it: by its own last picture.

The picture takes the hair in, which is still there when the face has turned away; it is searched
for at three sizes, and renewed slowly, so that it follows the light and the head.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from examples.camera.tracking.boxes import Box, Sighting

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 24
"""Pictures are compared at so many pixels a side."""
AROUND = 0.3
"""They take in so much of the box on each side."""
REACH = 0.4
"""They are searched for so many of their own sides around."""
SIZES = (0.95, 1.0, 1.05)
KEEPS = 0.01
"""By so much another size has to correlate better."""
ALIKE = 0.4
"""The least correlation."""
RENEWED = 0.05
"""So much of the new picture goes into the old one."""


@dataclass
class Follower:
    """The picture of one face, (SIDE, SIDE) float32."""

    picture: NDArray[np.float32]

    @classmethod
    def of(cls, grey: NDArray[np.uint8], box: Box) -> Follower | None:
        """The picture in a box of a frame (h, w); None where the box lies outside."""
        picture = crop(grey, _grown(box, AROUND), SIDE)
        return None if picture is None else cls(picture.astype(np.float32))

    def find(self, grey: NDArray[np.uint8], box: Box, score: float) -> Sighting | None:
        """The face near a box, or None."""
        best: tuple[float, Box, NDArray[np.float32]] | None = None
        for size in SIZES:
            found = self._search(grey, _grown(box, (size - 1) / 2))
            if found is None:
                continue
            alike, place, picture = found
            alike += KEEPS if size == 1.0 else 0.0
            if best is None or alike > best[0]:
                best = (alike, place, picture)
        if best is None or not best[0] >= ALIKE:
            return None
        self.picture = (1 - RENEWED) * self.picture + RENEWED * best[2]
        return Sighting(best[1], score)

    def _search(
        self, grey: NDArray[np.uint8], box: Box
    ) -> tuple[float, Box, NDArray[np.float32]] | None:
        """The best correlation around a box of one size, where, and what is there."""
        wanted = _grown(box, AROUND)
        around = _grown(wanted, REACH)
        side = round(SIDE * (1 + 2 * REACH))
        scene = crop(grey, around, side)
        if scene is None:
            return None
        field = scene.astype(np.float32)
        found = cv2.matchTemplate(field, self.picture, cv2.TM_CCOEFF_NORMED)
        _, best, _, (x, y) = cv2.minMaxLoc(found)
        right = around[0] + x * (around[2] - around[0]) / side - wanted[0]
        down = around[1] + y * (around[3] - around[1]) / side - wanted[1]
        place = (box[0] + right, box[1] + down, box[2] + right, box[3] + down)
        return float(best), place, field[y : y + SIDE, x : x + SIDE]


def _grown(box: Box, by: float) -> Box:
    """The box with so much of its own size more on each side."""
    w, h = by * (box[2] - box[0]), by * (box[3] - box[1])
    return box[0] - w, box[1] - h, box[2] + w, box[3] + h


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
