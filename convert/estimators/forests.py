"""Forests: the trees summed in order, then divided by their number.

Mirrors `sklearn.ensemble._forest`: `ForestClassifier.predict_proba` and
`ForestRegressor.predict`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

from convert.estimators import trees

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor
    from convert.graph.emission import Emission


def forest_classifier(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """The mean of the trees' leaf fractions."""
    return trees.classes_and_probabilities(g, _mean(g, estimator, x), estimator)


def forest_regressor(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """The mean of the trees' leaf values."""
    return trees.regression(g, _mean(g, estimator, x), int(estimator.n_outputs_))


def _mean(g: Graph, estimator: Any, x: Tensor) -> Tensor:
    total = trees.summed_trees(g, estimator.estimators_, x)
    return g.op("Div", total, float(len(estimator.estimators_)))


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    ExtraTreesClassifier: forest_classifier,
    ExtraTreesRegressor: forest_regressor,
    RandomForestClassifier: forest_classifier,
    RandomForestRegressor: forest_regressor,
}
