"""A frame at the size at which motion is looked for: brightness, and colour at half of that."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORKING_PIXELS = 320 * 240
LEFT_ALONE = WORKING_PIXELS * 3 // 2
"""Frames of up to so many pixels are worked on as they are: reducing a little costs sharpness."""


@dataclass(frozen=True)
class Planes:
    """A reduced frame."""

    luma: NDArray[np.uint8]
    """(h, w)"""
    chroma: NDArray[np.uint8] | None
    """(2 · (h // 2), w // 2): red difference over blue, around 128; None for a grey frame."""


def working_size(width: int, height: int) -> tuple[int, int]:
    """Width and height at which a frame of this size is worked on.

    >>> working_size(640, 480), working_size(320, 240), working_size(1080, 1920)
    ((320, 240), (320, 240), (208, 370))
    """
    if width * height <= LEFT_ALONE:
        return width, height
    scale = sqrt(WORKING_PIXELS / (width * height))
    return max(4, round(width * scale)), max(4, round(height * scale))


def reduce(frame: NDArray[np.uint8]) -> Planes:
    """The planes of a frame (h, w) or (h, w, 3) BGR, uint8."""
    height, width = frame.shape[:2]
    size = working_size(width, height)
    if size != (width, height):
        frame = _uint8(cv2.resize(frame, size, interpolation=cv2.INTER_AREA))
    if frame.ndim == 2:
        return Planes(frame, None)
    luma, red, blue = cv2.split(cv2.cvtColor(frame, cv2.COLOR_BGR2YCrCb))
    half = (size[0] // 2, size[1] // 2)
    chroma = np.empty((2 * half[1], half[0]), np.uint8)
    cv2.resize(red, half, dst=chroma[: half[1]], interpolation=cv2.INTER_AREA)
    cv2.resize(blue, half, dst=chroma[half[1] :], interpolation=cv2.INTER_AREA)
    return Planes(_uint8(luma), chroma)


def grown(mask: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """A mask (h // 2, w // 2) of 0 and 255 at twice its size, (h, w)."""
    if (width, height) != (2 * mask.shape[1], 2 * mask.shape[0]):
        size = (width, height)
        return _uint8(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST))
    # Two pixels are written as one number of 16 bits: a third of the time that resizing takes.
    pairs = np.empty((height, width // 2), np.uint16)
    np.multiply(mask, 257, out=pairs[::2], dtype=np.uint16)
    pairs[1::2] = pairs[::2]
    return pairs.view(np.uint8)


def _uint8(array: object) -> NDArray[np.uint8]:
    """OpenCV's stubs do not say that the type is kept."""
    return np.asarray(array, np.uint8)
