"""Clusterers, and the small regressors that interpolate and project."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import (
    AffinityPropagation,
    Birch,
    BisectingKMeans,
    KMeans,
    MeanShift,
    MiniBatchKMeans,
)
from sklearn.cross_decomposition import CCA, PLSSVD, PLSCanonical, PLSRegression
from sklearn.datasets import load_diabetes, load_iris
from sklearn.isotonic import IsotonicRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

X, Y = load_iris(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)


@pytest.mark.parametrize(
    "estimator",
    [
        KMeans(4, n_init=1, random_state=0),
        KMeans(1, n_init=1),
        MiniBatchKMeans(4, n_init=1, random_state=0),
        BisectingKMeans(6, random_state=0),
        BisectingKMeans(1),
        Birch(n_clusters=3),
        Birch(n_clusters=None, threshold=0.8),
        AffinityPropagation(random_state=0),
        MeanShift(bandwidth=1.0),
    ],
    ids=repr,
)
def test_clusters_of_new_rows(estimator, side_by_side):
    rng = np.random.default_rng(0)
    rows = np.concatenate([X, rng.normal(size=(200, 4)) * 10, X * 1e8, np.zeros((1, 4))])
    side_by_side(estimator.fit(X), 4).assert_all_close(rows)


def test_a_row_between_two_centres_goes_to_the_first(side_by_side):
    estimator = KMeans(2, init=np.array([[0.0], [2.0]]), n_init=1).fit([[0.0], [2.0]])
    side_by_side(estimator, 1).assert_same_bits("predict", np.array([[1.0], [0.9], [1.1]]))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_no_centre_at_all(side_by_side):
    estimator = AffinityPropagation(max_iter=1, random_state=0).fit(X)
    if len(estimator.cluster_centers_):
        estimator.cluster_centers_ = np.empty((0, 4))
    side_by_side(estimator, 4).assert_same_bits("predict", X[:5])


def test_labels_of_a_pipeline_that_ends_in_clusters(side_by_side):
    chain = make_pipeline(StandardScaler(), KMeans(3, n_init=1, random_state=0)).fit(X)
    side_by_side(chain, 4).assert_all_close(X)


@pytest.mark.parametrize("family", [PLSRegression, PLSCanonical, CCA, PLSSVD])
@pytest.mark.parametrize("scale", [True, False])
def test_partial_least_squares(family, scale, side_by_side):
    rows, y = DIABETES
    targets = np.c_[y, y**2, rows[:, 0]]
    side_by_side(family(2, scale=scale).fit(rows, targets), 10).assert_all_close(rows)
    if family is PLSRegression:
        side_by_side(family(3, scale=scale).fit(rows, y), 10).assert_all_close(rows)
        side_by_side(family(3, scale=scale).fit(rows, y[:, None]), 10).assert_all_close(rows)


@pytest.mark.parametrize("out_of_bounds", ["clip", "nan"])
@pytest.mark.parametrize("increasing", [True, False])
def test_isotonic_between_at_and_beyond_its_knots(out_of_bounds, increasing, side_by_side):
    rng = np.random.default_rng(0)
    x = np.round(rng.normal(size=200), 1)
    y = x + rng.normal(size=200)
    estimator = IsotonicRegression(out_of_bounds=out_of_bounds, increasing=increasing).fit(x, y)
    knots = estimator.X_thresholds_
    rows = np.concatenate([knots, np.nextafter(knots, 9), np.nextafter(knots, -9), [-9, 9, 1e300]])
    rows = np.concatenate([rows, rng.normal(size=200)])[:, None]
    side = side_by_side(estimator, 1)
    side.assert_same_bits("predict", rows)
    side.assert_same_bits("transform", rows)


def test_isotonic_of_one_knot(side_by_side):
    estimator = IsotonicRegression(out_of_bounds="clip").fit([1.0, 1.0], [3.0, 4.0])
    side_by_side(estimator, 1).assert_same_bits("predict", np.array([[0.0], [1.0]]))
