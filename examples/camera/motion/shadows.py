"""Soft shadows: darker than the background, of its colour, and with its texture.

They are looked for at half the working size: their edges are soft, and colour is known no finer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from examples.camera.motion.planes import grown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from examples.camera.motion.background import Background
    from examples.camera.motion.planes import Planes

DARKEST, LIGHTEST = 58, 118
"""Shares of the background's brightness between which a shadow lies, in 1/128."""
FAINTEST, BRIGHTEST = 32, 250
"""The same where the light changes all the time."""
ROUGHEST = 5
"""How much that share may vary around a pixel, in 1/128: within a shadow the ground shows."""
TINT = 5
"""How far the colour differences may be off."""


AROUND = 8
"""Pixels around what changed that have to be looked at with it: two of the half size, and more."""


def shadows(
    background: Background, now: Planes, changed: NDArray[np.uint8], *, lights: bool = False
) -> NDArray[np.uint8]:
    """Pixels (h, w) that are 255 where `changed` is not 0 and they look like a soft shadow.

    `lights` takes any light for one: brighter than the background too, or nearly dark, and of any
    tint, since what was too bright for the sensor has lost its own.
    """
    height, width = changed.shape
    rows, columns = _part(changed)
    luma, ground = now.luma[rows, columns], _middle(background.luma.samples[:, rows, columns])
    half = (luma.shape[1] // 2, luma.shape[0] // 2)
    luma, ground = (cv2.resize(p, half, interpolation=cv2.INTER_AREA) for p in (luma, ground))
    share = cv2.divide(luma, ground, scale=128)
    around = np.asarray(cv2.blur(share, (3, 3)), np.uint8)
    rough = cv2.blur(cv2.absdiff(share, around), (3, 3))
    found = cv2.inRange(around, *((FAINTEST, BRIGHTEST) if lights else (DARKEST, LIGHTEST)))
    found = cv2.bitwise_and(found, cv2.compare(rough, ROUGHEST, cv2.CMP_LE))
    if not lights and now.chroma is not None and background.chroma is not None:
        corner = (rows.start // 2, columns.start // 2)
        near = _in_tint(background.chroma.samples, now.chroma, corner, around)
        found = cv2.bitwise_and(found, near)
    dark = np.zeros((height, width), np.uint8)
    shape = dark[rows, columns].shape
    dark[rows, columns] = grown(np.asarray(found, np.uint8), shape[1], shape[0])
    return dark


def _part(changed: NDArray[np.uint8]) -> tuple[slice, slice]:
    """Rows and columns of what changed with its surroundings, from an even place on."""
    height, width = changed.shape
    if height % 2 or width % 2:
        return slice(0, height), slice(0, width)
    x, y, w, h = cv2.boundingRect(changed)
    left, top = max(0, x - AROUND) & ~1, max(0, y - AROUND) & ~1
    right, bottom = min(width, (x + w + AROUND + 1) & ~1), min(height, (y + h + AROUND + 1) & ~1)
    return slice(top, bottom), slice(left, right)


def _in_tint(
    samples: NDArray[np.uint8], now: NDArray[np.uint8], corner: tuple[int, int],
    share: NDArray[np.uint8],
) -> NDArray[np.uint8]:  # fmt: skip
    """255 where both colour differences are those of a shadow; `corner` is (top, left)."""
    (top, left), (height, width) = corner, share.shape
    apart = []
    for plane in (0, now.shape[0] // 2):
        place = np.s_[plane + top : plane + top + height, left : left + width]
        ground = _middle(samples[(slice(None), *place)])
        apart.append(cv2.absdiff(_shaded(ground, share), now[place]))
    return np.asarray(cv2.compare(cv2.max(*apart), TINT, cv2.CMP_LE), np.uint8)


def _shaded(chroma: NDArray[np.uint8], share: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A colour difference (h, w) where brightness is reduced to that share (h, w)."""
    colour = chroma.astype(np.int16)
    colour -= 128
    colour *= share.astype(np.int16)
    colour >>= 7
    colour += 128
    return colour.astype(np.uint8)


def _middle(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The median of three of the samples (n, h, w): enough to tell the ground's brightness."""
    one, two, three = samples[:3]
    return np.asarray(cv2.max(cv2.min(one, two), cv2.min(cv2.max(one, two), three)), np.uint8)
