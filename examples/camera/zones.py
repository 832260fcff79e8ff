"""Polygons of the configuration as a mask of what does not count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from examples.camera.config.schema import Polygon, ZoneSettings


def ignored(zones: ZoneSettings, width: int, height: int) -> NDArray[np.uint8] | None:
    """(h, w), 255 where what moves does not count; None where everything does."""
    if not zones.include and not zones.exclude:
        return None
    mask = np.full((height, width), 255 if zones.include else 0, np.uint8)
    for polygon in zones.include:
        _fill(mask, polygon, 0)
    for polygon in zones.exclude:
        _fill(mask, polygon, 255)
    return mask


def _fill(mask: NDArray[np.uint8], polygon: Polygon, value: int) -> None:
    height, width = mask.shape
    corners = [(round(x * (width - 1)), round(y * (height - 1))) for x, y in polygon]
    cv2.fillPoly(mask, [np.array(corners, np.int32)], value)
