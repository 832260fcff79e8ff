"""Soft shadows: darker than the background, of its colour, and with its texture."""

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
ROUGHEST = 9
"""How much that share may vary around a pixel, in 1/128: within a shadow the ground shows."""
TINT = 5
"""How far the colour differences may be off."""


def shadows(background: Background, now: Planes) -> NDArray[np.uint8]:
    """Pixels (h, w) that are 255 where they look like a soft shadow."""
    ground = _middle(background.luma.samples)
    share = cv2.divide(now.luma, ground, scale=128)
    around = cv2.blur(share, (5, 5))
    rough = cv2.blur(cv2.absdiff(share, around), (5, 5))
    found = cv2.inRange(around, DARKEST, LIGHTEST)
    found = cv2.bitwise_and(found, cv2.compare(rough, ROUGHEST, cv2.CMP_LE))
    if now.chroma is not None and background.chroma is not None:
        height, width = now.luma.shape
        off = cv2.absdiff(_shaded(_middle(background.chroma.samples), around), now.chroma)
        near = cv2.compare(cv2.max(off[: height // 2], off[height // 2 :]), TINT, cv2.CMP_LE)
        near = cv2.resize(near, (width, height), interpolation=cv2.INTER_NEAREST)
        found = cv2.bitwise_and(found, near)
    return np.asarray(found, np.uint8)


def _shaded(chroma: NDArray[np.uint8], share: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The colour differences (2 · h // 2, w // 2) where brightness is reduced to that share."""
    half = share[: len(chroma) : 2, : 2 * chroma.shape[1] : 2].astype(np.int16)
    colour = chroma.astype(np.int16) - 128
    colour *= np.concatenate([half, half])
    colour >>= 7
    return (colour + 128).astype(np.uint8)


def _middle(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The median of three of the samples (n, h, w): enough to tell the ground's brightness."""
    one, two, three = samples[:3]
    return np.asarray(cv2.max(cv2.min(one, two), cv2.min(cv2.max(one, two), three)), np.uint8)
