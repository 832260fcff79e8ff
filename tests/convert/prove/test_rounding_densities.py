"""Bands of likelihoods and outlier detectors: proven where the label hangs on rounding."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import Birch, KMeans
from sklearn.covariance import EllipticEnvelope
from sklearn.cross_decomposition import PLSSVD
from sklearn.datasets import load_digits, load_iris
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import SGDOneClassSVM
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.naive_bayes import BernoulliNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

from convert.export import export
from convert.graph.emitted import EmittedOutput
from convert.prove.reference import Reference
from convert.prove.rounding import EPS, UNITS, Rounding
from convert.prove.rounding.terms import carry

LABEL = EmittedOutput("predict", "label", "int64", (None,), "label")


def band_of(estimator, rows):
    return Rounding(Reference(estimator, (LABEL,), None), rows).band(rows)


def bisected(model, low, high):
    """The last row labelled as `low`, and the first one that is not."""
    label = model.predict(low[None])[0]
    for _ in range(200):
        middle = low / 2 + high / 2
        if model.predict(middle[None])[0] == label:
            low = middle
        else:
            high = middle
    return np.stack([low, high])


@pytest.mark.parametrize(
    "model",
    [
        GaussianNB(),
        QuadraticDiscriminantAnalysis(),
        NearestCentroid(),
        NearestCentroid(metric="manhattan"),
        NearestCentroid(priors=[0.2, 0.3, 0.5]),
        GaussianMixture(3, covariance_type="full", random_state=0),
        GaussianMixture(3, covariance_type="tied", random_state=0),
        GaussianMixture(3, covariance_type="diag", random_state=0),
        GaussianMixture(3, covariance_type="spherical", random_state=0),
        BayesianGaussianMixture(n_components=3, random_state=0),
        OneClassSVM(nu=0.3),
        SGDOneClassSVM(nu=0.4, random_state=0),
        EllipticEnvelope(random_state=0),
    ],
    ids=repr,
)
def test_rows_bisected_to_rounding_are_undecided_and_samples_are_not(model):
    X, y = load_iris(return_X_y=True)
    model.fit(X, y)
    label = model.predict(X)
    other = int(np.flatnonzero(label != label[0])[0])
    rows = bisected(model, X[0], X[other])
    band = band_of(model, rows)
    assert band.undecided.all()
    for row in range(2):
        for known in model.predict(rows):
            assert band.allows(row, np.array([known]))
    decided = ~band_of(model, X).undecided
    assert decided.mean() > 0.95


@pytest.mark.parametrize("model", [MultinomialNB(), ComplementNB(), BernoulliNB()], ids=repr)
def test_counts_are_proven(model):
    X, y = load_digits(return_X_y=True)
    certificate = export(model.fit(X, y), X).contract.certificate
    assert all(parity.differ == 0 for parity in certificate.parity)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(StandardScaler(), GaussianMixture(3, random_state=0)),
        make_pipeline(StandardScaler(), OneClassSVM(nu=0.2)),
        IsolationForest(n_estimators=20, contamination=0.1, random_state=0),
        EllipticEnvelope(random_state=0),
        QuadraticDiscriminantAnalysis(),
    ],
    ids=repr,
)
def test_detectors_and_densities_are_proven(model):
    X, y = load_iris(return_X_y=True)
    certificate = export(model.fit(X, y), X).contract.certificate
    assert all(parity.differ == 0 for parity in certificate.parity)


@pytest.mark.parametrize(
    "step",
    [
        LinearDiscriminantAnalysis(),
        LinearDiscriminantAnalysis(solver="eigen"),
        KMeans(3, n_init=1, random_state=0),
        Birch(n_clusters=None),
        PLSSVD(1),
    ],
    ids=repr,
)
def test_rounding_of_steps_is_bounded(step):
    """A step's result in another order of columns differs by no more than its bound."""
    X, y = load_iris(return_X_y=True)
    step.fit(X, y)
    bound = carry(step, X, np.zeros(X.shape))
    exact = step.transform(X)
    nudged = step.transform(X * (1 + EPS))
    assert (np.abs(nudged - exact) <= UNITS * EPS * bound).all()
    assert (bound <= 1e6 * (np.abs(exact).max() + 1)).all()


@pytest.mark.deep
def test_a_discriminant_before_neighbours_is_proven():
    X, y = load_iris(return_X_y=True)
    chain = make_pipeline(LinearDiscriminantAnalysis(), KNeighborsClassifier(3)).fit(X, y)
    assert export(chain, X).contract.certificate.parity[0].differ == 0
