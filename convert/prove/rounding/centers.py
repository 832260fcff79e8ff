"""Σ|terms| of the distances between which clusterers and centroids are chosen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.cluster import (
    AffinityPropagation,
    Birch,
    BisectingKMeans,
    KMeans,
    MeanShift,
    MiniBatchKMeans,
)

from convert.prove.rounding.band import EPS, UNITS, Band, class_band

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from convert.graph.emitted import EmittedOutput

    Doubles = NDArray[np.float64]

_FLAT = (AffinityPropagation, Birch, KMeans, MeanShift, MiniBatchKMeans)


def is_center_model(estimator: Any) -> bool:
    """Whether a label is that of the nearest centre."""
    return type(estimator) in (*_FLAT, BisectingKMeans)


def center_band(
    estimator: Any, x: Doubles, error: Doubles, outputs: Sequence[EmittedOutput]
) -> Band:
    """The band of the nearest centre of the rows `(n, f)`, and the bounds of the distances."""
    band = _label_band(estimator, x, error)
    distances = next((o.name for o in outputs if o.verb == "transform"), None)
    if distances is None:
        return band
    return replace(band, bounds={distances: _distance_bounds(estimator, x, error)})


def _distance_bounds(estimator: Any, x: Doubles, error: Doubles) -> tuple[Doubles, Doubles]:
    """Roots of the squares |x|² - 2 x·c + |c|², which cancel where a row is next to a centre."""
    is_birch = type(estimator) is Birch
    centers = estimator.subcluster_centers_ if is_birch else estimator.cluster_centers_
    square = np.asarray(estimator.transform(x)) ** 2
    size = np.abs(x) + error
    terms = (size**2).sum(axis=1)[:, None] + 2 * size @ np.abs(centers).T
    unit = UNITS * EPS * (terms + (centers**2).sum(axis=1))
    return np.sqrt(np.maximum(square - unit, 0.0)), np.sqrt(square + unit)


def _label_band(estimator: Any, x: Doubles, error: Doubles) -> Band:
    if type(estimator) is BisectingKMeans:
        return _bisecting_band(estimator, x, error)
    if type(estimator) is Birch:
        centers, labels = estimator.subcluster_centers_, np.asarray(estimator.subcluster_labels_)
    else:
        centers = estimator.cluster_centers_
        labels = np.arange(max(len(centers), 1))
    if len(centers) < 2:
        return Band(np.full(len(x), np.inf), np.zeros(len(x)))
    scores, terms = _scores(x, error, centers)
    return class_band(scores, terms, labels)


def _scores(x: Doubles, error: Doubles, centers: Doubles) -> tuple[Doubles, Doubles]:
    """2 x·c - |c|² `(n, k)`, the largest the nearest, and the terms of the whole expansion."""
    norms = (centers**2).sum(axis=1)
    size = np.abs(x) + error
    terms = (size**2).sum(axis=1)[:, None] + 2 * size @ np.abs(centers).T + norms
    return 2 * x @ centers.T - norms, terms


def _bisecting_band(estimator: Any, x: Doubles, error: Doubles) -> Band:
    n = len(x)
    margin, unit = np.full(n, np.inf), np.zeros(n)
    columns: list[NDArray[np.bool_]] = []
    labels: list[int] = []

    def descend(node: Any, reached: NDArray[np.bool_], here: NDArray[np.bool_]) -> None:
        """`reached`: within rounding; `here`: as the signs fall."""
        if node.left is None:
            columns.append(reached)
            labels.append(int(node.label))
            return
        pair = np.vstack((node.left.center, node.right.center))
        scores, terms = _scores(x, error, pair + getattr(estimator, "_X_mean", 0.0))
        gap, slack = scores[:, 0] - scores[:, 1], UNITS * EPS * terms.sum(axis=1)
        closer = here & (np.abs(gap) / slack < np.where(unit > 0, margin / unit, np.inf))
        margin[closer], unit[closer] = np.abs(gap)[closer], slack[closer]
        descend(node.left, reached & (gap > -slack), here & (gap >= 0))
        descend(node.right, reached & (gap < slack), here & (gap < 0))

    with np.errstate(all="ignore"):
        everywhere = np.ones(n, dtype=bool)
        descend(estimator._bisecting_tree, everywhere, everywhere)
    return Band(margin, unit, np.stack(columns, axis=1), np.array(labels))
