"""`convert.register`: a class of the user's own goes through the same proof."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import convert
from convert.graph.emission import Emission, Scores
from edge_infer.errors import BadInput

X = np.random.default_rng(3).normal(size=(60, 3))
Y = X[:, 0] > 0


class Doubled(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return np.asarray(X) * 2.0


class DoubledAgain(Doubled):
    pass


@pytest.fixture
def registry(monkeypatch):
    monkeypatch.setattr("convert.custom._REGISTERED", {})


def times(factor):
    def emit(graph, estimator, x):
        return Emission({"transform": Scores(graph.op("Mul", x, factor), 3)})

    return emit


def test_a_registered_class_is_exported_within_a_pipeline(registry, shorter, loaded):
    convert.register(Doubled, times(2.0))
    model = make_pipeline(Doubled(), LogisticRegression()).fit(X, Y)
    assert np.array_equal(loaded(convert.export(model, X)).predict(X), model.predict(X))


def test_a_wrong_emitter_is_refused(registry, shorter):
    convert.register(Doubled, times(2.0 + 1e-7))
    with pytest.raises(convert.NotExact):
        convert.export(Doubled().fit(X), X)


def test_an_unregistered_class_and_a_subclass_are_refused(registry):
    with pytest.raises(convert.Unsupported, match="Doubled"):
        convert.export(Doubled().fit(X), X)
    convert.register(Doubled, times(2.0))
    with pytest.raises(convert.Unsupported, match="DoubledAgain"):
        convert.export(DoubledAgain().fit(X), X)


@pytest.mark.parametrize("kind", [LogisticRegression, int, Doubled(), "Doubled", None])
def test_what_is_no_class_of_the_users_is_refused(registry, kind):
    with pytest.raises(BadInput):
        convert.register(kind, times(1.0))
