"""Rows whose terms cancel or overflow refuse no compiled model: another order of additions is as
good there, and where sums are infinite nothing is served.
"""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from sklearn.datasets import load_iris, load_wine
from sklearn.decomposition import PCA, FactorAnalysis, FastICA, IncrementalPCA
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVR, NuSVR

import convert

pytestmark = pytest.mark.skipif(
    shutil.which("cc") is None, reason="needs a C compiler: apt install gcc libc6-dev"
)

_RNG = np.random.default_rng(0)
SHARES = _RNG.dirichlet(np.ones(3), 150)
"""Rows that sum to 1, so that weights sum to 0 and rows of one value cancel."""
TARGETS = SHARES @ _RNG.normal(size=(3, 3)) + 0.1 * _RNG.normal(size=(150, 3))


@pytest.mark.parametrize(
    ("estimator", "y"),
    [
        (Ridge(), TARGETS),
        (Ridge(), TARGETS[:, 0]),
        (PCA(2), None),
        (make_pipeline(PCA(2, whiten=True), Ridge()), TARGETS),
        (IncrementalPCA(2), None),
        (SVR(kernel="linear"), TARGETS[:, 0]),
        (FactorAnalysis(2), None),
        (FastICA(2, random_state=0), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_shares(estimator, y):
    artifact = convert.export(estimator.fit(SHARES, y), SHARES)
    assert artifact.compiled("host")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_vote_whose_golden_label_may_fall_to_either_side():
    X, y = load_wine(return_X_y=True)
    members = [("a", LogisticRegression(max_iter=500)), ("b", RidgeClassifier())]
    estimator = VotingClassifier(members).fit(X, y)
    assert convert.export(estimator, X).compiled("host")


@pytest.mark.parametrize("estimator", [SVR(kernel="sigmoid"), NuSVR(kernel="sigmoid")], ids=str)
def test_products_that_are_not_fused_overflow_to_nan(estimator):
    X, y = load_iris(return_X_y=True)
    assert convert.export(estimator.fit(X, y), X).compiled("host")
