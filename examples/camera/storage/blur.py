"""Faces made unrecognisable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from examples.camera.tracking import Box

CELLS = 5
"""A face is left so many colours a side: nobody is told apart by them."""
AROUND = 0.35
"""So much of the box is taken in addition, on each side."""


def blurred(image: NDArray[np.uint8], faces: Iterable[Box]) -> NDArray[np.uint8]:
    """The picture (h, w) or (h, w, 3) with every box averaged into a few cells."""
    image = image.copy()
    height, width = image.shape[:2]
    for x0, y0, x1, y1 in faces:
        by_x, by_y = AROUND * (x1 - x0), AROUND * (y1 - y0)
        left, right = max(0, int(x0 - by_x)), min(width, int(x1 + by_x) + 1)
        top, bottom = max(0, int(y0 - by_y)), min(height, int(y1 + by_y) + 1)
        if left < right and top < bottom:
            part = image[top:bottom, left:right]
            few = cv2.resize(part, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
            image[top:bottom, left:right] = cv2.resize(
                few, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR
            )
    return image
