"""Pickles of nothing but allowed globals that would make compiled code read foreign memory."""

from __future__ import annotations

import importlib
import io
import pickle
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy._core.multiarray import _reconstruct  # type: ignore[attr-defined]
from numpy._core.numeric import _frombuffer  # type: ignore[attr-defined]
from sklearn.datasets import load_iris
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import BallTree, KDTree
from sklearn.tree import DecisionTreeClassifier

from convert.unpickle.allowlist import read_allow_list
from convert.unpickle.restricted import RestrictedUnpickler
from edge_infer.errors import BadInput, Untrusted

PAIRS = {
    (module, name): getattr(importlib.import_module(module), name)
    for module, name in read_allow_list().pairs
}
X, Y = load_iris(return_X_y=True)


class Said:
    """Pickled as a call with arguments and a state of one's choice."""

    def __init__(self, *reduced: Any) -> None:
        self._reduced = reduced

    def __reduce__(self) -> Any:
        return self._reduced


def load(value: object) -> Any:
    return RestrictedUnpickler(io.BytesIO(pickle.dumps(value, protocol=5)), PAIRS).load()


def fresh(code: str, *state: object) -> Said:
    return Said(np.dtype, (code, False, True), state)


OBJECT = (np.dtype("O"), 0)
FORGED = {
    "denies its objects": fresh("V8", 3, "|", None, ("a",), {"a": OBJECT}, 8, 1, 0),
    "holds objects": fresh("V8", 3, "|", None, ("a",), {"a": OBJECT}, 8, 1, 63),
    "is an object that denies it": fresh("O8", 3, "|", None, None, None, -1, -1, 0),
    "is larger than it was": fresh("V8", 3, "|", None, None, None, 4096, 1, 0),
    "is a longer text than it was": fresh("U1", 3, "<", None, None, None, 4096, 4, 8),
    "has a field beyond its end": fresh(
        "V8", 3, "|", None, ("a",), {"a": (np.dtype("f8"), 64)}, 8, 1, 16
    ),
    "has a field before its start": fresh(
        "V8", 3, "|", None, ("a",), {"a": (np.dtype("f8"), -8)}, 8, 1, 16
    ),
    "is an array of others": fresh("V8", 3, "|", (np.dtype("O"), (1,)), None, None, 8, 1, 0),
    "is numpy's own": Said(np.dtype, ("f8",), (3, ">", None, None, None, -1, -1, 0)),
    "has its own code": fresh("f8", 3, "<", None, None, None, -1, -1, 63),
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_a_dtype_that_numpy_would_not_write_is_refused(forged: Said) -> None:
    with pytest.raises(Untrusted, match="gives a dtype what numpy never writes"):
        load(forged)
    assert np.dtype("f8").byteorder == "="


def test_bytes_do_not_become_pointers() -> None:
    lying = fresh("V8", 3, "|", None, ("a",), {"a": OBJECT}, 8, 1, 0)
    with pytest.raises(Untrusted, match="numpy never writes"):
        load(Said(_frombuffer, (b"A" * 32, lying, (4,), "C")))


def test_a_view_of_an_array_that_is_then_given_other_memory_is_refused() -> None:
    with pytest.raises(Untrusted, match="bytes, a dtype without objects"):
        load(Said(_frombuffer, (np.arange(4.0), np.dtype("f8"), (4,), "C")))


@pytest.mark.parametrize(
    "arguments", [(np.ndarray, (4,), b"O"), (np.ndarray, (10**6,), b"d")], ids=str
)
def test_an_array_without_content_is_refused(arguments: Any) -> None:
    with pytest.raises(Untrusted, match="_reconstruct"):
        load(Said(_reconstruct, arguments))


def test_a_second_state_for_an_array_is_refused() -> None:
    state = (1, (1,), np.dtype("f8"), False, b"\0" * 8)
    twice = Said(_frombuffer, (b"A" * 32, np.dtype("f8"), (4,), "C"), state)
    with pytest.raises(Untrusted, match="state for a fresh array"):
        load(twice)


@pytest.mark.parametrize("shape", [(-1, -4), (True,), [4]], ids=str)
def test_an_array_of_no_shape_is_refused(shape: Any) -> None:
    state = (1, shape, np.dtype("f8"), False, b"\0" * 32)
    with pytest.raises(Untrusted, match="gives an array"):
        load(Said(_reconstruct, (np.ndarray, (0,), b"b"), state))


@pytest.mark.parametrize(
    "dtype",
    [
        "f8", "?", "O", "U5", "S3", "V8", "c16", "f2",
        [("a", "f8"), ("b", ">i4"), ("c", "U3")],
        np.dtype([("a", "u1"), ("b", "f8")], align=True),
    ],
    ids=str,
)  # fmt: skip
def test_what_numpy_writes_is_read(dtype: Any) -> None:
    array = np.zeros((3, 2), dtype=dtype)
    axes = np.zeros((2, 3, 4), dtype=dtype).transpose(1, 0, 2)
    for form in (array, np.asfortranarray(array), array[:0], array[1:, :1], axes):
        found = load(form)
        assert (found.dtype, found.shape) == (form.dtype, form.shape)
    for written in (np.dtype(dtype), np.dtype(">i4")):
        assert load(written) == written
    assert load(np.ma.masked_array([1.0, 2.0], mask=[True, False])).tolist() == [None, 2.0]


def test_a_sparse_matrix_that_points_beyond_itself_is_refused() -> None:
    model = LogisticRegression(max_iter=1000).fit(X, Y).sparsify()
    assert (load(model).coef_ != model.coef_).nnz == 0
    model.coef_.indices[-1] = 10**9
    with pytest.raises(BadInput, match="sparse matrix"):
        load(model)


def altered(field: str, at: int, value: int) -> Any:
    """A decision tree with one number of its nodes replaced."""
    model = DecisionTreeClassifier(random_state=0).fit(X, Y)
    made, arguments, state = model.tree_.__reduce__()
    nodes = state["nodes"].copy()
    nodes[field][at] = value
    model.tree_ = Said(made, arguments, {**state, "nodes": nodes})
    return model


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("left_child", 10**8, "leads nowhere"),
        ("left_child", 0, "leads nowhere"),
        ("left_child", -7, "leads nowhere"),
        ("right_child", 1, "branches meet"),
        ("feature", 4, "a column that is not there"),
        ("feature", -2, "a column that is not there"),
    ],
)
def test_a_tree_that_leads_nowhere_is_refused(field: str, value: int, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        load(altered(field, 0, value))


@pytest.mark.parametrize("change", [{"node_count": 10**6}, {"max_depth": 1}], ids=str)
def test_a_tree_that_says_to_hold_more_or_less_is_refused(change: dict[str, int]) -> None:
    model = DecisionTreeClassifier(random_state=0).fit(X, Y)
    made, arguments, state = model.tree_.__reduce__()
    model.tree_ = Said(made, arguments, {**state, **change})
    with pytest.raises(BadInput, match="a tree"):
        load(model)


def test_a_tree_of_more_columns_than_its_model_is_refused() -> None:
    model = DecisionTreeClassifier(random_state=0).fit(X, Y)
    model.n_features_in_ = 2
    with pytest.raises(BadInput, match="other columns"):
        load(model)
    forest = RandomForestClassifier(3, random_state=0).fit(X, Y)
    forest.n_features_in_ = 2
    with pytest.raises(BadInput, match="other columns"):
        load(forest)


@pytest.mark.parametrize(
    ("field", "value"), [("left", 0), ("right", 2**31), ("feature_idx", -3), ("feature_idx", 4)]
)
def test_a_boosted_tree_that_leads_nowhere_is_refused(field: str, value: int) -> None:
    model = HistGradientBoostingClassifier(max_iter=1, max_leaf_nodes=4).fit(X, Y)
    nodes = model._predictors[0][0].nodes
    nodes[field][0] = value
    with pytest.raises(BadInput, match="a tree"):
        load(model)


@pytest.mark.parametrize("kind", [KDTree, BallTree])
@pytest.mark.parametrize("part", ["order", "end", "count"])
def test_a_tree_of_neighbours_that_points_beyond_its_rows_is_refused(kind: Any, part: str) -> None:
    made, arguments, state = kind(X, leaf_size=10).__reduce__()
    held = SimpleNamespace(order=state[1].copy(), nodes=state[2].copy(), count=state[6])
    if part == "order":
        held.order[0] = 10**9
    elif part == "end":
        held.nodes["idx_end"][-1] = 10**9
    else:
        held.count = 10**6
    changed = (state[0], held.order, held.nodes, *state[3:6], held.count, *state[7:])
    with pytest.raises(BadInput, match="neighbours' tree"):
        load(Said(made, arguments, changed))


@pytest.mark.parametrize(
    "model",
    [
        DecisionTreeClassifier(ccp_alpha=0.02),
        DecisionTreeClassifier(max_leaf_nodes=5),
        RandomForestClassifier(3),
        GradientBoostingClassifier(n_estimators=3),
        HistGradientBoostingClassifier(max_iter=3),
    ],
    ids=str,
)
def test_whole_trees_are_read(model: Any) -> None:
    rows = np.round(X)
    found = load(model.fit(rows, Y))
    assert np.array_equal(found.predict_proba(rows), model.predict_proba(rows))


@pytest.mark.parametrize("kind", [KDTree, BallTree])
@pytest.mark.parametrize("rows", [1, 7, 150])
def test_whole_trees_of_neighbours_are_read(kind: Any, rows: int) -> None:
    tree = kind(X[:rows], leaf_size=3)
    assert np.array_equal(load(tree).query(X)[0], tree.query(X)[0])
