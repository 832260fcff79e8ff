"""What the models see of a grey picture: 35 numbers for every cell of 4 x 4 pixels.

Gradient histograms as in Felzenszwalb et al., "Object Detection with Discriminatively Trained
Part-Based Models" (PAMI 2010), section 6: 18 signed directions, 9 unsigned ones and 4 energies.
Departures: the energy of a block has a floor, so that noise on a plain wall is not blown up to an
edge; a pixel votes for its own cell alone; directions are scaled by the mean of the four block
norms and clipped once, which takes half the time. Beside them the brightness of the 4 quarters of
the cell, relative to its surroundings: gradients do not tell a dark eye from a bright one well.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

CELL = 4
"""Side of a cell in pixels."""
WINDOW = 36
"""Side in pixels of the square that the models judge."""
CELLS = WINDOW // CELL - 2
"""Cells a side that the models see: those at the border lack neighbours in a cropped face."""
SIGNED, UNSIGNED, QUARTERS = 18, 9, 4
CHANNELS = SIGNED + UNSIGNED + 4 + QUARTERS
ROW = CHANNELS * CELLS * CELLS
"""Length of the row that describes one window."""
VERSION = "gradients-35x7x7-1"
"""Changes with every change of a feature: a model knows only what it was trained on."""

FLOOR = 40.0
"""Added to the energy of a block, in squared grey levels of the mean gradient of a cell."""
CLIP = 0.2
ENERGY = 0.2357
"""Weight of the energies, from the paper's reference code."""
_AROUND, _CONTRAST, _BRIGHTNESS = 9, 100.0, 0.15

Floats = NDArray[np.float32]
Grey = NDArray[np.uint8]


def features(grey: Grey) -> Floats:
    """Features `(35, h // 4, w // 4)` of a grey uint8 picture `(h, w)`."""
    rows, columns = grey.shape[0] // CELL, grey.shape[1] // CELL
    out = np.empty((CHANNELS, rows, columns), np.float32)
    _gradients(histograms(grey), out[:-QUARTERS])
    out[-QUARTERS:] = _brightness(grey)
    return out


def histograms(grey: Grey) -> Floats:
    """Mean gradient by direction `(18, h // 4, w // 4)`, in grey levels."""
    rows, columns = grey.shape[0] // CELL, grey.shape[1] // CELL
    # dx + 511 dy numbers every gradient that 8-bit pixels can have, in one pass.
    kernel = np.array([[0, -511, 0], [-1, 0, 1], [0, 511, 0]], np.float32)
    numbered = cv2.filter2D(
        grey, cv2.CV_32F, kernel, delta=255.0 * 512.0, borderType=cv2.BORDER_REPLICATE
    )
    index = numbered[: rows * CELL, : columns * CELL].astype(np.int64)
    direction, magnitude = _votes()
    votes = direction.take(index)
    votes *= rows * columns
    votes += np.repeat(np.arange(rows) * columns, CELL)[:, None]
    votes += np.repeat(np.arange(columns), CELL)
    counted = np.bincount(
        votes.ravel(), weights=magnitude.take(index).ravel(), minlength=SIGNED * rows * columns
    )
    return counted.reshape(SIGNED, rows, columns).astype(np.float32)


@cache
def _votes() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Direction and weight `(511 * 511,)` of every gradient."""
    steps = np.arange(-255, 256, dtype=np.float64)
    dy, dx = np.meshgrid(steps, steps, indexing="ij")
    turn = np.arctan2(dy, dx) * (SIGNED / (2 * np.pi))
    direction = np.floor(turn + 0.5).astype(np.int64) % SIGNED
    return direction.ravel(), (np.hypot(dx, dy) / CELL**2).ravel()


def _gradients(signed: Floats, out: Floats) -> None:
    rows, columns = signed.shape[1:]
    directions = out[: SIGNED + UNSIGNED]
    directions[:SIGNED] = signed
    unsigned = directions[SIGNED:]
    np.add(signed[:UNSIGNED], signed[UNSIGNED:], out=unsigned)
    energy = np.einsum("kij,kij->ij", unsigned, unsigned)
    padded = cv2.copyMakeBorder(energy, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    # One entry for each corner of a cell: the energy of the 2 x 2 cells that meet there.
    blocks = padded[:-1, :-1] + padded[:-1, 1:] + padded[1:, :-1] + padded[1:, 1:]
    norm = 1 / np.sqrt(blocks + np.float32(FLOOR))
    corners = [norm[y : y + rows, x : x + columns] for y in (0, 1) for x in (0, 1)]
    total = signed.sum(axis=0)
    total *= np.float32(ENERGY)
    for channel, corner in zip(out[SIGNED + UNSIGNED :], corners, strict=True):
        np.multiply(total, corner, out=channel)
    directions *= sum(corners[1:], corners[0]) * np.float32(0.25)
    np.minimum(directions, np.float32(CLIP), out=directions)
    directions *= 2


def _brightness(grey: Grey) -> Floats:
    rows, columns = grey.shape[0] // CELL, grey.shape[1] // CELL
    whole = grey[: rows * CELL, : columns * CELL]
    half = cv2.resize(whole, (columns * 2, rows * 2), interpolation=cv2.INTER_AREA)
    half = half.astype(np.float32)
    around = (_AROUND, _AROUND)
    mean = cv2.blur(half, around, borderType=cv2.BORDER_REPLICATE)
    square = cv2.blur(half * half, around, borderType=cv2.BORDER_REPLICATE)
    spread = np.sqrt(np.maximum(square - mean * mean, 0) + np.float32(_CONTRAST))
    relative = np.asarray((half - mean) / spread * _BRIGHTNESS, np.float32)
    return relative.reshape(rows, 2, columns, 2).transpose(1, 3, 0, 2).reshape(-1, rows, columns)


def window_rows(cells: Floats, top: NDArray[np.intp], left: NDArray[np.intp]) -> Floats:
    """Rows `(n, 1715)` of the windows whose first cell seen is (top, left) of `cells`."""
    views = np.lib.stride_tricks.sliding_window_view(cells, (CELLS, CELLS), axis=(1, 2))
    return views[:, top, left].transpose(1, 0, 2, 3).reshape(len(top), ROW)


def crop_row(crop: Grey) -> Floats:
    """The row `(1715,)` of a grey crop `(36, 36)`, as `window_rows` sees it in a picture."""
    assert crop.shape == (WINDOW, WINDOW)
    return features(crop)[:, 1:-1, 1:-1].ravel()
