"""A face that is nobody's, drawn: for tests, pictures and a first try without a camera."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from examples.camera.faces.features import Grey


def face(side: int, *, skin: int = 170, tilt: float = 0.0) -> Grey:
    """A grey head (side, side) in the geometry of the crops: eyes a third from the top."""
    big = 288
    picture: Grey = np.full((big, big), 90, np.uint8)
    at = big / 36

    def point(x: float, y: float) -> tuple[int, int]:
        return round(x * at), round(y * at)

    def oval(x: float, y: float, w: float, h: float, shade: int, turn: float = 0) -> None:
        cv2.ellipse(picture, point(x, y), point(w, h), turn, 0, 360, shade, -1, cv2.LINE_AA)

    oval(17.5, 15, 14, 17, 50)
    oval(17.5, 18.5, 11.5, 14.5, skin)
    oval(17.5, 8, 9.5, 4, skin + 15)
    for x in (12, 23):
        oval(x, 12.3, 3.6, 2.2, skin - 35)
        oval(x, 9.6, 3.2, 0.7, 60)
        oval(x, 12.5, 2.4, 1.2, 215)
        oval(x, 12.5, 1.2, 1.2, 30)
        oval(x + (-1 if x < 17 else 1), 19, 3, 2.5, skin + 20)
    oval(17.5, 16, 1.3, 4, skin + 25)
    oval(17.5, 19.7, 2.4, 1.0, skin - 60)
    oval(17.5, 24.3, 4.4, 1.5, 90)
    oval(17.5, 24.2, 3.4, 0.4, 45)
    oval(17.5, 27, 3, 0.8, skin - 30)
    turn = cv2.getRotationMatrix2D((big / 2, big / 2), tilt, 1)
    turned = cv2.warpAffine(picture, turn, (big, big), borderMode=cv2.BORDER_REPLICATE)
    soft = cv2.GaussianBlur(turned, (0, 0), 3)
    return np.asarray(cv2.resize(soft, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def scene(height: int, width: int, *faces: tuple[int, int, int]) -> Grey:
    """A shaded wall (height, width) with faces at (x, y, side)."""
    slope = np.linspace(70, 130, width)[None, :] + np.linspace(0, 30, height)[:, None]
    noise = np.random.default_rng(0).normal(0, 2, (height, width))
    picture = np.clip(slope + noise, 0, 255).astype(np.uint8)
    for x, y, side in faces:
        patch = face(side).astype(float)
        yy, xx = np.indices((side, side)) / (side - 1) * 2 - 1
        cover = np.clip((1 - np.hypot(xx * 1.1, yy * 0.98)) * 8, 0, 1)
        part = picture[y : y + side, x : x + side]
        part[:] = (cover * patch + (1 - cover) * part).astype(np.uint8)
    return picture
