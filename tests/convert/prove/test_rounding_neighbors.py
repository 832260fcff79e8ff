"""Bands of nearest neighbours and centres: any of the equally near, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import Birch, BisectingKMeans, KMeans
from sklearn.datasets import load_iris, load_wine
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import DotProduct
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    LocalOutlierFactor,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelSpreading

from convert.export import export
from convert.graph.emitted import EmittedOutput
from convert.prove.compare import compare
from convert.prove.reference import Reference
from convert.prove.rounding import Rounding

LABEL = EmittedOutput("predict", "label", "int64", (None,), "label")
SHARES = EmittedOutput("predict_proba", "probabilities", "float64", (None, 2), "score")
MEAN = EmittedOutput("predict", "prediction", "float64", (None,), "score")

POINTS = np.array([[0.0], [2.0], [4.0], [-6.0]]) / 8 + 0.1
"""No whole numbers: their distances may round, though these tie to the last bit."""


def at(*values):
    return np.array(values)[:, None] / 8 + 0.1


def band_of(estimator, outputs, rows):
    return Rounding(Reference(estimator, outputs, None), rows).band(rows)


@pytest.mark.parametrize("algorithm", ["brute", "kd_tree"])
def test_either_of_two_equally_far_neighbours_may_vote(algorithm):
    model = KNeighborsClassifier(1, algorithm=algorithm).fit(POINTS, [0, 1, 1, 0])
    band = band_of(model, (LABEL, SHARES), at(1.0, 1.0 + 1e-9, 3.0))
    assert band.undecided.tolist() == [True, False, True]
    assert {int(a["label"][0]) for a in band.alternatives[0]()} == {0, 1}
    # Both neighbours of the third row are of the same class.
    assert {int(a["label"][0]) for a in band.alternatives[2]()} == {1}
    assert [a["probabilities"].tolist() for a in band.alternatives[2]()] == [[[0.0, 1.0]]]


@pytest.mark.parametrize("algorithm", ["brute", "kd_tree"])
def test_a_tie_of_whole_numbers_is_no_matter_of_rounding(algorithm):
    whole = np.array([[0.0], [2.0], [4.0], [-6.0]])
    model = KNeighborsClassifier(1, algorithm=algorithm).fit(whole, [0, 1, 1, 0])
    band = band_of(model, (LABEL, SHARES), np.array([[1.0], [3.0], [1.5]]))
    assert not band.undecided.any()


def test_a_tie_of_equal_points_is_no_matter_of_rounding():
    points = np.array([[0.1], [0.7], [0.7]])
    model = KNeighborsClassifier(1, algorithm="kd_tree").fit(points, [0, 1, 2])
    assert not band_of(model, (LABEL, SHARES), np.array([[0.65], [0.9]])).undecided.any()


@pytest.mark.parametrize("algorithm", ["kd_tree", "brute"])
def test_ties_of_whole_numbers_are_answered_alike(algorithm):
    """The heap of the search is followed; brute force has a single one up to 256 points."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 6, size=(120, 2)).astype(float)
    model = KNeighborsRegressor(3, algorithm=algorithm).fit(X, rng.normal(size=120))
    certificate = export(model, X).contract.certificate
    samples = next(probe for probe in certificate.probes if probe.kind == "sample")
    assert samples.rows == len(X)
    assert sum(parity.undecided for parity in certificate.parity) == 0


def test_a_regressor_may_take_either_target():
    model = KNeighborsRegressor(2).fit(POINTS, [1.0, 2.0, 4.0, 8.0])
    band = band_of(model, (MEAN,), at(2.0, 2.5))
    assert band.undecided.tolist() == [True, False]
    assert sorted(float(a["prediction"][0]) for a in band.alternatives[0]()) == [1.5, 3.0]


def test_a_mean_of_too_many_ways_lies_within_bounds():
    circle = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    points, center = np.stack([np.cos(circle), np.sin(circle)], axis=1) + 0.1, [[0.1, 0.1]]
    few = KNeighborsRegressor(1).fit(points, np.arange(16.0))
    band = band_of(few, (MEAN,), np.array(center))
    assert not band.bounds
    assert len(band.alternatives[0]()) == 16
    many = KNeighborsRegressor(8).fit(points, np.arange(16.0))
    band = band_of(many, (MEAN,), np.array(center))
    low, high = band.bounds["prediction"]
    assert (low[0], high[0]) == (3.5, 11.5)
    for got, excused in ((3.5, True), (11.5, True), (11.6, False)):
        seen = compare(MEAN, np.array([got]), np.array([7.0]), scale=1.0, band=band)
        assert seen.excused[0] == excused


