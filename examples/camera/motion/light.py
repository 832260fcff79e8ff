"""Changes of the light: the whole picture brightens, darkens or changes its tint.

The frame is compared with the background on a coarse grid. Where one monotone curve explains the
difference in most of the picture, the light or the camera's gain has changed, and the background
is sent through that curve instead of being learned anew. Objects are outvoted: the curve runs
through medians.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from examples.camera.motion.background import Background
    from examples.camera.motion.planes import Planes

GRID = 40
"""Points of the grid along the longer side."""
BINS = 4
"""Points of the curve."""
SMALLEST, SMALLEST_TINT = 4, 2
"""Grey levels below which a change of the light or of its colour is left to the learning."""
GREY = 128
"""Of both colour differences."""
AGREE = 0.8
"""Of the points that changed, so many have to have changed to the same side."""
KEPT_FRAMES = 8
"""The background changes little: its grid is taken from it once in so many frames."""


@dataclass(frozen=True)
class LightChange:
    """A curve for each plane, and how much it moves the picture."""

    luma: NDArray[np.uint8]
    """(256,): old value → new value."""
    red: NDArray[np.uint8]
    blue: NDArray[np.uint8]
    levels: int
    """The largest shift of brightness along the curve, in grey levels."""


class LightWatch:
    """Compares every frame with the background on a coarse grid."""

    def __init__(self) -> None:
        self._grids: list[NDArray[np.int64]] = []
        self._age = 0

    def change(self, background: Background, now: Planes) -> LightChange | None:
        """The change of light between the background and a frame, or None where there is none."""
        if not self._grids or self._age == KEPT_FRAMES:
            self._grids, self._age = _background_grids(background), 0
        self._age += 1
        planes = _split(now.luma, now.chroma)
        smallest = (SMALLEST, SMALLEST_TINT, SMALLEST_TINT)
        curves = [
            _curve(old, plane[_grid(plane)].ravel().astype(np.int64), least, tint=number > 0)
            for number, (old, plane, least) in enumerate(
                zip(self._grids, planes, smallest, strict=False)
            )
        ]
        found = [curve for curve in curves if curve is not None]
        if not found:
            return None
        self._grids = []
        same = np.arange(256, dtype=np.uint8)
        curves += [None] * (3 - len(curves))
        luma, red, blue = (same if curve is None else curve.table for curve in curves)
        return LightChange(luma, red, blue, max(curve.levels for curve in found))


def _split(
    luma: NDArray[np.uint8], chroma: NDArray[np.uint8] | None
) -> tuple[NDArray[np.uint8], ...]:
    """Luma, red and blue of (…, h, w) and (…, 2 · h, w), or luma alone."""
    if chroma is None:
        return (luma,)
    half = chroma.shape[-2] // 2
    return luma, chroma[..., :half, :], chroma[..., half:, :]


def _background_grids(background: Background) -> list[NDArray[np.int64]]:
    """Mean of every other sample of each plane on the grid, each (p,)."""
    chroma = None if background.chroma is None else background.chroma.samples
    grids = []
    for samples in _split(background.luma.samples, chroma):
        few = samples[(slice(None, None, 2), *_grid(samples))]
        grids.append(few.sum(0, dtype=np.int64).ravel() // len(few))
    return grids


@dataclass(frozen=True)
class _Curve:
    table: NDArray[np.uint8]
    levels: int


def _curve(
    old: NDArray[np.int64], new: NDArray[np.int64], smallest: int, *, tint: bool
) -> _Curve | None:
    """The curve that carries the background (p,) to the frame, where most of it follows."""
    moved = new - old
    # Brighter light takes every colour farther from grey, to both sides of it.
    if not _one_way(moved) and not (tint and _one_way(moved * np.sign(old - GREY))):
        return None
    knots = _knots(old, new)
    levels = max(abs(b - a) for a, b in knots)
    if levels < smallest or _flattened(knots):
        return None
    table = _table(knots)
    if np.sum(_off(table[old], new)) >= 0.8 * np.sum(_off(old, new)):
        return None
    return _Curve(table, levels)


def _one_way(moved: NDArray[np.int64]) -> bool:
    """Leaves and objects move some points up and as many down; the light moves most one way."""
    up, down = np.count_nonzero(moved > 1), np.count_nonzero(moved < -1)
    return bool(max(up, down) >= AGREE * (up + down) and 2 * (up + down) >= moved.size)


def _flattened(knots: list[tuple[int, int]]) -> bool:
    """Whether most contrast is gone: something uniform stands before the camera."""
    (x0, y0), (x1, y1) = knots[0], knots[-1]
    return 4 * (y1 - y0) < x1 - x0 and y0 not in (0, 255) and y1 not in (0, 255)


def _grid(plane: NDArray[np.uint8]) -> tuple[slice, slice]:
    height, width = plane.shape[-2:]
    step = max(1, max(height, width) // GRID)
    # In a thin picture, one row or column in its middle is all that there is.
    return slice(min(step, height) // 2, None, step), slice(min(step, width) // 2, None, step)


def _knots(old: NDArray[np.int64], new: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Medians of old and new in equal shares of the points, by rising old value."""
    order = np.argsort(old, kind="stable")
    shares = [part for part in np.array_split(order, BINS) if len(part)]
    knots = [(_median(old[part]), _median(new[part])) for part in shares]
    kept = [knots[0]]
    for x, y in knots[1:]:
        # A curve falls nowhere, and two points at one place make no slope.
        if x - kept[-1][0] >= 8:
            kept.append((x, max(y, kept[-1][1])))
    return kept


def _table(knots: list[tuple[int, int]]) -> NDArray[np.uint8]:
    """The curve through the knots, straight between and beyond them, in integers."""
    x = np.arange(256)
    if len(knots) == 1:
        y = x + (knots[0][1] - knots[0][0])
    else:
        at, to = (np.array(values) for values in zip(*knots, strict=True))
        left = np.clip(np.searchsorted(at, x) - 1, 0, len(at) - 2)
        rise, run = to[left + 1] - to[left], at[left + 1] - at[left]
        y = to[left] + ((x - at[left]) * rise) // run
    return np.clip(y, 0, 255).astype(np.uint8)


def _off(old: NDArray[np.generic], new: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(np.abs(old.astype(np.int64) - new), np.int64)


def _median(values: NDArray[np.int64]) -> int:
    middle = len(values) // 2
    return int(np.partition(values, middle)[middle])
