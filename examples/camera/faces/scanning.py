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
from examples.camera.faces.features import CELLS, CHANNELS, ROW, Floats, features, window_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from examples.camera.faces.pyramid import Level

SLACK = 1e-3
"""By how much the product, in float32, may stray from the model; checked when it is made."""
_BATCH = 48
"""Rows for one call of a model: larger calls are slower, since they leave the cache."""


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
        parts = (self.kernel @ cells.reshape(CHANNELS, -1)).reshape(-1, rows, columns)
        rows, columns = rows - CELLS + 1, columns - CELLS + 1
        scores = np.full((rows, columns), self.bias, np.float32)
        for number, part in enumerate(parts):
            y, x = divmod(number, CELLS)
            scores += part[y : y + rows, x : x + columns]
        return scores


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
            )

    def candidates(self, level: Level, least: float) -> Candidates:
        """The windows of a level whose score is at least `least`."""
        cells = features(level.grey)
        top, left = np.nonzero(self._product.scores(cells) >= least - SLACK)
        rows = window_rows(cells, top, left)
        scores = decisions(self._model, rows)
        chosen = scores >= least
        boxes = level.boxes(top[chosen], left[chosen])
        return Candidates(boxes, rows[chosen], scores[chosen])


def decisions(model: Decides, rows: Floats | NDArray[np.float64]) -> NDArray[np.float64]:
    """The model's `decision_function` `(n,)`, in batches."""
    batches = [
        model.decision_function(rows[i : i + _BATCH].astype(np.float64))
        for i in range(0, len(rows), _BATCH)
    ]
    return np.concatenate(batches) if batches else np.zeros(0)


def joined(parts: list[Candidates]) -> Candidates:
    """The candidates of all levels."""
    return Candidates(
        np.concatenate([np.zeros((0, 4)), *(part.boxes for part in parts)]),
        np.concatenate([np.zeros((0, ROW), np.float32), *(part.rows for part in parts)]),
        np.concatenate([np.zeros(0), *(part.scores for part in parts)]),
    )
