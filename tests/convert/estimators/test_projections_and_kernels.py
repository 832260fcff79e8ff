"""Projections, kernel features and manifolds: within 1e-12 of scikit-learn's largest value."""

from __future__ import annotations

import re

import numpy as np
import pytest
from sklearn.cluster import FeatureAgglomeration
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.decomposition import FactorAnalysis, FastICA, KernelPCA
from sklearn.kernel_approximation import (
    AdditiveChi2Sampler,
    Nystroem,
    PolynomialCountSketch,
    RBFSampler,
    SkewedChi2Sampler,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.manifold import Isomap
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.neighbors import NeighborhoodComponentsAnalysis
from sklearn.neural_network import BernoulliRBM
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KernelCenterer
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection

from convert.errors import Unsupported
from convert.estimators.pairwise_kernels import KERNELS
from convert.graph.emit import emit_model

X, Y = load_iris(return_X_y=True)
DIGITS = load_digits(return_X_y=True)
UNSEEN = np.random.default_rng(1).normal(3, 2, size=(60, 4))
NONNEGATIVE = {"chi2", "additive_chi2"}
CLOSE = 1e-12

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def build_id(estimator: object) -> str:
    """The same in every process: workers that share the tests compare the names."""
    return re.sub(r" at 0x[0-9a-f]+|\n", "", str(estimator))


@pytest.mark.parametrize(
    "estimator",
    [
        FastICA(3, random_state=0, whiten="unit-variance"),
        FastICA(random_state=0, whiten=False),
        FactorAnalysis(2, random_state=0),
        FactorAnalysis(3, rotation="varimax", random_state=0),
        GaussianRandomProjection(3, random_state=0),
        SparseRandomProjection(3, random_state=0),
        NeighborhoodComponentsAnalysis(2, random_state=0, max_iter=20),
        BernoulliRBM(5, random_state=0, n_iter=3),
        FeatureAgglomeration(2),
        FeatureAgglomeration(3, pooling_func=np.max),
        FeatureAgglomeration(2, pooling_func=np.min),
        FeatureAgglomeration(2, pooling_func=np.sum),
    ],
    ids=build_id,
)
def test_matrix_products(estimator, side_by_side):
    rows = np.vstack([X, UNSEEN, -1e6 * UNSEEN])
    both = side_by_side(estimator.fit(X, Y), 4)
    both.assert_close("transform", X, relative=CLOSE)
    both.assert_close("transform", rows, relative=CLOSE)


@pytest.mark.parametrize(
    "estimator",
    [SparseRandomProjection(5, random_state=0), FeatureAgglomeration(4)],
    ids=build_id,
)
def test_sums_that_cancel_to_the_last_bit(estimator, side_by_side):
    rows = np.random.default_rng(0).choice([-1e16, 1.0, 0.3, 1e16], size=(90, 64))
    side_by_side(estimator.fit(DIGITS[0]), 64).assert_same_bits("transform", rows)


def test_pooling_with_python_code_is_refused():
    pooled = FeatureAgglomeration(2, pooling_func=lambda X, axis: X.mean(axis)).fit(X)
    with pytest.raises(Unsupported, match="Python code"):
        emit_model(pooled, 4)


@pytest.mark.parametrize(
    "sampler",
    [
        RBFSampler(gamma=0.3, n_components=40, random_state=0),
        PolynomialCountSketch(n_components=30, random_state=0),
        PolynomialCountSketch(degree=3, gamma=0.5, coef0=2, n_components=31, random_state=0),
        PolynomialCountSketch(degree=1, n_components=1, random_state=0),
    ],
    ids=build_id,
)
def test_random_features(sampler, side_by_side):
    both = side_by_side(sampler.fit(X), 4)
    both.assert_close("transform", np.vstack([X, UNSEEN]), relative=CLOSE)


@pytest.mark.parametrize("kernel", KERNELS)
def test_nystroem_and_kernel_pca_of_every_kernel(kernel, side_by_side, with_checks):
    settings = {} if kernel in ("linear", "cosine", "additive_chi2") else {"gamma": 0.05}
    nystroem = Nystroem(kernel, n_components=12, random_state=0, **settings).fit(X)
    estimators = [nystroem]
    if kernel in ("linear", "poly", "rbf", "sigmoid", "cosine"):
        estimators.append(KernelPCA(3, kernel=kernel, **settings).fit(X))
    rows = np.vstack([X, np.abs(UNSEEN)])
    for estimator in estimators:
        if kernel in NONNEGATIVE:
            got, refused = with_checks(estimator, 4).run(np.vstack([rows, -rows[:1]]))
            np.testing.assert_array_equal(refused, [*[False] * len(rows), True])
            want = estimator.transform(rows)
            assert np.abs(got[:-1] - want).max() <= 1e-10 * np.abs(want).max()
        else:
            both = side_by_side(estimator, 4)
            both.assert_close("transform", rows, relative=1e-10)


def test_kernels_with_their_own_defaults(side_by_side):
    for kernel in ("poly", "rbf", "laplacian"):
        both = side_by_side(Nystroem(kernel, n_components=9, random_state=0).fit(X), 4)
        both.assert_close("transform", X, relative=1e-10)


def test_a_callable_kernel_is_refused():
    for estimator in (Nystroem(np.dot, n_components=5), KernelPCA(2, kernel=np.dot)):
        with pytest.raises(Unsupported, match="kernel has no exact"):
            emit_model(estimator.fit(X), 4)


def test_precomputed_kernels_are_centred(side_by_side):
    kernel = rbf_kernel(X, X[:50], gamma=0.1)
    square = kernel[:50]
    side_by_side(KernelCenterer().fit(square), 50).assert_close("transform", kernel, relative=CLOSE)
    pca = KernelPCA(3, kernel="precomputed").fit(square)
    side_by_side(pca, 50).assert_close("transform", kernel, relative=CLOSE)


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_additive_chi2_sampler_and_the_rows_it_raises_on(steps, with_checks):
    interval = 0.3 if steps == 4 else None
    sampler = AdditiveChi2Sampler(sample_steps=steps, sample_interval=interval).fit(X)
    rows = np.vstack([X, np.zeros((1, 4)), 10.0**UNSEEN, [[0, 1, -1e-300, 2]]])
    got, refused = with_checks(sampler, 4).run(rows)
    np.testing.assert_allclose(got[:-1], sampler.transform(rows[:-1]), rtol=1e-11, atol=1e-12)
    np.testing.assert_array_equal(refused, [*[False] * (len(rows) - 1), True])
    assert np.isfinite(got[:-1]).all()


def test_skewed_chi2_sampler_and_the_rows_it_raises_on(with_checks):
    sampler = SkewedChi2Sampler(skewedness=0.5, n_components=20, random_state=0).fit(X)
    rows = np.vstack([X, [[-0.5 + 1e-9] * 4], [[1, 2, 3, -0.5]], [[-0.6, 1, 1, 1]]])
    got, refused = with_checks(sampler, 4).run(rows)
    np.testing.assert_allclose(got[:-2], sampler.transform(rows[:-2]), atol=1e-12)
    np.testing.assert_array_equal(refused, [*[False] * (len(rows) - 2), True, True])


def test_isomap(side_by_side):
    connected = X[50:]
    for neighbors, algorithm in ((6, "ball_tree"), (5, "kd_tree")):
        embedding = Isomap(
            n_neighbors=neighbors, n_components=3, neighbors_algorithm=algorithm
        ).fit(connected)
        both = side_by_side(embedding, 4)
        both.assert_close("transform", np.vstack([UNSEEN, connected]), relative=1e-10)
    with pytest.raises(Unsupported, match="kd_tree"):
        emit_model(Isomap(neighbors_algorithm="brute").fit(connected), 4)
    with pytest.raises(Unsupported, match="radius"):
        emit_model(Isomap(n_neighbors=None, radius=9.0).fit(connected), 4)


def test_features_before_a_model(side_by_side):
    digits, labels = DIGITS
    for step in (
        FactorAnalysis(8, random_state=0),
        FeatureAgglomeration(9),
        RBFSampler(gamma=0.001, random_state=0),
        Nystroem(gamma=0.001, n_components=30, random_state=0),
    ):
        chain = make_pipeline(step, LogisticRegression(max_iter=30)).fit(digits, labels)
        side_by_side(chain, 64).assert_all_close(digits)
    rows, target = load_diabetes(return_X_y=True)
    chain = make_pipeline(KernelPCA(5, kernel="rbf"), Ridge()).fit(rows, target)
    side_by_side(chain, 10).assert_all_close(rows)
