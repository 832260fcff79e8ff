"""Linear projections: `sklearn.decomposition._base._BasePCA._transform`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.decomposition import PCA, IncrementalPCA, TruncatedSVD

from convert.estimators.arrays import dense
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor


def pca(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """Project, then subtract the projected mean, then whiten if asked: in this order."""
    components = dense(estimator.components_)
    mean = (estimator.mean_.reshape(1, -1) @ estimator.components_.T).reshape(-1)
    y = g.op("Sub", g.op("MatMul", x, components.T), dense(mean))
    if estimator.whiten:
        scale = np.sqrt(estimator.explained_variance_)
        scale[scale < np.finfo(scale.dtype).eps] = np.finfo(scale.dtype).eps
        y = g.op("Div", y, dense(scale))
    return Emission({"transform": Scores(y, components.shape[0])})


def truncated_svd(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`TruncatedSVD.transform`: project without centring."""
    components = dense(estimator.components_)
    y = g.op("MatMul", x, components.T)
    return Emission({"transform": Scores(y, components.shape[0])})


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    PCA: pca,
    IncrementalPCA: pca,
    TruncatedSVD: truncated_svd,
}
