"""Scores of which rounding makes more than the tolerance: within its bounds, and no further."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import load_wine
from sklearn.semi_supervised import LabelPropagation

import convert
from convert.graph.emitted import EmittedOutput
from convert.prove.compare import compare
from convert.prove.rounding.band import Band
from convert.prove.rounding.centers import center_band
from convert.prove.rounding.propagation import propagation_band

DISTANCES = EmittedOutput("transform", "transformed", "float64", (None, 3), "score")
SHARES = EmittedOutput("predict_proba", "probabilities", "float64", (None, 3), "score")


def judged(band, output, got, want):
    return compare(output, got, want, scale=1.0, band=band)


def test_a_distance_that_cancels_passes_within_its_rounding():
    X, _ = load_wine(return_X_y=True)
    model = KMeans(3, random_state=0, n_init=1).fit(X)
    row = model.cluster_centers_[:1]
    band = center_band(model, row, np.zeros(row.shape), [DISTANCES])
    want = model.transform(row)
    low, high = band.bounds["transformed"]
    assert low[0, 0] == 0.0
    assert 1e-9 < high[0, 0] < 1e-3
    near, far = want.copy(), want.copy()
    near[0, 0], far[0, 0] = high[0, 0], 4 * high[0, 0]
    assert judged(band, DISTANCES, near, want).excused.all()
    assert judged(band, DISTANCES, far, want).differ.all()


def test_a_distance_that_does_not_cancel_keeps_its_tolerance():
    X, _ = load_wine(return_X_y=True)
    model = KMeans(3, random_state=0, n_init=1).fit(X)
    band = center_band(model, X, np.zeros(X.shape), [DISTANCES])
    want = model.transform(X)
    assert judged(band, DISTANCES, want * (1 + 1e-8), want).differ.mean() > 0.9


def test_labels_spread_by_a_kernel_are_proven_on_columns_as_they_are():
    X, y = load_wine(return_X_y=True)
    artifact = convert.export(LabelPropagation().fit(X, y), X)
    assert all(parity.differ == 0 for parity in artifact.contract.certificate.parity)


def test_where_the_kernel_has_vanished_nothing_is_excused():
    X, y = load_wine(return_X_y=True)
    model = LabelPropagation().fit(X, y)
    far = X[:4] + 1e4
    band = propagation_band(model, far, np.zeros(far.shape), model.classes_, [SHARES])
    assert not band.undecided.any()
    with np.errstate(invalid="ignore"):
        want = model.predict_proba(far)
    assert np.isnan(want).all()
    assert judged(band, SHARES, np.nan_to_num(want), want).differ.all()


def test_another_kernel_width_is_found():
    X, y = load_wine(return_X_y=True)
    model = LabelPropagation(gamma=0.05).fit(X, y)
    rows = X + 0.3
    band = propagation_band(model, rows, np.zeros(rows.shape), model.classes_, [SHARES])
    want = model.predict_proba(rows)
    model.gamma = 0.0501
    assert judged(band, SHARES, model.predict_proba(rows), want).differ.any()


@pytest.mark.parametrize("take", [[0], [1, 0]])
def test_bounds_follow_the_rows(take):
    bounds = {"transformed": (np.zeros((2, 3)), np.arange(6.0).reshape(2, 3))}
    band = Band(np.zeros(2), np.zeros(2), bounds=bounds).take(np.array(take))
    assert (band.bounds["transformed"][1] == bounds["transformed"][1][take]).all()