def test_halves_of_whole_numbers_round_as_little_as_these():
    whole = np.array([[0.0], [2.0], [4.0], [-6.0]])
    model = KNeighborsClassifier(1, algorithm="brute").fit(whole, [0, 1, 1, 0])
    rows = np.array([[0.5], [1.125], [1.0]])
    assert not band_of(model, (LABEL, SHARES), rows).undecided.any()


def test_equal_points_of_a_product_of_matrices_are_equally_far_but_for_rounding():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 3, size=(200, 3)).astype(float)
    model = KNeighborsRegressor(6, algorithm="brute").fit(X, rng.integers(0, 3, size=200))
    row = np.array([[0.431644198593659, 1.136711602812682, 0.863288397187318]])
    assert band_of(model, (MEAN,), row).undecided.all()
    assert not band_of(model, (MEAN,), np.round(row)).undecided.any()


def test_a_point_on_the_rim_may_vote_or_not():
    model = RadiusNeighborsClassifier(0.25, outlier_label=0).fit(POINTS, [0, 1, 1, 0])
    band = band_of(model, (LABEL, SHARES), at(2.0, 0.5))
    assert band.undecided.tolist() == [True, False]
    shares = {tuple(a["probabilities"][0]) for a in band.alternatives[0]()}
    assert shares == {(0.0, 1.0), (0.5, 0.5), (1 / 3, 2 / 3)}
    model = RadiusNeighborsRegressor(0.25).fit(POINTS, [1.0, 2.0, 4.0, 8.0])
    band = band_of(model, (MEAN,), at(3.0, 2.0))
    assert band.undecided.tolist() == [False, True]


def test_an_outlier_factor_counts_every_choice_of_neighbours():
    X, _ = load_iris(return_X_y=True)
    model = LocalOutlierFactor(5, novelty=True).fit(X)
    verb = EmittedOutput("score_samples", "scores", "float64", (None,), "score")
    rows = np.concatenate([X / 2 + X[::-1] / 2, X])
    band = band_of(model, (LABEL, verb), rows)
    want = model.score_samples(rows)
    open_rows = np.flatnonzero(band.undecided)
    assert len(open_rows) > 10
    for row in open_rows:
        answers = band.alternatives[int(row)]()
        assert any(abs(a["scores"][0] - want[row]) <= 1e-12 * abs(want[row]) for a in answers)


@pytest.mark.parametrize("model", [KMeans(2, n_init=1), Birch(n_clusters=2), BisectingKMeans(2)])
def test_clusters_tie_halfway_alone(model):
    model.fit(np.array([[0.0], [0.2], [9.8], [10.0]]))
    rows = np.array([[5.0], [5.1], [3.0]])
    band = band_of(model, (LABEL,), rows)
    assert band.undecided.tolist()[1:] == [False, False]
    label = model.predict(rows)
    for row in range(3):
        assert band.allows(row, label[row : row + 1])
    assert not band.allows(1, 1 - label[1:2])
    if not isinstance(model, Birch):
        assert band.undecided[0]
        assert band.allows(0, 1 - label[:1])


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("model", "data"),
    [
        (KNeighborsClassifier(), load_wine),
        (KNeighborsClassifier(weights="distance", algorithm="kd_tree"), load_iris),
        (make_pipeline(StandardScaler(), KNeighborsClassifier(3)), load_iris),
        (RadiusNeighborsClassifier(0.5, outlier_label=0), load_iris),
        (RadiusNeighborsClassifier(5.0, algorithm="brute", outlier_label=0), load_iris),
        (LabelSpreading(kernel="knn"), load_iris),
        (GaussianProcessClassifier(), load_iris),
        (GaussianProcessClassifier(multi_class="one_vs_one"), load_iris),
        (GaussianProcessClassifier(DotProduct()), load_iris),
        (make_pipeline(StandardScaler(), KMeans(3, n_init=1, random_state=0)), load_iris),
    ],
)
def test_neighbours_and_clusters_are_proven(model, data):
    X, y = data(return_X_y=True)
    certificate = export(model.fit(X, y), X).contract.certificate
    assert all(parity.differ == 0 for parity in certificate.parity)
    assert certificate.parity[0].compared > 1000


@pytest.mark.deep
def test_rows_so_far_away_that_rounding_orders_neighbours_are_refused():
    X, y = load_iris(return_X_y=True)
    contract = export(KNeighborsClassifier().fit(X, y), X).contract
    assert contract.inputs[0].limit == 2.0**23
    assert any("orders the neighbours" in note for note in contract.certificate.notes)
