"""Every window of a level, scored by the linear model as one product with the whole level.

Window by window the model would be given each cell 49 times. The product gives the same scores up
to rounding, and decides nothing but which windows are worth a row: those are scored by the model
itself. So no rounding of the product reaches a result, whatever engine runs the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from edge_infer import Incompatible
from examples.camera.faces.features import (
    CELL,
    CELLS,
    CHANNELS,
    ROW,
    Floats,
    Grey,
    features,
    window_rows,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from examples.camera.faces.pyramid import Level

    Rows = Floats | NDArray[np.float64]
    """`(n, 1715)`."""

SLACK = 1e-3
"""By how much the product, in float32, may stray from the model; checked when it is made."""
_BATCH = 48
"""Rows for one call of a model: larger calls are slower, since they leave the cache."""


_BAND = 24
"""Rows of cells multiplied at a time."""
BAND_PIXELS = 1 << 22
"""Pixels of a level whose features are held at a time, about."""
_AROUND = 3
"""Cells around a cell that its numbers depend on: two by brightness, and one more."""
_MOST_OF_A_LEVEL = 2000
"""Windows kept of one level, the best: a page of text has no more to say than that."""


class Decides(Protocol):
    """An `edge_infer.Model`, or the scikit-learn estimator that it was made from."""

    def decision_function(self, X: Any) -> Any:
        """Scores `(n,)` of rows `(n, 1715)`."""
        ...


@dataclass(frozen=True)
class Candidates:
    """Windows that the linear model does not rule out."""

    boxes: NDArray[np.float64]
    """`(n, 4)`: x0, y0, x1, y1 in pixels of the frame."""
    rows: Floats
    """`(n, 1715)`."""
    scores: NDArray[np.float64]
    """`(n,)`: the model's own `decision_function`."""


@dataclass(frozen=True)
class Product:
    """A linear model as one product with all cells of a level."""

    kernel: Floats
    """`(49, 35)`: the weights of each cell of the window."""
    bias: float

    @classmethod
    def of(cls, weights: NDArray[np.float64], bias: float) -> Product:
        """From the weights `(1715,)` of a window's row."""
        kernel = weights.reshape(CHANNELS, CELLS * CELLS).T.astype(np.float32)
        return cls(np.ascontiguousarray(kernel), bias)

    def scores(self, cells: Floats) -> Floats:
        """Scores `(h - 6, w - 6)` of all windows of `cells` `(35, h, w)`."""
        _, rows, columns = cells.shape
        tall, wide = max(rows - CELLS + 1, 0), max(columns - CELLS + 1, 0)
        scores = np.full(tall * columns, self.bias, np.float32)
        flat = np.ascontiguousarray(cells).reshape(CHANNELS, -1)
        # In bands, which bounds the memory of large frames; along whole rows, whose last windows
        # reach into the next row and are cut off at the end.
        for top in range(0, tall if wide else 0, _BAND):
            count = min(_BAND, tall - top)
            parts = self.kernel @ flat[:, top * columns : (top + count + CELLS - 1) * columns]
            length = count * columns - CELLS + 1
            band = scores[top * columns : top * columns + length]
            for number, part in enumerate(parts):
                y, x = divmod(number, CELLS)
                band += part[y * columns + x : y * columns + x + length]
        return scores.reshape(tall, columns)[:, :wide]


class Scan:
    """The linear model over all windows of a level."""

    def __init__(self, model: Decides) -> None:
        """Take the weights from the model's own answers, and compare.

        Raises:
            Incompatible: the model is not linear in its rows.
        """
        self._model = model
        bias = float(decisions(model, np.zeros((1, ROW)))[0])
        self._product = Product.of(decisions(model, np.eye(ROW)) - bias, bias)
        self._check()

    def _check(self) -> None:
        cells = np.random.default_rng(0).random((CHANNELS, 20, 20), np.float32) * np.float32(0.4)
        top, left = (index.ravel() for index in np.indices((14, 14)))
        want = decisions(self._model, window_rows(cells, top, left))
        strayed = float(np.abs(self._product.scores(cells).ravel() - want).max())
        if not strayed <= SLACK / 2:
            raise Incompatible(
                "the first model is not linear in its rows",
                expected=f"within {SLACK / 2} of its decision_function",
                actual=f"{strayed:.3g} away",
                hint="train it again with examples/camera/train_faces.py",
            )

    def candidates(self, levels: Iterable[Level], least: float) -> Candidates:
        """The windows of all levels whose score is at least `least`."""
        found = [_NONE]
        for level in levels:
            kept: list[Candidates] = []
            for first, cells in bands(level.grey):
                mapped = self._product.scores(cells)
                top, left = np.nonzero(mapped >= least - SLACK)
                if len(top) > _MOST_OF_A_LEVEL:
                    best = _best(mapped[top, left])
                    top, left = top[best], left[best]
                if len(top):
                    boxes, rows = level.boxes(top + first, left), window_rows(cells, top, left)
                    scores = mapped[top, left].astype(np.float64)
                    kept = _trimmed([*kept, Candidates(boxes, rows, scores)])
            found += kept
        together = joined(found)
        scores = decisions(self._model, together.rows)
        chosen = scores >= least
        return Candidates(together.boxes[chosen], together.rows[chosen], scores[chosen])


def bands(grey: Grey) -> Iterator[tuple[int, Floats]]:
    """The cells of a picture `(h, w)` in overlapping bands, each with its first row of cells.

    Every window lies whole in one band. A cell is the same in a band as in the picture: what lies
    around it is computed, too, and cut off.
    """
    rows = grey.shape[0] // CELL
    tall = rows - CELLS + 1
    count = max(1, BAND_PIXELS // (CELL * max(1, grey.shape[1])))
    for top in range(0, tall, count):
        bottom = min(top + count, tall) + CELLS - 1
        first, last = max(0, top - _AROUND), min(rows, bottom + _AROUND)
        part = grey[first * CELL : last * CELL if last < rows else None]
        yield top, features(part)[:, top - first : bottom - first]


def _trimmed(parts: list[Candidates]) -> list[Candidates]:
    """What is kept of the bands of one level."""
    if sum(len(part.scores) for part in parts) <= _MOST_OF_A_LEVEL:
        return parts
    every = joined(parts)
    best = _best(every.scores)
    return [Candidates(every.boxes[best], every.rows[best], every.scores[best])]


def _best(scores: Rows) -> NDArray[np.intp]:
    return np.argsort(-scores, kind="stable")[:_MOST_OF_A_LEVEL]


def decisions(model: Decides, rows: Rows) -> NDArray[np.float64]:
    """The model's `decision_function` `(n,)`."""
    return np.concatenate([np.zeros(0), *(model.decision_function(r) for r in batches(rows))])


def batches(rows: Rows) -> Iterator[NDArray[np.float64]]:
    """The rows in parts of a size that models are quick with."""
    for first in range(0, len(rows), _BATCH):
        yield rows[first : first + _BATCH].astype(np.float64)


def joined(parts: Sequence[Candidates]) -> Candidates:
    """All of them in one."""
    return Candidates(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )


_NONE = Candidates(np.zeros((0, 4)), np.zeros((0, ROW), np.float32), np.zeros(0))
