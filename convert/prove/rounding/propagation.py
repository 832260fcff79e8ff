"""What rounding makes of labels that spread by a Gaussian kernel.

The kernel's squares are |x|² - 2 x·y + |y|²: what cancels there, gamma times as much, is what the
kernel is off by, relative to itself. Rows far from all training points are at the mercy of it,
down to where the kernel leaves the smallest doubles.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.semi_supervised import LabelPropagation, LabelSpreading

from convert.prove.rounding.band import EPS, UNITS, Band, class_band

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from convert.graph.emitted import EmittedOutput

    Doubles = NDArray[np.float64]

_SMALLEST = 2 * float(np.finfo(np.float64).smallest_subnormal)
_VANISHED = 750.0
"""The exponential of minus this is 0 in every library; that of -745 need not be."""
_KERNEL_UNITS = 4.0
"""A sum, a product and an exponential, beside the squares."""


def is_kernel_propagation(estimator: Any) -> bool:
    """Whether labels are sums of distributions weighted by a Gaussian kernel."""
    return type(estimator) in (LabelPropagation, LabelSpreading) and estimator.kernel == "rbf"


def propagation_band(
    estimator: Any,
    x: Doubles,
    error: Doubles,
    classes: NDArray[Any],
    outputs: Sequence[EmittedOutput],
) -> Band:
    """The band of rows `(n, f)`, and the bounds of their probabilities."""
    points = np.asarray(estimator.X_, dtype=np.float64)
    spread = np.asarray(estimator.label_distributions_, dtype=np.float64)
    size = np.abs(x) + error
    terms = (size**2).sum(axis=1)[:, None] + 2 * size @ np.abs(points).T
    unit = UNITS * EPS * (terms + (points**2).sum(axis=1))
    squares = euclidean_distances(x, points, squared=True)
    own = _KERNEL_UNITS * EPS
    with np.errstate(all="ignore"):
        nearest = estimator.gamma * np.maximum(squares - unit, 0.0)
        least_bits = np.where(nearest < _VANISHED, _SMALLEST, 0.0)
        low = np.exp(-estimator.gamma * (squares + unit)) * (1 - own) - least_bits
        high = np.exp(-nearest) * (1 + own) + least_bits
        sums = np.exp(-estimator.gamma * squares) @ spread
        least, most = np.maximum(low, 0.0) @ spread, high @ spread
        added = UNITS * EPS * len(points)
        reach = np.maximum(most - sums, sums - least) + added * most
        reach = np.where(reach > 0, reach + _SMALLEST, 0.0)
        band = class_band(sums, reach / (UNITS * EPS), classes)
        share = _shares(least, most)
    names = [o.name for o in outputs if o.verb == "predict_proba"]
    return replace(band, bounds=dict.fromkeys(names, share))


def _shares(least: Doubles, most: Doubles) -> tuple[Doubles, Doubles]:
    """The bounds of sums over their total: any where there may be nothing to share, NaN where
    there is nothing."""
    low = least / (least + most.sum(axis=1, keepdims=True) - most)
    high = most / (most + least.sum(axis=1, keepdims=True) - least)
    nothing = (least.sum(axis=1) == 0) & (most.sum(axis=1) > 0)
    low[nothing], high[nothing] = -np.inf, np.inf
    return low, high
