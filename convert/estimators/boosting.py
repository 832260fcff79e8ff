"""Histogram gradient boosting: raw scores in double, compared without the float32 cast.

Mirrors `sklearn.ensemble._hist_gradient_boosting.gradient_boosting._raw_predict`. The baseline
is written as a first tree of one leaf, so that the sum starts where scikit-learn starts it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from convert.errors import Unsupported
from convert.estimators import labels
from convert.estimators.category_splits import THRESHOLD, CategorySplits
from convert.estimators.tree_table import LEAF, Tree, constant_tree, tree_ensemble
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor


def hist_classifier(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`predict` by raw score, `predict_proba` by `HalfBinomialLoss` or `HalfMultinomialLoss`."""
    raw = _raw(g, estimator, x)
    if int(estimator.n_trees_per_iteration_) == 1:
        decision = Scores(labels.flat(g, raw), None)
        positive = labels.logistic(g, decision.tensor)
        probabilities = Scores(labels.two_columns(g, positive), 2)
        index = labels.above(g, decision.tensor, 0.0)
    else:
        decision = Scores(raw, int(estimator.n_trees_per_iteration_))
        probabilities = Scores(labels.softmax(g, raw), decision.columns)
        index = labels.argmax(g, raw)
    return Emission({"decision_function": decision, "predict_proba": probabilities}, index)


def hist_regressor(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """`loss.link.inverse` of the raw score: identity, or exp for counts and gamma."""
    raw = labels.flat(g, _raw(g, estimator, x))
    link = type(estimator._loss.link).__name__
    if link == "LogLink":
        raw = g.op("Exp", raw)
    elif link != "IdentityLink":
        raise Unsupported(f"HistGradientBoostingRegressor with {link} has no exact converter")
    return Emission({"predict": Scores(raw, None)})


def _raw(g: Graph, estimator: Any, x: Tensor) -> Tensor:
    splits = None if estimator._preprocessor is None else CategorySplits(estimator)
    baseline = np.asarray(estimator._baseline_prediction, dtype=np.float64).reshape(-1)
    n_targets = int(estimator.n_trees_per_iteration_)
    trees = [constant_tree(float(baseline[k]), target=k) for k in range(n_targets)]
    for iteration in estimator._predictors:
        trees += [_read(predictor, splits, target=k) for k, predictor in enumerate(iteration)]
    columns = x if splits is None else splits.columns(g, x)
    return tree_ensemble(g, columns, trees, n_targets=n_targets)


def _read(predictor: Any, splits: CategorySplits | None, *, target: int) -> Tree:
    nodes = predictor.nodes
    leaf = nodes["is_leaf"].astype(bool)
    feature = nodes["feature_idx"].astype(np.int64)
    threshold = nodes["num_threshold"].astype(np.float64)
    for node in np.flatnonzero(nodes["is_categorical"].astype(bool) & ~leaf):
        assert splits is not None, "trees that split by categories were fitted on some"
        bits = predictor.raw_left_cat_bitsets[nodes["bitset_idx"][node]]
        feature[node], threshold[node] = splits.place(int(feature[node]), bits), THRESHOLD
    return Tree(
        left=np.where(leaf, LEAF, nodes["left"].astype(np.int64)),
        right=np.where(leaf, LEAF, nodes["right"].astype(np.int64)),
        feature=feature,
        threshold=threshold,
        missing_left=nodes["missing_go_to_left"].astype(bool),
        values=nodes["value"].astype(np.float64)[:, None],
        first_target=target,
    )


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    HistGradientBoostingClassifier: hist_classifier,
    HistGradientBoostingRegressor: hist_regressor,
}
