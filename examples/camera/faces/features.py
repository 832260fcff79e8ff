"""What the models see of a grey picture: 35 numbers for every cell of 4 x 4 pixels.

Gradient histograms as in Felzenszwalb et al., "Object Detection with Discriminatively Trained
Part-Based Models" (PAMI 2010), section 6: 18 signed directions, 9 unsigned ones and 4 energies.
Departures: the energy of a block has a floor, so that noise on a plain wall is not blown up to an
edge; a pixel votes for its own cell alone; directions are scaled by the mean of the four block
norms and clipped once, which takes half the time. Beside them the brightness of the 4 quarters of
the cell, relative to its surroundings: gradients do not tell a dark eye from a bright one well.
"""

from __future__ import annotations

from functools import cache, lru_cache

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
    out = np.empty((SIGNED, rows, columns), np.float32)
    if not out.size:
        return out
    # A gradient is a place in a table of all that 8-bit pixels can have; remap looks them up.
    middle = 255.0
    dx = cv2.Sobel(grey, cv2.CV_16S, 1, 0, ksize=1, delta=middle, borderType=cv2.BORDER_REPLICATE)
    dy = cv2.Sobel(grey, cv2.CV_16S, 0, 1, ksize=1, delta=middle, borderType=cv2.BORDER_REPLICATE)
    places = cv2.merge([dx, dy])[: rows * CELL, : columns * CELL]
    directions, magnitudes = _votes()
    cells = _first_bins(columns)
    # In bands, so that what is counted stays in the processor's cache: a third of the time.
    for top in range(0, rows, _BAND):
        count = min(_BAND, rows - top)
        band = places[top * CELL : (top + count) * CELL]
        bins = cells[: len(band)] + cv2.remap(directions, band, None, cv2.INTER_NEAREST)
        weights = cv2.remap(magnitudes, band, None, cv2.INTER_NEAREST)
        counted = np.bincount(
            bins.ravel(), weights=weights.ravel(), minlength=SIGNED * count * columns
        )
        by_cell = counted.reshape(count, columns, SIGNED)
        out[:, top : top + count] = by_cell.transpose(2, 0, 1)
    return out


_BAND = 6
"""Rows of cells counted at a time."""


@cache
def _votes() -> tuple[NDArray[np.uint8], Floats]:
    """Direction and weight `(511, 511)` of the gradient (dy + 255, dx + 255)."""
    steps = np.arange(-255, 256, dtype=np.float64)
    dy, dx = np.meshgrid(steps, steps, indexing="ij")
    turn = np.arctan2(dy, dx) * (SIGNED / (2 * np.pi))
    direction = np.floor(turn + 0.5).astype(np.int64) % SIGNED
    return direction.astype(np.uint8), (np.hypot(dx, dy) / CELL**2).astype(np.float32)


@lru_cache(maxsize=64)
def _first_bins(columns: int) -> NDArray[np.int64]:
    """The first bin of each pixel's cell, for a band `(24, 4 * columns)`."""
    row, column = np.indices((_BAND * CELL, columns * CELL)) // CELL
    return np.asarray((row * columns + column) * SIGNED, np.int64)


def _gradients(signed: Floats, out: Floats) -> None:
    rows, columns = signed.shape[1:]
    directions, energies = out[: SIGNED + UNSIGNED], out[SIGNED + UNSIGNED :]
    directions[:SIGNED] = signed
    unsigned = np.add(signed[:UNSIGNED], signed[UNSIGNED:], out=directions[SIGNED:])
    energy = np.einsum("kij,kij->ij", unsigned, unsigned)
    padded = cv2.copyMakeBorder(energy, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    # One entry for each corner of a cell: the energy of the 2 x 2 cells that meet there.
    blocks = padded[:-1, :-1] + padded[:-1, 1:] + padded[1:, :-1] + padded[1:, 1:]
    norm = 1 / np.sqrt(blocks + np.float32(FLOOR))
    corners = [norm[y : y + rows, x : x + columns] for y in (0, 1) for x in (0, 1)]
    total = signed.sum(axis=0)
    total *= np.float32(ENERGY)
    for channel, corner in zip(energies, corners, strict=True):
        np.multiply(total, corner, out=channel)
    twice = sum(corners[1:], corners[0]) * np.float32(0.5)
    for channel in directions:
        channel *= twice
        np.minimum(channel, np.float32(2 * CLIP), out=channel)


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
