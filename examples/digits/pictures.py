"""Digits as PNG files, and back as the contract's preprocessing reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

    from examples.digits.train import Digits


def draw(row: np.ndarray, path: Path, digits: Digits) -> None:
    """Write one row of pixels (side * side,) as a grey 8-bit PNG."""
    grey = np.rint(row * (255 / digits.white)).astype(np.uint8)
    Image.fromarray(grey.reshape(digits.side, digits.side)).save(path)


def pixels(path: Path, digits: Digits) -> np.ndarray:
    """The row (side * side,), float64, that `L:WxH,range=0..white` makes of a grey PNG."""
    with Image.open(path) as picture:
        return np.asarray(picture, dtype=np.float64).reshape(-1) * digits.white / 255
