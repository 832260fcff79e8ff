"""AdaBoost: weighted votes and the weighted median of `sklearn.ensemble._weight_boosting`.

Decision trees, its default members, become one node whose leaves hold the weighted votes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.ensemble import AdaBoostClassifier, AdaBoostRegressor

from convert.errors import Unsupported
from convert.estimators import labels, trees
from convert.estimators.members import Composite, Emit, member, summed
from convert.estimators.tree_table import tree_ensemble
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from convert.graph.builder import Graph, Tensor

    Doubles = NDArray[np.float64]


def ada_boost_classifier(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """SAMME: every member adds its weight to its class and takes it from the others."""
    n_classes = int(estimator.n_classes_)
    if n_classes == 1:
        raise Unsupported(
            "an AdaBoostClassifier of a single class has no exact converter",
            hint="it always predicts that class: use DummyClassifier",
        )
    summed = _votes(g, estimator, x, emit)
    mean = g.op("Div", summed, float(estimator.estimator_weights_.sum()))
    if n_classes > 2:
        scaled = g.op("Div", mean, float(n_classes - 1))
        decision = Scores(mean, n_classes)
        index = labels.argmax(g, mean)
    else:
        # The two columns are each other's negative and are summed as -first + second.
        flat = labels.flat(g, mean)
        decision = Scores(g.op("Add", flat, flat), None)
        column = labels.column(g, decision.tensor)
        scaled = g.op("Div", g.op("Concat", g.op("Neg", column), column, axis=1), 2.0)
        index = labels.above(g, decision.tensor, 0.0)
    probabilities = Scores(labels.softmax(g, scaled), n_classes)
    return Emission({"decision_function": decision, "predict_proba": probabilities}, index)


def _votes(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Tensor:
    """The members' votes summed in order: `(n, k)`, of the second class alone when binary."""
    chosen = list(zip(estimator.estimators_, estimator.estimator_weights_, strict=False))
    n_targets = 1 if int(estimator.n_classes_) == 2 else int(estimator.n_classes_)
    if all(type(one) in trees.EMITTERS for one, _ in chosen):
        tables = []
        for one, weight in chosen:
            table = trees.read_tree(one)
            leaf_class = table.values.argmax(axis=1)
            votes = _vote_table(estimator, one, float(weight))[leaf_class]
            tables.append(replace(table, values=votes))
        return tree_ensemble(g, trees.float32_rows(g, x), tables, n_targets=n_targets)
    parts = []
    for position, (one, weight) in enumerate(chosen):
        emission = member(g, f"estimators_[{position}]", one, x, emit).emission
        assert emission.index is not None
        parts.append(g.op("Gather", _vote_table(estimator, one, float(weight)), emission.index))
    return summed(g, parts)


def _vote_table(estimator: Any, one: Any, weight: float) -> Doubles:
    """What each class of a member, as it predicts it, adds to the decision: `(k', k)`."""
    n_classes = int(estimator.n_classes_)
    agrees = np.asarray(one.classes_)[:, None] == np.asarray(estimator.classes_)[None, :]
    votes = np.where(agrees, weight, -1 / (n_classes - 1) * weight)
    return votes[:, 1:] if n_classes == 2 else votes


def ada_boost_regressor(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """The prediction at which the members' weights, sorted by prediction, reach their half."""
    predictions = _predictions(g, estimator, x, emit)
    m = len(estimator.estimators_)
    if m == 1:
        return Emission({"predict": Scores(labels.flat(g, predictions), None)})
    size = np.array([m], dtype=np.int64)
    values, order = g.multi("TopK", predictions, size, outputs=2, axis=1, largest=0, sorted=1)
    weights = np.asarray(estimator.estimator_weights_[:m], dtype=np.float64)
    cdf = g.op("CumSum", g.op("Gather", weights, order), np.array(1, dtype=np.int64))
    total = g.op("Gather", cdf, np.array([m - 1], dtype=np.int64), axis=1)
    reached = g.op("GreaterOrEqual", cdf, g.op("Mul", total, 0.5))
    first = g.op("ArgMax", g.cast(reached, np.float64), axis=1, keepdims=1)
    median = g.op("GatherElements", values, first, axis=1)
    return Emission({"predict": Scores(labels.flat(g, median), None)})


def _predictions(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Tensor:
    """Every member's prediction, `(n, m)`."""
    chosen = estimator.estimators_
    if all(type(one) in trees.EMITTERS for one in chosen):
        tables = [replace(trees.read_tree(one), first_target=i) for i, one in enumerate(chosen)]
        return tree_ensemble(g, trees.float32_rows(g, x), tables, n_targets=len(tables))
    columns = [
        labels.column(g, member(g, f"estimators_[{i}]", one, x, emit).predicted(g).tensor)
        for i, one in enumerate(chosen)
    ]
    return g.op("Concat", *columns, axis=1)


COMPOSITES: dict[type, Composite] = {
    AdaBoostClassifier: ada_boost_classifier,
    AdaBoostRegressor: ada_boost_regressor,
}
