"""Logarithms of probabilities: the estimator's own, or refused where a double cannot hold them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import convert
from edge_infer import BadInput

X, y = load_iris(return_X_y=True)
FAR = np.array([[60.0, 30.0, 60.0, 30.0]])


@pytest.mark.parametrize(
    "estimator",
    [
        GaussianNB(),
        QuadraticDiscriminantAnalysis(),
        LinearDiscriminantAnalysis(),
        make_pipeline(StandardScaler(), GaussianNB()),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_an_estimator_that_sums_logarithms_is_not_answered_for_by_infinity(estimator, loaded):
    estimator.fit(X, y)
    model = loaded(convert.export(estimator, X))
    close = X[(estimator.predict_proba(X) > 1e-200).all(axis=1)]
    assert len(close) > 40
    want = estimator.predict_log_proba(close)
    np.testing.assert_allclose(model.predict_log_proba(close), want, rtol=1e-9, atol=1e-9)
    assert (estimator.predict_proba(FAR) == 0).any()
    assert np.isfinite(estimator.predict_log_proba(FAR)).all()
    with pytest.raises(BadInput, match="logarithm"):
        model.predict_log_proba(FAR)


@pytest.mark.parametrize(
    "estimator",
    [RandomForestClassifier(5, random_state=0), LogisticRegression(max_iter=500)],
    ids=lambda estimator: type(estimator).__name__,
)
def test_where_the_estimator_answers_infinity_so_does_the_device(estimator, loaded):
    rows = X * 1e5
    estimator.fit(X, y)
    model = loaded(convert.export(estimator, X))
    with np.errstate(divide="ignore"):
        want = estimator.predict_log_proba(rows)
    assert np.isneginf(want).any()
    np.testing.assert_allclose(model.predict_log_proba(rows), want, rtol=1e-9)
