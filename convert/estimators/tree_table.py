"""Decision trees as one `TreeEnsemble` node (ai.onnx.ml 5) in double precision.

A leaf of that operator adds one weight to one target, while a leaf of a scikit-learn tree may
hold a value for each of k classes. Such a tree is written in layers: layer j is the same tree
where each leaf adds its j-th non-zero value, pruned to the subtrees that still have one. The
layers of a tree follow each other, so every target sums over the trees in scikit-learn's order,
and a fully grown forest, whose leaves are pure, costs a single layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from convert.graph.builder import ML

if TYPE_CHECKING:
    from convert.graph.builder import Graph, Tensor

Ints = NDArray[np.int64]

BRANCH_LEQ = 0
SUM = 1
LEAF = -1


@dataclass(frozen=True)
class Tree:
    """One binary tree of m nodes; node 0 is the root, children come after their parent."""

    left: Ints
    """`(m,)`, taken when x <= threshold; LEAF in a leaf."""
    right: Ints
    feature: Ints
    threshold: NDArray[np.float64]
    missing_left: NDArray[np.bool_]
    """Whether NaN goes left."""
    values: NDArray[np.float64]
    """`(m, k)`: what a leaf adds to targets `first_target ... first_target + k - 1`."""
    first_target: int = 0


def constant_tree(value: float, *, target: int) -> Tree:
    """A tree that is a single leaf: adds `value` to `target` for every row."""
    leaf = np.array([LEAF], dtype=np.int64)
    return Tree(
        left=leaf,
        right=leaf,
        feature=np.zeros(1, np.int64),
        threshold=np.zeros(1),
        missing_left=np.zeros(1, bool),
        values=np.array([[value]], dtype=np.float64),
        first_target=target,
    )


def search_tree(
    thresholds: NDArray[np.float64], *, feature: int, first: int = 0, missing_left: bool
) -> Tree:
    """A balanced search of the `(t,)` ascending thresholds, its leaves from left to right.

    It adds `first` and how many of the thresholds lie below the row's value to target `feature`.
    """
    left: list[int] = []
    right: list[int] = []
    threshold: list[float] = []
    value: list[float] = []

    def grow(low: int, high: int) -> int:
        """Nodes for the leaves low ... high, parents before children."""
        at = len(left)
        left.append(LEAF)
        right.append(LEAF)
        threshold.append(0.0)
        value.append(float(first + low))
        if low < high:
            middle = (low + high) // 2
            threshold[at], value[at] = float(thresholds[middle]), 0.0
            left[at] = grow(low, middle)
            right[at] = grow(middle + 1, high)
        return at

    grow(0, len(thresholds))
    count = len(left)
    return Tree(
        left=np.array(left, dtype=np.int64),
        right=np.array(right, dtype=np.int64),
        feature=np.full(count, feature, dtype=np.int64),
        threshold=np.array(threshold),
        missing_left=np.full(count, missing_left),
        values=np.array(value)[:, None],
        first_target=feature,
    )


def tree_ensemble(g: Graph, x: Tensor, trees: list[Tree], *, n_targets: int) -> Tensor:
    """Sum the trees for every row: float64 `(n, n_targets)`."""
    table = _Table()
    for tree in trees:
        table.add(tree)
    return g.op(
        "TreeEnsemble",
        x,
        domain=ML,
        aggregate_function=SUM,
        n_targets=n_targets,
        post_transform=0,
        **table.attributes(),
    )


class _Table:
    def __init__(self) -> None:
        self.roots: list[int] = []
        self.nodes = 0
        self.leaves = 0
        self.columns: dict[str, list[NDArray[np.generic]]] = {}

    def add(self, tree: Tree) -> None:
        is_leaf = tree.left == LEAF
        nonzero = (tree.values != 0) & is_leaf[:, None]
        counts = np.maximum(nonzero.sum(axis=1), is_leaf)
        deepest = _largest_below(tree, counts)
        position = np.cumsum(nonzero, axis=1)
        for layer in range(int(counts.max())):
            here = nonzero & (position == layer + 1)
            self._add_layer(tree, is_leaf, here, active=deepest > layer)

    def _add_layer(
        self,
        tree: Tree,
        is_leaf: NDArray[np.bool_],
        here: NDArray[np.bool_],
        active: NDArray[np.bool_],
    ) -> None:
        branch = active & ~is_leaf
        ends = active & is_leaf
        node_id = self.nodes + np.cumsum(branch) - 1
        leaf_id = self.leaves + np.cumsum(ends) - 1
        spare = self.leaves + int(ends.sum())
        target = tree.first_target + here.argmax(axis=1)
        weight = np.where(here.any(axis=1), (tree.values * here).sum(axis=1), 0.0)
        self._leaves(np.append(target[ends], tree.first_target), np.append(weight[ends], 0.0))
        self.roots.append(self.nodes)
        if not branch[0]:
            # Two leaves of one value: releases before 1.29 misplace a branch with a single one.
            self._leaves(target[:1], weight[:1])
            first, last = np.array([leaf_id[0]]), np.array([self.leaves - 1])
            yes, zero = np.ones(1, np.int64), np.zeros(1, np.int64)
            self._branches(zero, np.zeros(1), zero, first, yes, last, yes)
            return
        sides = []
        for child in (tree.left[branch], tree.right[branch]):
            goes_on = branch[child]
            end = np.where(active[child], leaf_id[child], spare)
            sides.append((np.where(goes_on, node_id[child], end), ~goes_on))
        (true_id, true_leaf), (false_id, false_leaf) = sides
        self._branches(
            tree.feature[branch],
            tree.threshold[branch],
            tree.missing_left[branch],
            true_id,
            true_leaf,
            false_id,
            false_leaf,
        )

    def _leaves(self, target: NDArray[np.generic], weight: NDArray[np.generic]) -> None:
        self._extend(leaf_targetids=target, leaf_weights=weight)
        self.leaves += len(target)

    def _branches(
        self,
        feature: NDArray[np.generic],
        threshold: NDArray[np.generic],
        missing_left: NDArray[np.generic],
        true_id: NDArray[np.generic],
        true_leaf: NDArray[np.generic],
        false_id: NDArray[np.generic],
        false_leaf: NDArray[np.generic],
    ) -> None:
        self._extend(
            nodes_featureids=feature,
            nodes_splits=threshold,
            nodes_missing_value_tracks_true=missing_left,
            nodes_truenodeids=true_id,
            nodes_trueleafs=true_leaf,
            nodes_falsenodeids=false_id,
            nodes_falseleafs=false_leaf,
        )
        self.nodes += len(feature)

    def _extend(self, **columns: NDArray[np.generic]) -> None:
        for name, values in columns.items():
            self.columns.setdefault(name, []).append(values)

    def attributes(self) -> dict[str, np.ndarray | list[int]]:
        columns = {name: np.concatenate(parts) for name, parts in self.columns.items()}
        _part_equal_ids(columns)
        doubles = ("nodes_splits", "leaf_weights")
        return {
            "tree_roots": self.roots,
            "nodes_modes": np.full(self.nodes, BRANCH_LEQ, dtype=np.uint8),
            **{name: columns[name].astype(np.float64) for name in doubles},
            **{
                name: column.astype(np.int64).tolist()
                for name, column in columns.items()
                if name not in doubles
            },
        }


def _part_equal_ids(columns: dict[str, NDArray[np.generic]]) -> None:
    """Give a leaf another number where its branch's other child is the node of that number.

    Leaves and nodes are numbered apart, but onnxruntime before 1.29 takes a branch whose two
    children carry one number for a leaf, though the one is a leaf and the other a node.
    """
    true_leaf = columns["nodes_trueleafs"].astype(bool)
    mixed = true_leaf != columns["nodes_falseleafs"].astype(bool)
    equal = columns["nodes_truenodeids"] == columns["nodes_falsenodeids"]
    for branch in np.flatnonzero(mixed & equal):
        side = "nodes_truenodeids" if true_leaf[branch] else "nodes_falsenodeids"
        leaf = columns[side][branch]
        count = len(columns["leaf_weights"])
        copies = 2 if leaf == count else 1
        for name in ("leaf_targetids", "leaf_weights"):
            value = columns[name][leaf]
            columns[name] = np.append(columns[name], [value] * copies)
        columns[side][branch] = count + copies - 1


def _largest_below(tree: Tree, counts: NDArray[np.int_]) -> NDArray[np.int_]:
    """For every node the largest count among the leaves below it, level by level upwards."""
    levels = []
    level = np.zeros(1, dtype=np.int64)
    while level.size:
        level = level[tree.left[level] != LEAF]
        levels.append(level)
        level = np.concatenate([tree.left[level], tree.right[level]])
    largest = counts.copy()
    for level in reversed(levels):
        largest[level] = np.maximum(largest[tree.left[level]], largest[tree.right[level]])
    return largest
