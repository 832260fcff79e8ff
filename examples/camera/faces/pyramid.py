"""The frame at falling sizes, so that one window size finds faces of every size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from examples.camera.faces.features import CELL, WINDOW, Grey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

MARGIN = 2 * CELL
"""Pixels repeated around every level, so that a face at the edge has cells around it."""


LARGEST_LEVEL = 1 << 24
"""Pixels, which bounds the time: the smallest window of 4K has 26 pixels a side, that of 8K 51."""


@dataclass(frozen=True)
class Level:
    """The frame, resized and with its margin."""

    grey: Grey
    scale: float
    """Pixels of this level for one of the frame."""
    corner: tuple[int, int] = (0, 0)
    """x, y in the frame of what was resized."""

    def boxes(self, top: NDArray[np.intp], left: NDArray[np.intp]) -> NDArray[np.float64]:
        """The windows whose first cell seen is (top, left), as x0, y0, x1, y1 of the frame.

        `(n, 4)` for `top` and `left` of `(n,)`.
        """
        corner = np.stack([left, top], axis=1).astype(np.float64)
        corner = ((corner - 1) * CELL - MARGIN) / self.scale + np.array(self.corner)
        return np.concatenate([corner, corner + WINDOW / self.scale], axis=1)


def pyramid(
    grey: Grey, smallest: float, *, step: float, corner: tuple[int, int] = (0, 0)
) -> Iterator[Level]:
    """Levels from the one where a face of `smallest` pixels fills the window to the last that fits.

    Each is smaller than the one before by `step`, > 1. Levels above `LARGEST_LEVEL` are left out.
    Halving averages four pixels; between halvings each level is interpolated from the last half,
    which costs a fifth of averaging every level from the frame.
    """
    height, width = grey.shape
    scale, half_scale = WINDOW / smallest, 1.0
    half: np.ndarray = grey
    while height * width * scale**2 > LARGEST_LEVEL:
        scale /= step
    while min(height, width) * scale >= WINDOW:
        while scale / half_scale <= 0.5:
            size = (half.shape[1] // 2, half.shape[0] // 2)
            half, half_scale = cv2.resize(half, size, interpolation=cv2.INTER_AREA), half_scale / 2
        size = (round(width * scale), round(height * scale))
        resized = cv2.resize(half, size, interpolation=cv2.INTER_LINEAR)
        edges = (MARGIN, MARGIN, MARGIN, MARGIN)
        padded = cv2.copyMakeBorder(resized, *edges, cv2.BORDER_REPLICATE)
        yield Level(np.asarray(padded, np.uint8), scale, corner)
        scale /= step
