"""`RandomTreesEmbedding.transform`: which leaf of every tree a row falls into."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.ensemble import RandomTreesEmbedding

from convert.estimators.encoders import one_hot_encoder
from convert.estimators.tree_table import LEAF, tree_ensemble
from convert.estimators.trees import float32_rows, read_tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor
    from convert.graph.emission import Emission


def random_trees_embedding(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """A column for each leaf; the trees write the numbers of their leaves, then one-hot."""
    trees = []
    every_leaf_known = True
    for position, fitted in enumerate(estimator.estimators_):
        tree = read_tree(fitted)
        numbers = np.arange(len(tree.left), dtype=np.float64)
        leaves = np.flatnonzero(tree.left == LEAF)
        known = estimator.one_hot_encoder_.categories_[position]
        every_leaf_known &= bool(np.isin(leaves, known).all())
        trees.append(replace(tree, values=numbers[:, None], first_target=position))
    leaf = tree_ensemble(g, float32_rows(g, x), trees, n_targets=len(trees))
    emission = one_hot_encoder(g, estimator.one_hot_encoder_, leaf)
    return replace(emission, checks=()) if every_leaf_known else emission


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    RandomTreesEmbedding: random_trees_embedding,
}
