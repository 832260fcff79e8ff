"""`TreeEnsemble` tables as depth-first trees whose leaves carry all their targets.

The exact converter writes a tree with k values per leaf in layers: the same tree up to k times,
each pruned to where it still adds something. Trees that follow each other and agree wherever
both branch are one tree here, whose leaves add in the order of the layers; so every target
still sums over the trees in the order of the graph, and a row walks each tree once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from convert.native.ir import Trees
from convert.native.rows import unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_LEQ, _SUM, _PLAIN = 0, 1, 0


@dataclass
class _Node:
    feature: int = -1
    threshold: float = 0.0
    missing_left: bool = False
    children: tuple[int, int] | None = None
    """Left and right, as positions in the growing list; None in a leaf."""
    adds: tuple[tuple[int, float], ...] = ()


def read_trees(attributes: Mapping[str, Any]) -> Trees:
    """The tables of one node.

    Raises:
        Unsupported: other comparisons than <=, another aggregate than the sum, set membership.
    """
    modes = np.asarray(attributes["nodes_modes"])
    if (
        (modes != _LEQ).any()
        or attributes.get("aggregate_function", _SUM) != _SUM
        or attributes.get("post_transform", _PLAIN) != _PLAIN
    ):
        raise unsupported("a TreeEnsemble of this kind", "another mode than <= or than the sum")
    forest = _Forest(attributes)
    trees: list[list[_Node]] = []
    for root in attributes["tree_roots"]:
        tree = forest.tree(int(root))
        if trees and (merged := _merge(trees[-1], tree)) is not None:
            trees[-1] = merged
        else:
            trees.append(tree)
    return _tables(trees)


class _Forest:
    def __init__(self, attributes: Mapping[str, Any]) -> None:
        def column(name: str, default: int) -> list[Any]:
            found = attributes.get(name)
            count = len(attributes["nodes_modes"])
            return [default] * count if found is None else np.asarray(found).tolist()

        self._feature = column("nodes_featureids", 0)
        self._threshold = column("nodes_splits", 0)
        self._missing_left = column("nodes_missing_value_tracks_true", 0)
        self._sides = (
            (column("nodes_truenodeids", 0), column("nodes_trueleafs", 0)),
            (column("nodes_falsenodeids", 0), column("nodes_falseleafs", 0)),
        )
        self._targets = np.asarray(attributes["leaf_targetids"]).tolist()
        self._weights = np.asarray(attributes["leaf_weights"]).tolist()

    def tree(self, root: int) -> list[_Node]:
        """Nodes in depth-first order, the left child after its parent."""
        nodes: list[_Node] = []
        if self._is_single_leaf(root):
            return [self._leaf(self._sides[0][0][root])]
        waiting: list[tuple[int, bool, int, int]] = [(root, False, -1, 0)]
        while waiting:
            found, is_leaf, parent, side = waiting.pop()
            here = len(nodes)
            if parent >= 0:
                left, right = nodes[parent].children or (-1, -1)
                nodes[parent].children = (here, right) if side == 0 else (left, here)
            if is_leaf:
                nodes.append(self._leaf(found))
                continue
            nodes.append(
                _Node(
                    self._feature[found],
                    self._threshold[found],
                    bool(self._missing_left[found]),
                    (-1, -1),
                )
            )
            for side in (1, 0):
                ids, leafs = self._sides[side]
                waiting.append((ids[found], bool(leafs[found]), here, side))
        return nodes

    def _is_single_leaf(self, root: int) -> bool:
        (true_id, true_leaf), (false_id, false_leaf) = self._sides
        return bool(true_leaf[root] and false_leaf[root] and true_id[root] == false_id[root])

    def _leaf(self, leaf: int) -> _Node:
        return _Node(adds=((self._targets[leaf], self._weights[leaf]),))


def _merge(first: list[_Node], second: list[_Node]) -> list[_Node] | None:
    """Both trees in one walk: the second's splits must be among the first's."""
    extra: dict[int, tuple[tuple[int, float], ...]] = {}
    waiting = [(0, 0)]
    while waiting:
        here, there = waiting.pop()
        a, b = first[here], second[there]
        if b.children is None:
            adds = tuple((target, weight) for target, weight in b.adds if weight != 0.0)
            if a.children is None:
                extra[here] = adds
            elif adds:
                return None
            continue
        if a.children is None or (a.feature, a.threshold, a.missing_left) != (
            b.feature,
            b.threshold,
            b.missing_left,
        ):
            return None
        waiting.extend(zip(a.children, b.children, strict=True))
    for position, adds in extra.items():
        first[position].adds += adds
    return first


def _tables(trees: list[list[_Node]]) -> Trees:
    """Depth first; leaves on the right that add the same are one, behind their tree's nodes."""
    roots, depths = [], []
    feature, threshold, missing, right, leaf = [], [], [], [], []
    rows: dict[tuple[tuple[int, float], ...], int] = {}

    def add(node: _Node, goes_right: int, kind: int) -> None:
        feature.append(max(node.feature, 0))
        threshold.append(node.threshold)
        missing.append(node.missing_left)
        right.append(goes_right)
        leaf.append(kind)

    for nodes in trees:
        start = len(feature)
        roots.append(start)
        depths.append(_depth(nodes))
        shared = {node.children[1] for node in nodes if node.children is not None}
        shared = {child for child in shared if nodes[child].children is None}
        kept = [position for position in range(len(nodes)) if position not in shared]
        places = {position: start + place for place, position in enumerate(kept)}
        kinds = {
            position: rows.setdefault(_effective(node.adds), len(rows))
            for position, node in enumerate(nodes)
            if node.children is None
        }
        end = start + len(kept)
        ends = {kind: end + i for i, kind in enumerate(sorted({kinds[at] for at in shared}))}
        places.update({position: ends[kinds[position]] for position in shared})
        for position in kept:
            node = nodes[position]
            if node.children is None:
                add(node, places[position], kinds[position])
            else:
                assert places[node.children[0]] == places[position] + 1
                add(node, places[node.children[1]], -1)
        for kind, place in ends.items():
            add(_Node(), place, kind)
    counts = [len(adds) for adds in rows]
    pairs = [pair for adds in rows for pair in adds]
    return Trees(
        roots=np.array(roots, dtype=np.int64),
        depths=np.array(depths, dtype=np.int64),
        feature=np.array(feature, dtype=np.int64),
        threshold=np.array(threshold, dtype=np.float64),
        missing_left=np.array(missing, dtype=np.bool_),
        right=np.array(right, dtype=np.int64),
        leaf=np.array(leaf, dtype=np.int64),
        starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        targets=np.array([target for target, _ in pairs], dtype=np.int64),
        weights=np.array([weight for _, weight in pairs], dtype=np.float64),
    )


