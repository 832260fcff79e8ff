"""Projections in a kernel's space: `KernelPCA`, `KernelCenterer`, `Isomap`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.decomposition import KernelPCA
from sklearn.manifold import Isomap
from sklearn.preprocessing import KernelCenterer

from convert.errors import Unsupported
from convert.estimators.arrays import dense
from convert.estimators.neighbor_search import has_rounded_squares, nearest
from convert.estimators.pairwise_kernels import pairwise_kernel
from convert.graph.emission import Check, Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor

_AXIS = np.array([1], dtype=np.int64)


def kernel_centerer(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`KernelCenterer.transform`: the kernel of rows centred in the kernel's space."""
    return Emission({"transform": Scores(_centered(g, estimator, x), len(estimator.K_fit_rows_))})


def _centered(g: Graph, centerer: Any, kernel: Tensor) -> Tensor:
    rows = dense(centerer.K_fit_rows_)
    mean = g.op("Div", g.op("ReduceSum", kernel, _AXIS, keepdims=1), float(len(rows)))
    y = g.op("Sub", g.op("Sub", kernel, rows), mean)
    return g.op("Add", y, float(centerer.K_fit_all_))


def kernel_pca(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`KernelPCA.transform`: the centred kernel times the scaled eigenvectors."""
    kernel = x
    checks: tuple[Check, ...] = ()
    if estimator.kernel != "precomputed":
        settings = {
            "gamma": estimator.gamma_,
            "degree": estimator.degree,
            "coef0": estimator.coef0,
        }
        kernel, checks = pairwise_kernel(g, x, estimator.X_fit_, estimator.kernel, settings)
    return _projected(g, estimator, kernel, checks)


def _projected(g: Graph, pca: Any, kernel: Tensor, checks: tuple[Check, ...] = ()) -> Emission:
    values, vectors = dense(pca.eigenvalues_), dense(pca.eigenvectors_)
    used = np.flatnonzero(values)
    scaled = np.zeros_like(vectors)
    scaled[:, used] = vectors[:, used] / np.sqrt(values[used])
    y = g.op("MatMul", _centered(g, pca._centerer, kernel), scaled)
    return Emission({"transform": Scores(y, scaled.shape[1])}, checks=checks)


def isomap(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`Isomap.transform`: shortest ways through the nearest training rows, then `KernelPCA`."""
    if estimator.n_neighbors is None:
        raise Unsupported(
            "Isomap by radius has no exact converter",
            expected="n_neighbors",
            actual=f"radius={estimator.radius}",
            hint="use n_neighbors=... and radius=None",
        )
    nbrs = estimator.nbrs_
    if nbrs._fit_method == "brute" and has_rounded_squares(nbrs):
        raise Unsupported(
            "Isomap that searches by brute force has no exact converter: for a row close to a "
            "training row its distance is noise of 1e-8 of the rows' norm",
            expected="a k-d tree or a ball tree",
            actual=f"neighbors_algorithm={estimator.neighbors_algorithm!r}",
            hint="use neighbors_algorithm='kd_tree'",
        )
    near = nearest(g, nbrs, x, int(estimator.n_neighbors))
    ways = g.op("Gather", dense(estimator.dist_matrix_), near.index, axis=0)
    last = np.array([2], dtype=np.int64)
    ways = g.op("Add", ways, g.op("Unsqueeze", near.distance, last))
    shortest = g.op("ReduceMin", ways, _AXIS, keepdims=0)
    kernel = g.op("Mul", g.op("Mul", shortest, shortest), -0.5)
    return _projected(g, estimator.kernel_pca_, kernel)


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    Isomap: isomap,
    KernelCenterer: kernel_centerer,
    KernelPCA: kernel_pca,
}
