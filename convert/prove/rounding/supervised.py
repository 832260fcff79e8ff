"""Rounding through estimators that are also steps: discriminants, partial least squares, centres.

Bounds are in units of eps, as in `terms`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.cluster import Birch, BisectingKMeans, KMeans, MiniBatchKMeans
from sklearn.cross_decomposition import CCA, PLSSVD, PLSCanonical, PLSRegression
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from convert.prove.rounding.band import EPS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Doubles = NDArray[np.float64]
    Step = Callable[[Any, Doubles, Doubles], Doubles | None]


def _discriminant(step: Any, x: Doubles, error: Doubles) -> Doubles:
    kept = np.abs(step.scalings_[:, : step._max_components])
    size = np.abs(x) + error + (np.abs(step.xbar_) if step.solver == "svd" else 0.0)
    return np.asarray(size @ kept)


def _rotated(step: Any, x: Doubles, error: Doubles) -> Doubles:
    weights = step.x_weights_ if isinstance(step, PLSSVD) else step.x_rotations_
    scaled = (np.abs(x) + np.abs(step._x_mean) + error) / step._x_std
    return np.asarray(scaled @ np.abs(weights))


def _distances(step: Any, x: Doubles, error: Doubles) -> Doubles:
    """A square's error e moves its root d by e / 2d, and by no more than the root of e."""
    is_birch = isinstance(step, Birch)
    centers = step.subcluster_centers_ if is_birch else step.cluster_centers_
    size = np.abs(x) + error
    own = (size**2).sum(axis=1)[:, None] + 2 * size @ np.abs(centers).T + (centers**2).sum(axis=1)
    distance = step.transform(x)
    with np.errstate(all="ignore"):
        moved = np.where(distance > 0, own / (2 * distance), np.inf)
    return np.asarray(np.minimum(moved, np.sqrt(own / EPS)))


SUPERVISED: Mapping[type, Step] = {
    Birch: _distances,
    BisectingKMeans: _distances,
    CCA: _rotated,
    KMeans: _distances,
    LinearDiscriminantAnalysis: _discriminant,
    MiniBatchKMeans: _distances,
    PLSCanonical: _rotated,
    PLSRegression: _rotated,
    PLSSVD: _rotated,
}
