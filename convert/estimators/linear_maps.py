"""Transformers that are one matrix product: projections, factors, pooled columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import linalg, sparse
from scipy.sparse import csr_matrix
from sklearn.cluster import FeatureAgglomeration
from sklearn.decomposition import FactorAnalysis, FastICA
from sklearn.neighbors import NeighborhoodComponentsAnalysis
from sklearn.neural_network import BernoulliRBM
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection

from convert.errors import Unsupported
from convert.estimators import labels
from convert.estimators.arrays import dense
from convert.estimators.callables import REGISTER, name_of
from convert.estimators.ordered_sums import sparse_product
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor


def projection(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`X @ components_.T`."""
    components = dense(estimator.components_)
    return _transform(g.op("MatMul", x, components.T), components.shape[0])


def sparse_projection(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """The same with sparse components, whose sums scipy adds up term by term."""
    components = estimator.components_
    return _transform(sparse_product(g, x, csr_matrix(components)), components.shape[0])


def fast_ica(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`FastICA.transform`: centre if whitened, then project."""
    y = g.op("Sub", x, dense(estimator.mean_)) if estimator.whiten else x
    return projection(g, estimator, y)


def factor_analysis(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`FactorAnalysis.transform`: the posterior mean of the factors."""
    components = dense(estimator.components_)
    weighted = components / estimator.noise_variance_
    covariance = linalg.inv(np.eye(len(components)) + np.dot(weighted, components.T))
    centered = g.op("Sub", x, dense(estimator.mean_))
    y = g.op("MatMul", g.op("MatMul", centered, dense(weighted).T), dense(covariance))
    return _transform(y, len(components))


def bernoulli_rbm(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`BernoulliRBM._mean_hiddens`: the probabilities of the hidden units."""
    components = dense(estimator.components_)
    inner = g.op("MatMul", x, components.T)
    y = labels.logistic(g, g.op("Add", inner, dense(estimator.intercept_hidden_)))
    notes = ("score_samples is not served: it flips a random bit of every row",)
    return Emission({"transform": Scores(y, len(components))}, notes=notes)


def feature_agglomeration(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`AgglomerationTransform.transform`: each cluster of columns pooled into one."""
    member = np.asarray(estimator.labels_)
    clusters = np.unique(member)
    pool = estimator.pooling_func
    if pool in (np.mean, np.sum):
        belongs = (member == clusters[:, None]).astype(np.float64)
        y = sparse_product(g, x, sparse.csr_array(belongs))
        if pool is np.mean:
            y = g.op("Div", y, belongs.sum(axis=1))
    elif pool in (np.max, np.min):
        size = int(np.bincount(member).max())
        columns = np.stack([np.resize(np.flatnonzero(member == c), size) for c in clusters])
        cells = g.op("Gather", x, columns.astype(np.int64), axis=1)
        reduce = "ReduceMax" if pool is np.max else "ReduceMin"
        y = g.op(reduce, cells, np.array([2], dtype=np.int64), keepdims=0)
    else:
        raise Unsupported(
            "FeatureAgglomeration pools with Python code, which a device does not have",
            expected="numpy.mean, numpy.sum, numpy.max or numpy.min",
            actual=name_of(pool),
            hint=f"use pooling_func=numpy.mean, {REGISTER}",
        )
    return _transform(y, len(clusters))


def _transform(y: Tensor, columns: int) -> Emission:
    return Emission({"transform": Scores(y, columns)})


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    BernoulliRBM: bernoulli_rbm,
    FactorAnalysis: factor_analysis,
    FastICA: fast_ica,
    FeatureAgglomeration: feature_agglomeration,
    GaussianRandomProjection: projection,
    NeighborhoodComponentsAnalysis: projection,
    SparseRandomProjection: sparse_projection,
}
