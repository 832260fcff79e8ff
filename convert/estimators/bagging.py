"""Bagging: members on subsets of the columns, summed in order and divided by their number.

Mirrors `sklearn.ensemble._bagging`. Decision trees, its default members, become one node.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.ensemble import BaggingClassifier, BaggingRegressor

from convert.estimators import labels, trees
from convert.estimators.members import Composite, Emit, Member, member, summed
from convert.estimators.tree_table import Tree, tree_ensemble
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from convert.graph.builder import Graph, Tensor


def bagging_classifier(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """Labels are the first largest mean probability, or share of votes without any."""
    n_classes = int(estimator.n_classes_)
    count = int(estimator.n_estimators)
    chosen = estimator.estimators_[:count]
    verbs: dict[str, Scores] = {}
    notes: tuple[str, ...] = ()
    if all(type(one) in trees.EMITTERS for one in chosen):
        total = _summed_trees(g, estimator, x, n_classes)
    else:
        members = _members(g, estimator, x, emit)
        total = summed(g, [_probabilities(g, one, n_classes) for one in members])
        if hasattr(estimator, "decision_function"):
            verbs, notes = _decision(g, members, count)
    mean = g.op("Div", total, float(count))
    verbs["predict_proba"] = Scores(mean, n_classes)
    return Emission(verbs, labels.argmax(g, mean), notes=notes)


def bagging_regressor(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """The mean of the predictions."""
    count = int(estimator.n_estimators)
    chosen = estimator.estimators_[:count]
    if all(type(one) in trees.EMITTERS for one in chosen):
        n_outputs = int(chosen[0].n_outputs_)
        total = _summed_trees(g, estimator, x, n_outputs)
        return trees.regression(g, g.op("Div", total, float(count)), n_outputs)
    predictions = [one.predicted(g) for one in _members(g, estimator, x, emit)]
    total = summed(g, [scores.tensor for scores in predictions])
    return Emission({"predict": Scores(g.op("Div", total, float(count)), predictions[0].columns)})


def _members(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> list[Member]:
    count = int(estimator.n_estimators)
    every = np.arange(int(estimator.n_features_in_))
    found = []
    for position, (fitted, features) in enumerate(
        zip(estimator.estimators_[:count], estimator.estimators_features_, strict=False)
    ):
        columns = np.asarray(features, dtype=np.int64)
        rows = x if np.array_equal(columns, every) else g.op("Gather", x, columns, axis=1)
        found.append(member(g, f"estimators_[{position}]", fitted, rows, emit))
    return found


def _probabilities(g: Graph, one: Member, n_classes: int) -> Tensor:
    """`_parallel_predict_proba`: classes that the member never saw stay at 0."""
    place = np.eye(n_classes)[list(one.positions(n_classes))]
    if not one.has("predict_proba"):
        assert one.emission.index is not None
        return g.op("Gather", place, one.emission.index)
    scores = one.scores("predict_proba")
    return scores.tensor if len(place) == n_classes else g.op("MatMul", scores.tensor, place)


def _decision(
    g: Graph, members: list[Member], count: int
) -> tuple[dict[str, Scores], tuple[str, ...]]:
    scores = [one.emission.verbs.get("decision_function") for one in members]
    first = scores[0]
    if first is None or any(s is None or s.columns != first.columns for s in scores):
        why = "not every member has an exact one over all classes"
        return {}, (f"decision_function of the BaggingClassifier is not served: {why}",)
    total = summed(g, [s.tensor for s in scores if s is not None])
    return {"decision_function": Scores(g.op("Div", total, float(count)), first.columns)}, ()


def _summed_trees(g: Graph, estimator: Any, x: Tensor, n_targets: int) -> Tensor:
    chosen = estimator.estimators_[: int(estimator.n_estimators)]
    tables = [
        _bagged(one, np.asarray(features, dtype=np.int64), n_targets)
        for one, features in zip(chosen, estimator.estimators_features_, strict=False)
    ]
    return tree_ensemble(g, trees.float32_rows(g, x), tables, n_targets=n_targets)


def _bagged(tree: Any, features: NDArray[np.int64], n_targets: int) -> Tree:
    """The tree over the composite's columns, its leaves over the composite's classes."""
    table = trees.read_tree(tree)
    values = table.values
    if hasattr(tree, "classes_") and values.shape[1] < n_targets:
        values = np.zeros((len(values), n_targets))
        values[:, np.asarray(tree.classes_, dtype=np.int64)] = table.values
    return replace(table, feature=features[table.feature], values=values)


COMPOSITES: dict[type, Composite] = {
    BaggingClassifier: bagging_classifier,
    BaggingRegressor: bagging_regressor,
}
