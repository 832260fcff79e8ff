"""Σ|terms| of sparse components' codes: products with the components, and a system solved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.decomposition import MiniBatchSparsePCA, SparsePCA

from convert.estimators.arrays import dense
from convert.prove.rounding.band import Band, no_band, score_bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from convert.graph.emitted import EmittedOutput

    Doubles = NDArray[np.float64]


def is_sparse_code(estimator: Any) -> bool:
    """Whether `transform` is a ridge regression on no more components than columns."""
    if type(estimator) not in (MiniBatchSparsePCA, SparsePCA):
        return False
    components, columns = estimator.components_.shape
    return bool(components <= columns)


def sparse_code_bounds(
    estimator: Any, x: Doubles, error: Doubles, outputs: Sequence[EmittedOutput]
) -> Band:
    """No band; the bounds of `sklearn.linear_model._ridge._solve_cholesky` on rows `(n, f)`.

    A code c solves A c = C x with A = C Cᵀ + alpha. Its right side is as good as |C| |x|, its left
    as |A| |c| (Higham, Accuracy and Stability of Numerical Algorithms, theorem 10.3), and |A⁻¹|
    carries both: one code is small beside the others where they cancel in it.
    """
    components: Doubles = dense(estimator.components_)
    gram = components @ components.T + float(estimator.ridge_alpha) * np.eye(len(components))
    with np.errstate(all="ignore"):
        centred = x - estimator.mean_
        inverse = np.linalg.inv(gram)
        codes = centred @ components.T @ inverse
        size = (np.abs(x) + np.abs(estimator.mean_) + error) @ np.abs(components).T
        terms = (size + np.abs(codes) @ np.abs(gram)) @ np.abs(inverse)
    return replace(no_band(len(x)), bounds={o.name: score_bounds(codes, terms) for o in outputs})
