"""Regressors on neighbours are tried between their samples, where neighbours tie."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import VotingRegressor
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor, RadiusNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from convert.errors import NotExact
from convert.export import export
from convert.graph.emit import emit_model
from convert.progress import quiet
from convert.prove import prove
from convert.prove.effort import Bounds
from edge_infer.engines.onnxruntime import open_session

IRIS = load_iris(return_X_y=True)


@pytest.fixture(autouse=True)
def few_alone(shorter, monkeypatch):
    few = Bounds(probes=(1200, 2400), alone=(20, 40), engine=(60, 120), row_buffers=60)
    monkeypatch.setattr("convert.prove.effort.BOUNDS", few)


def kinds(proven):
    return {probe.kind: probe.rows for probe in proven.certificate.probes}


def a_grid():
    rng = np.random.default_rng(0)
    return rng.integers(0, 6, size=(120, 2)).astype(float), rng.normal(size=120)


@pytest.mark.parametrize(
    ("data", "k"), [(a_grid(), 3), ((IRIS[0], IRIS[1].astype(float)), 5)], ids=["grid", "iris"]
)
def test_a_mean_between_samples_is_scikit_learns_by_brute_force(data, k):
    X, y = data
    model = KNeighborsRegressor(k, algorithm="brute").fit(X, y)
    artifact = export(model, X)
    rng = np.random.default_rng(1)
    low, high = X[rng.integers(len(X), size=(2, 3000))]
    way = np.where(rng.random((3000, 1)) < 0.5, 0.5, rng.random((3000, 1)))
    rows = low * way + high * (1 - way)
    got = open_session(artifact.onnx).run(None, {"X": rows})[0]
    np.testing.assert_allclose(got, model.predict(rows), rtol=1e-9, atol=1e-9)
    assert kinds(artifact.contract)["tie"] > 200


def test_a_search_that_keeps_the_first_of_equally_far_points_is_refused():
    """Its samples, a point and its next neighbours each, show nothing."""
    rng = np.random.default_rng(0)
    X = np.unique(2 * rng.integers(0, 40, size=(40, 2)) + rng.integers(0, 2, (40, 2)), axis=0) + 0.0
    model = KNeighborsRegressor(3, algorithm="brute").fit(X, rng.normal(size=len(X)))
    plain = emit_model(model, 2, brief=True)
    with pytest.raises(NotExact, match="a tie row"):
        prove(model, plain, X, progress=quiet)


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(StandardScaler(), KNeighborsRegressor(2)),
        VotingRegressor([("near", KNeighborsRegressor(2)), ("line", Ridge())]),
        RadiusNeighborsRegressor(0.5),
    ],
    ids=["pipeline", "member", "radius"],
)
def test_wherever_neighbours_are_searched(model):
    X, y = IRIS
    contract = export(model.fit(X, y.astype(float)), X).contract
    assert kinds(contract)["tie"] > 200
    assert all(parity.differ == 0 for parity in contract.certificate.parity)
