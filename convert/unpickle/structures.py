"""Indices that compiled code follows without looking: they have to lead somewhere.

scikit-learn and scipy take the arrays of trees and of sparse matrices from a pickle as they are.
An index out of range reads foreign memory, and a tree whose child is its ancestor never ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import issparse
from sklearn.ensemble._forest import BaseForest
from sklearn.ensemble._gb import BaseGradientBoosting
from sklearn.ensemble._hist_gradient_boosting.gradient_boosting import BaseHistGradientBoosting
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.neighbors._ball_tree import BallTree
from sklearn.neighbors._kd_tree import KDTree
from sklearn.tree import BaseDecisionTree
from sklearn.tree._tree import Tree

from edge_infer.errors import BadInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEAF = -1
"""sklearn.tree._tree.TREE_LEAF."""


def check_state(target: object, state: Any) -> None:
    """Look at the state of compiled objects before they take it.

    Raises:
        BadInput: an index in it leads nowhere.
    """
    if isinstance(target, Tree):
        _check_tree(target, state)
    elif isinstance(target, KDTree | BallTree):
        _check_neighbors(state)


def check_built(target: Any) -> None:
    """Look at an object that has its state.

    Raises:
        BadInput: an index in it leads nowhere.
    """
    if issparse(target):
        _check_sparse(target)
    elif isinstance(target, TreePredictor):
        _check_predictor(target)
    elif isinstance(target, BaseDecisionTree) and hasattr(target, "tree_"):
        _require(target.tree_.n_features == target.n_features_in_, "a tree of other columns")
    elif isinstance(target, BaseForest | BaseGradientBoosting) and hasattr(target, "estimators_"):
        trees = np.asarray(target.estimators_, dtype=object).ravel()
        same = all(tree.n_features_in_ == target.n_features_in_ for tree in trees)
        _require(same, "a tree of other columns than its forest")
    elif isinstance(target, BaseHistGradientBoosting) and hasattr(target, "_predictors"):
        nodes = [tree.nodes for several in target._predictors for tree in several]
        largest = max((int(one["feature_idx"].max(initial=0)) for one in nodes), default=0)
        _require(largest < target._n_features, "a tree that splits a column that is not there")


def _check_sparse(matrix: Any) -> None:
    try:
        matrix.check_format(full_check=True)
    except Exception as error:
        raise _damaged(f"a sparse matrix: {error}") from None


def _check_tree(tree: Any, state: Any) -> None:
    nodes, values = state["nodes"], state["values"]
    _require(isinstance(nodes, np.ndarray) and nodes.ndim == 1, "a tree without nodes")
    _require(isinstance(values, np.ndarray) and len(values) == len(nodes), "a tree without values")
    _require(state["node_count"] == len(nodes), "a tree with more nodes than it holds")
    inner = nodes["left_child"] != _LEAF
    left, right = nodes["left_child"][inner], nodes["right_child"][inner]
    depth = _depth(len(nodes), np.flatnonzero(inner), left, right)
    _require(depth <= state["max_depth"], "a tree deeper than it says")
    feature = nodes["feature"][inner]
    known = (feature >= 0) & (feature < tree.n_features)
    _require(bool(known.all()), "a tree that splits a column that is not there")


def _check_predictor(tree: Any) -> None:
    nodes, bitsets = tree.nodes, tree.raw_left_cat_bitsets
    _require(nodes.ndim == 1 and bitsets.ndim == 2 and bitsets.shape[1] == 8, "a tree's arrays")
    inner = nodes["is_leaf"] == 0
    left, right = (nodes[side][inner].astype(np.int64) for side in ("left", "right"))
    _depth(len(nodes), np.flatnonzero(inner), left, right)
    _require(bool((nodes["feature_idx"][inner] >= 0).all()), "a tree that splits no column")
    sets = nodes["bitset_idx"][inner & (nodes["is_categorical"] != 0)]
    _require(bool((sets < len(bitsets)).all()), "a tree that asks for categories it does not hold")


def _depth(
    count: int, parents: NDArray[np.intp], left: NDArray[np.int64], right: NDArray[np.int64]
) -> int:
    """Depth of a tree whose root is node 0, every other the one child of a node before it."""
    children = np.concatenate([left, right])
    after = bool((children > np.concatenate([parents, parents])).all())
    _require(count > 0 and after and bool((children < count).all()), "a tree that leads nowhere")
    met = np.bincount(children, minlength=count)
    _require(bool((met[1:] == 1).all()), "a tree whose branches meet")
    sides = np.full((count, 2), _LEAF)
    sides[parents] = np.stack([left, right], axis=1)
    depth, level = 0, np.zeros(1, dtype=np.int64)
    while len(level := sides[level][sides[level] != _LEAF]):
        depth += 1
    return depth


def _check_neighbors(state: Any) -> None:
    data, order, nodes, bounds, leaf_size, levels, count = state[:7]
    n = len(data)
    held = np.sort(np.asarray(order))
    _require(np.array_equal(held, np.arange(n)), "a neighbours' tree that orders no rows of its")
    _require(
        count == len(nodes) == 2**levels - 1 and leaf_size > 0 and levels <= 48,
        "a neighbours' tree with more nodes than it holds",
    )
    balls = bounds.shape in ((1, count, data.shape[1]), (2, count, data.shape[1]))
    _require(balls, "a neighbours' tree without bounds")
    start, end = nodes["idx_start"], nodes["idx_end"]
    fits = (start >= 0) & (start <= end) & (end <= n)
    _require(bool(fits.all()), "a neighbours' tree that leads nowhere")
    _require(bool((nodes["is_leaf"][count // 2 :] != 0).all()), "a neighbours' tree without leaves")


def _require(holds: bool, found: str) -> None:
    if not holds:
        raise _damaged(found)


def _damaged(found: str) -> BadInput:
    return BadInput(
        "the pickle holds indices that lead nowhere",
        expected="what scikit-learn wrote",
        actual=found,
        hint="dump the estimator again",
    )
