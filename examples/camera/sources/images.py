"""Pictures of any kind as what the rest works on: (h, w) grey or (h, w, 3) BGR, uint8."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from edge_infer import BadInput

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm")
SMALLEST = 16
"""Pixels a side: nothing is told apart in less."""
LONGEST = 65_500
"""Pixels a side that a JPEG can hold: what is seen may be asked to be stored."""
LARGEST_PIXELS = 1 << 27


def normalise(image: NDArray[Any]) -> NDArray[np.uint8]:
    """A picture (h, w), (h, w, 1), BGR or BGRA, of 8 or 16 bits, as grey or BGR of 8 bits.

    Of 16 bits the upper 8 are kept; transparency is left out.

    Raises:
        BadInput: another shape or type, too small, or too large.
    """
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[:, :, 0]
    if image.ndim == 3 and image.shape[2] == 4:
        image = image[:, :, :3]
    if image.ndim != 2 and not (image.ndim == 3 and image.shape[2] == 3):
        raise BadInput(
            "not a picture",
            expected="(h, w), or 1, 3 or 4 channels",
            actual=image.shape,
            hint="give a picture in grey or colour",
        )
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    if image.dtype != np.uint8:
        raise BadInput(
            "pixels of another type",
            expected="uint8 or uint16",
            actual=image.dtype,
            hint="convert it to 8 or 16 bits a channel",
        )
    height, width = image.shape[:2]
    small, large = min(height, width), max(height, width)
    if small < SMALLEST or large > LONGEST or height * width > LARGEST_PIXELS:
        raise BadInput(
            "a picture of a size that cannot be used",
            expected=f"{SMALLEST} to {LONGEST:,} pixels a side, at most {LARGEST_PIXELS:,} in all",
            actual=f"{width}x{height}",
            hint="scale it before",
        )
    return np.ascontiguousarray(image)


def read_image(path: Path) -> NDArray[np.uint8]:
    """The picture in a file.

    Raises:
        BadInput: no file, or not a picture that can be read whole.
    """
    try:
        content = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise BadInput(
            "cannot read a picture",
            expected=str(path),
            actual=error,
            hint="check the path and who may read it",
        ) from error
    try:
        image = cv2.imdecode(content, cv2.IMREAD_ANYDEPTH | cv2.IMREAD_UNCHANGED)
    except cv2.error:
        image = None
    if image is None:
        raise BadInput(
            "not a picture",
            expected=f"one of {' '.join(SUFFIXES)}, of at most {LARGEST_PIXELS:,} pixels",
            actual=str(path),
            hint="leave it out, or convert it to PNG",
        )
    return normalise(image)
