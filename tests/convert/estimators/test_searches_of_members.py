"""Members that search for neighbours: the same nodes for all, the answers of each."""

from __future__ import annotations

import time

import numpy as np
import onnx
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.multioutput import RegressorChain
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from convert.export import export
from convert.graph.emit import emit_model

RNG = np.random.default_rng(0)
GRID = RNG.integers(0, 5, size=(70, 3)).astype(float)
"""Small integers tie everywhere; every row has a target of its own."""
ROWS = np.concatenate([GRID, RNG.integers(-1, 12, size=(400, 3)) / 2])
TARGET = RNG.normal(size=70)


def search(k: int, algorithm: str = "brute", **settings: object) -> KNeighborsRegressor:
    return KNeighborsRegressor(k, algorithm=algorithm, **settings)


def several(*members: object) -> list[tuple[str, object]]:
    return [(f"m{number}", member) for number, member in enumerate(members)]


SEARCHES = several(search(3), search(5, "kd_tree", leaf_size=4), search(9), search(4, "ball_tree"))
MODELS = {
    "bagging": BaggingRegressor(search(4), 6, random_state=0),
    "bagging on columns": BaggingRegressor(search(3), 4, max_features=2, random_state=1),
    "bagging in trees": BaggingRegressor(
        search(5, "kd_tree", leaf_size=3), 5, max_samples=0.6, random_state=2
    ),
    "voting of several k and counts": VotingRegressor(SEARCHES),
    "stacking on searches": StackingRegressor(SEARCHES[:2], search(5), cv=3),
}


@pytest.mark.parametrize("name", MODELS)
def test_each_member_keeps_its_own_ties(name, side_by_side):
    model = MODELS[name].fit(GRID, TARGET)
    side_by_side(model, 3).assert_all_close(ROWS)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("k", [6, 3, 13])
def test_a_search_reads_what_another_found(k, side_by_side):
    model = RegressorChain(search(k)).fit(GRID, np.c_[TARGET, GRID @ [1, 2, 3], TARGET**2])
    side_by_side(model, 3).assert_all_close(ROWS)


@pytest.mark.parametrize(
    "model",
    [
        BaggingClassifier(KNeighborsClassifier(4, algorithm="brute"), 5, random_state=0),
        VotingClassifier(
            several(KNeighborsClassifier(3), KNeighborsClassifier(6, algorithm="brute"))
        ),
    ],
    ids=["bagging", "voting"],
)
def test_classifiers(model, side_by_side):
    model.fit(GRID, RNG.integers(0, 4, size=70))
    side_by_side(model, 3).assert_all_close(ROWS)


def test_no_rows_at_all(side_by_side):
    built = side_by_side(MODELS["bagging"].fit(GRID, TARGET), 3)
    assert built.got("predict", GRID[:0]).shape == (0,)


def nodes(model: object, n_features: int) -> int:
    return len(onnx.load_from_string(emit_model(model, n_features).onnx).graph.node)


def test_ten_members_have_the_nodes_of_one():
    one, ten = (
        BaggingRegressor(search(5), count, random_state=0).fit(GRID, TARGET) for count in (1, 10)
    )
    assert nodes(ten, 3) < 2 * nodes(one, 3)


@pytest.mark.deep
def test_ten_searches_prove_within_ten_seconds():
    """Some 8 of one core: threefold slack. Search by search it took 75."""
    X = load_iris().data
    model = BaggingRegressor(search(5), 10, random_state=0).fit(X[:, :3], X[:, 3])
    started = time.process_time()
    artifact = export(model, X[:, :3])
    assert time.process_time() - started < 30
    assert len(onnx.load_from_string(artifact.onnx).graph.node) > 11 * len(X)
