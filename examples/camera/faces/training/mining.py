"""Windows of pictures without faces: some at random, then those that the model takes for faces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from examples.camera.faces.features import CELLS, ROW, Floats, features, window_rows
from examples.camera.faces.pyramid import pyramid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from examples.camera.faces.features import Grey
    from examples.camera.faces.scanning import Product

SMALLEST = 36
_DENSE = 1.15
_COARSE = 1.4
"""Step between levels for random windows, which need not be dense."""


def random_windows(pictures: Iterable[Grey], count: int, rng: np.random.Generator) -> Floats:
    """About `count` rows `(n, 1715)` drawn from all pictures and sizes alike."""
    found = []
    for grey in pictures:
        for level in pyramid(grey, SMALLEST, step=_COARSE):
            cells = features(level.grey)
            rows, columns = (length - CELLS + 1 for length in cells.shape[1:])
            chosen = rng.choice(rows * columns, max(1, rows * columns // 100), replace=False)
            found.append(window_rows(cells, chosen // columns, chosen % columns))
    windows = np.concatenate(found)
    return windows[rng.permutation(len(windows))[:count]]


def fooling_windows(
    pictures: Iterable[Grey], product: Product, *, least: float, most: int
) -> Floats:
    """Rows of the windows that score `least` or more, at most `most` of one picture."""
    found = [np.zeros((0, ROW), np.float32)]
    for grey in pictures:
        rows, scores = [np.zeros((0, ROW), np.float32)], [np.zeros(0, np.float32)]
        for level in pyramid(grey, SMALLEST, step=_DENSE):
            cells = features(level.grey)
            mapped = product.scores(cells)
            top, left = np.nonzero(mapped >= least)
            rows.append(window_rows(cells, top, left))
            scores.append(mapped[top, left])
        best = np.argsort(-np.concatenate(scores), kind="stable")[:most]
        found.append(np.concatenate(rows)[best])
    return np.concatenate(found)
