"""Decision trees: `sklearn.tree._classes`, with the float32 cast and double thresholds.

scikit-learn casts rows to float32 and compares them with a double threshold, so the graph casts
down and up again before it compares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)

from convert.estimators import labels
from convert.estimators.tree_table import Tree, tree_ensemble
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor


def float32_rows(g: Graph, x: Tensor) -> Tensor:
    """What `_validate_X_predict` makes of float64 rows, back in double."""
    return g.cast(g.cast(x, np.float32), np.float64)


def read_tree(estimator: Any) -> Tree:
    """The nodes of a fitted tree; values `(m, n_outputs * n_classes)`, 1 class in a regressor."""
    tree = estimator.tree_
    values = tree.value.reshape(len(tree.value), -1)
    return Tree(
        left=tree.children_left.astype(np.int64),
        right=tree.children_right.astype(np.int64),
        feature=np.maximum(tree.feature, 0).astype(np.int64),
        threshold=tree.threshold.astype(np.float64),
        missing_left=tree.missing_go_to_left.astype(bool),
        values=np.ascontiguousarray(values, dtype=np.float64),
    )


def summed_trees(g: Graph, estimators: Any, x: Tensor) -> Tensor:
    """The sum of the trees' values over float32 rows: `(n, k)`."""
    trees = [read_tree(estimator) for estimator in estimators]
    return tree_ensemble(g, float32_rows(g, x), trees, n_targets=trees[0].values.shape[1])


def classes_and_probabilities(g: Graph, probabilities: Tensor, estimator: Any) -> Emission:
    """Labels are the first largest probability; of several outputs each has its columns."""
    if estimator.n_outputs_ == 1:
        scores = Scores(probabilities, int(estimator.n_classes_))
        return Emission({"predict_proba": scores}, labels.argmax(g, probabilities))
    width = int(max(estimator.n_classes_))
    axis = np.array([1], dtype=np.int64)
    parts = []
    for output, columns in enumerate(int(count) for count in estimator.n_classes_):
        start = np.array([output * width], dtype=np.int64)
        part = g.op("Slice", probabilities, start, start + columns, axis)
        parts.append(Scores(part, columns))
    targets = tuple(labels.argmax(g, part.tensor) for part in parts)
    return Emission(targets=targets, lists={"predict_proba": tuple(parts)})


def tree_classifier(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`DecisionTreeClassifier.predict_proba`: the fractions in the leaf."""
    return classes_and_probabilities(g, summed_trees(g, [estimator], x), estimator)


def tree_regressor(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`DecisionTreeRegressor.predict`: the value of the leaf."""
    return regression(g, summed_trees(g, [estimator], x), int(estimator.n_outputs_))


def regression(g: Graph, values: Tensor, n_outputs: int) -> Emission:
    """`(n, 1)` becomes `(n,)`, as scikit-learn returns a single output."""
    if n_outputs == 1:
        return Emission({"predict": Scores(labels.flat(g, values), None)})
    return Emission({"predict": Scores(values, n_outputs)})


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    DecisionTreeClassifier: tree_classifier,
    DecisionTreeRegressor: tree_regressor,
    ExtraTreeClassifier: tree_classifier,
    ExtraTreeRegressor: tree_regressor,
}
