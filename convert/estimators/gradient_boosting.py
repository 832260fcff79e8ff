"""Gradient boosting: the initial score, then the scaled trees in order.

Mirrors `sklearn.ensemble._gb._raw_predict`. A constant initial score is written as a first tree
of one leaf, so that the sum starts where scikit-learn starts it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.ensemble._gb import _init_raw_predictions

from convert.errors import Unsupported
from convert.estimators import labels
from convert.estimators.tree_table import Tree, constant_tree, tree_ensemble
from convert.estimators.trees import float32_rows, read_tree
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor

    Emit = Callable[[Graph, object, Tensor], Emission]

_EPS = float(np.finfo(np.float64).eps)
_ROWS = np.array([1], dtype=np.int64)


def classifier(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """`predict` by raw score, at 0 the second class; `predict_proba` by the loss's link."""
    raw = _raw(g, estimator, x, emit, is_classifier=True)
    k = int(estimator.n_trees_per_iteration_)
    if k == 1:
        score = labels.flat(g, raw)
        link = type(estimator._loss.link).__name__
        positive = labels.logistic(g, g.op("Mul", score, 2.0) if link == "HalfLogitLink" else score)
        probabilities = Scores(labels.two_columns(g, positive), 2)
        verbs = {"decision_function": Scores(score, None), "predict_proba": probabilities}
        return Emission(verbs, g.cast(g.op("GreaterOrEqual", score, 0.0), np.int64))
    probabilities = Scores(labels.softmax(g, raw), k)
    verbs = {"decision_function": Scores(raw, k), "predict_proba": probabilities}
    return Emission(verbs, labels.argmax(g, raw))


def regressor(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """The raw score; every loss of the regressor has the identity for a link."""
    raw = _raw(g, estimator, x, emit, is_classifier=False)
    return Emission({"predict": Scores(labels.flat(g, raw), None)})


def _raw(g: Graph, estimator: Any, x: Tensor, emit: Emit, *, is_classifier: bool) -> Tensor:
    x = float32_rows(g, x)
    k = int(estimator.n_trees_per_iteration_)
    trees: list[Tree] = []
    start: Tensor | None = None
    if isinstance(estimator.init_, str):
        pass
    elif type(estimator.init_) in (DummyClassifier, DummyRegressor):
        row = np.zeros((1, int(estimator.n_features_in_)), dtype=np.float32)
        constants = _init_raw_predictions(row, estimator.init_, estimator._loss, is_classifier)
        trees = [constant_tree(float(value), target=i) for i, value in enumerate(constants[0])]
    else:
        start = _initial(g, estimator, emit(g, estimator.init_, x), is_classifier=is_classifier)
    for stage in estimator.estimators_:
        for target, member in enumerate(stage):
            tree = read_tree(member)
            scaled = float(estimator.learning_rate) * tree.values
            trees.append(replace(tree, values=scaled, first_target=target))
    total = tree_ensemble(g, x, trees, n_targets=k)
    return total if start is None else g.op("Add", start, total)


def _initial(g: Graph, estimator: Any, init: Emission, *, is_classifier: bool) -> Tensor:
    """`_init_raw_predictions`: what the init estimator says, on the scale of the raw score."""
    _refuse_single_precision(estimator)
    verb = "predict_proba" if is_classifier else "predict"
    if verb not in init.verbs:
        raise Unsupported(
            f"{type(estimator).__name__} has no exact converter for its init estimator",
            actual=f"{type(estimator.init_).__name__} has no exact {verb}",
        )
    if not is_classifier:
        return labels.column(g, init.verbs[verb].tensor)
    p = g.op("Max", g.op("Min", init.verbs[verb].tensor, 1 - _EPS), _EPS)
    if estimator._loss.is_multiclass:
        log = g.op("Log", p)
        mean = g.op("ReduceMean", log, _ROWS, keepdims=1)
        return g.op("Log", g.op("Div", p, g.op("Exp", mean)))
    p = g.op("Gather", p, np.array([1], dtype=np.int64), axis=1)
    logit = g.op("Log", g.op("Div", p, g.op("Sub", 1.0, p)))
    is_half = type(estimator._loss.link).__name__ == "HalfLogitLink"
    return g.op("Mul", logit, 0.5) if is_half else logit


def _refuse_single_precision(estimator: Any) -> None:
    """The init estimator is fitted on float32 rows, and some then predict in float32."""
    for value in vars(estimator.init_).values():
        if isinstance(value, np.ndarray) and value.dtype == np.float32:
            raise Unsupported(
                f"{type(estimator).__name__}(init={type(estimator.init_).__name__}) starts from "
                "a prediction in float32, which no engine repeats exactly",
                hint="use init=None, init='zero' or trees",
            )


COMPOSITES: dict[type, Callable[[Graph, Any, Tensor, Any], Emission]] = {
    GradientBoostingClassifier: classifier,
    GradientBoostingRegressor: regressor,
}
