"""Soft shadows: darker than the background, of its colour, and with its texture.

They are looked for at half the working size: their edges are soft, and colour is known no finer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from examples.camera.motion.background import Background
    from examples.camera.motion.planes import Planes

DARKEST, LIGHTEST = 58, 118
"""Shares of the background's brightness between which a shadow lies, in 1/128."""
ROUGHEST = 5
"""How much that share may vary around a pixel, in 1/128: within a shadow the ground shows."""
TINT = 5
"""How far the colour differences may be off."""


def shadows(background: Background, now: Planes) -> NDArray[np.uint8]:
    """Pixels (h, w) that are 255 where they look like a soft shadow."""
    height, width = now.luma.shape
    half = (width // 2, height // 2)
    ground = cv2.resize(_middle(background.luma.samples), half, interpolation=cv2.INTER_AREA)
    luma = cv2.resize(now.luma, half, interpolation=cv2.INTER_AREA)
    share = cv2.divide(luma, ground, scale=128)
    around = np.asarray(cv2.blur(share, (3, 3)), np.uint8)
    rough = cv2.blur(cv2.absdiff(share, around), (3, 3))
    found = cv2.inRange(around, DARKEST, LIGHTEST)
    found = cv2.bitwise_and(found, cv2.compare(rough, ROUGHEST, cv2.CMP_LE))
    if now.chroma is not None and background.chroma is not None:
        off = cv2.absdiff(_shaded(_middle(background.chroma.samples), around), now.chroma)
        near = cv2.compare(cv2.max(off[: half[1]], off[half[1] :]), TINT, cv2.CMP_LE)
        found = cv2.bitwise_and(found, near)
    return np.asarray(cv2.resize(found, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


def _shaded(chroma: NDArray[np.uint8], share: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The colour differences (2 · h, w) where brightness is reduced to that share (h, w)."""
    height, width = share.shape
    colour = chroma.reshape(2, height, width).astype(np.int16)
    colour -= 128
    colour *= share.astype(np.int16)
    colour >>= 7
    colour += 128
    return colour.astype(np.uint8).reshape(2 * height, width)


def _middle(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The median of three of the samples (n, h, w): enough to tell the ground's brightness."""
    one, two, three = samples[:3]
    return np.asarray(cv2.max(cv2.min(one, two), cv2.min(cv2.max(one, two), three)), np.uint8)
