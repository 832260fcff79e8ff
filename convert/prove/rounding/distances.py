"""Σ|terms| of Minkowski distances between rows and training points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Doubles = NDArray[np.float64]

_POWERS = {"euclidean": 2.0, "l2": 2.0, "chebyshev": np.inf, "infinity": np.inf}


def power(search: Any) -> float:
    """The power p of the metric; a distance is the p-th root of a reduced one."""
    if search.effective_metric_ == "minkowski":
        return float(search.effective_metric_params_["p"])
    return _POWERS.get(search.effective_metric_, 1.0)


def is_product(search: Any) -> bool:
    """Whether distances are taken from a product of matrices, |x|² - 2 x·y + |y|²."""
    weights = search.effective_metric_params_.get("w")
    return power(search) == 2 and weights is None and bool(search._fit_method == "brute")


def reduced_distances(search: Any, x: Doubles, error: Doubles) -> tuple[Doubles, Doubles]:
    """`(n, m)` reduced distances of rows `(n, f)`, and their Σ|terms|."""
    points = np.asarray(search._fit_X, dtype=np.float64)
    weights = search.effective_metric_params_.get("w")
    p = power(search)
    if is_product(search):
        size = np.abs(x) + error
        reduced = (x**2).sum(axis=1)[:, None] - 2 * x @ points.T + (points**2).sum(axis=1)
        terms = (size**2).sum(axis=1)[:, None] + 2 * size @ np.abs(points).T
        return np.maximum(reduced, 0.0), terms + (points**2).sum(axis=1)
    reduced, carried = np.zeros((len(x), len(points))), np.zeros((len(x), len(points)))
    for j in range(points.shape[1]):
        step = np.abs(x[:, j, None] - points[:, j])
        own = error[:, j, None]
        if p == np.inf:
            reduced, carried = np.maximum(reduced, step), np.maximum(carried, own)
        else:
            weight = 1.0 if weights is None else weights[j]
            reduced += weight * step**p
            carried += weight * p * step ** (p - 1) * own
    return reduced, reduced + carried


def distances(search: Any, reduced: Doubles, slack: Doubles) -> tuple[Doubles, Doubles]:
    """Distances from reduced ones, and what their slack becomes."""
    p = power(search)
    if p in (1.0, np.inf):
        return reduced, slack
    with np.errstate(all="ignore"):
        found = reduced ** (1.0 / p)
        moved = np.where(reduced > slack, found * slack / (p * reduced), slack ** (1.0 / p))
    return found, moved
