"""`TreeEnsemble` in float32: every row takes the branches that it takes in double.

Rows that were cast to float32 already are compared with thresholds rounded down: for a float32 x
and a double t, x <= t holds exactly where x <= (largest float32 that is not above t).

Rows in double are first ranked: the rank of x in a column is how many of the column's thresholds
lie below x, which a small double tree for each column tells. x <= t_i exactly where its rank is
at most i, and ranks are exact in float32.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from convert.estimators.tree_table import search_tree, tree_ensemble
from convert.graph.builder import Graph

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Doubles = NDArray[np.float64]
    Attributes = dict[str, Any]

BRANCH_LEQ = 0


def only_compares(attributes: Mapping[str, Any]) -> bool:
    """Whether every node is `x <= threshold`: others stay in double."""
    return bool((np.asarray(attributes["nodes_modes"]) == BRANCH_LEQ).all())


def rounded_down(attributes: Mapping[str, Any]) -> Attributes:
    """The same trees over float32 rows."""
    splits = np.asarray(attributes["nodes_splits"], dtype=np.float64)
    with np.errstate(over="ignore"):
        near = splits.astype(np.float32)
    above = near.astype(np.float64) > splits
    down = np.where(above, np.nextafter(near, np.float32(-np.inf)), near)
    return _with(attributes, down.astype(np.float32))


def over_ranks(attributes: Mapping[str, Any]) -> Attributes:
    """The same trees over ranks."""
    features = np.asarray(attributes["nodes_featureids"])
    splits = np.asarray(attributes["nodes_splits"], dtype=np.float64)
    ranks = np.zeros(len(splits), dtype=np.float32)
    for feature in np.unique(features):
        mine = features == feature
        ranks[mine] = np.unique(splits[mine], return_inverse=True)[1]
    return _with(attributes, ranks)


def ranking(attributes: Mapping[str, Any], columns: int) -> Attributes:
    """Double trees that give the rank in every column `(n, columns)`."""
    features = np.asarray(attributes["nodes_featureids"])
    splits = np.asarray(attributes["nodes_splits"], dtype=np.float64)
    trees = [
        search_tree(
            np.unique(splits[features == feature]), feature=int(feature), missing_left=False
        )
        for feature in np.unique(features)
    ]
    graph = Graph("X")
    tree_ensemble(graph, graph.x, trees, n_targets=columns)
    return dict(graph.nodes[-1].attributes)


def _with(attributes: Mapping[str, Any], splits: NDArray[np.float32]) -> Attributes:
    weights = np.asarray(attributes["leaf_weights"]).astype(np.float32)
    return {**attributes, "nodes_splits": splits, "leaf_weights": weights}