def _effective(adds: tuple[tuple[int, float], ...]) -> tuple[tuple[int, float], ...]:
    """Without zeros, which change no sum; one of them where nothing is left."""
    return tuple(pair for pair in adds if pair[1] != 0.0) or adds[:1]


def _depth(nodes: list[_Node]) -> int:
    deepest = 0
    levels = {0: 0}
    for position, node in enumerate(nodes):
        level = levels.pop(position)
        deepest = max(deepest, level)
        for child in node.children or ():
            levels[child] = level + 1
    return deepest


def split_base(trees: Trees, targets: int) -> tuple[NDArray[np.float64], Trees]:
    """What a first tree adds whose leaves are all one, and the other trees; zeros without one.

    Sums begin with it, so that the leaves of boosted trees, of one value each, need no loop.
    """
    base = np.zeros(targets)
    if len(trees.roots) < 2:
        return base, trees
    gone = int(trees.roots[1])
    first = trees.leaf[:gone]
    leaf = first.max()
    if (first[first >= 0] != leaf).any():
        return base, trees
    for at in range(trees.starts[leaf], trees.starts[leaf + 1]):
        base[trees.targets[at]] += trees.weights[at]
    kinds, leaf = np.unique(trees.leaf[gone:], return_inverse=True)
    if inner := int(kinds[0] < 0):
        kinds, leaf = kinds[1:], leaf - 1
    parts = [np.arange(trees.starts[k], trees.starts[k + 1]) for k in kinds]
    counts, kept = [len(part) for part in parts], np.concatenate(parts)
    assert inner or (leaf >= 0).all()
    return base, Trees(
        roots=trees.roots[1:] - gone,
        depths=trees.depths[1:],
        feature=trees.feature[gone:],
        threshold=trees.threshold[gone:],
        missing_left=trees.missing_left[gone:],
        right=trees.right[gone:] - gone,
        leaf=leaf,
        starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        targets=trees.targets[kept],
        weights=trees.weights[kept],
    )


def rounded_down(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """The largest float32 that is at most t: for a float32 x, `x <= t` and `x <= it` agree."""
    with np.errstate(all="ignore"):
        near = thresholds.astype(np.float32)
        above = near.astype(np.float64) > thresholds
        return np.where(above, np.nextafter(near, np.float32(-np.inf)), near).astype(np.float32)
