"""The icons of the phone's page, drawn by numpy and written as PNG: `make pictures`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

WEB = Path(__file__).parents[2] / "firmware_bundle" / "web"
PAPER, INK, DOT = (21, 23, 26), (236, 234, 228), (141, 189, 245)


def icon(size: int, *, over: int = 4) -> Image.Image:
    """A ring that is closed by a check mark, on a plain ground; drawn `over` times as large."""
    n = size * over
    y, x = np.mgrid[0:n, 0:n] / n - 0.5
    r = np.hypot(x, y)
    pixels = np.full((n, n, 3), PAPER, dtype=np.uint8)
    pixels[np.abs(r - 0.29) < 0.028] = INK
    for (x0, y0), (x1, y1) in (((-0.13, 0.01), (-0.03, 0.11)), ((-0.03, 0.11), (0.15, -0.10))):
        along = np.clip(
            ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / ((x1 - x0) ** 2 + (y1 - y0) ** 2), 0, 1
        )
        pixels[np.hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0)) < 0.035] = DOT
    return Image.fromarray(pixels).resize((size, size), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    for size in (192, 512):
        icon(size).quantize(32).save(WEB / f"icon-{size}.png", optimize=True)
