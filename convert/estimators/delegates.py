"""Wrappers that predict as the one estimator inside them.

Mirrors `sklearn.model_selection._search.BaseSearchCV`, `SelfTrainingClassifier` and
`FrozenEstimator`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV

# The public names exist only after importing sklearn.experimental.
from sklearn.model_selection._search_successive_halving import (
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
)
from sklearn.semi_supervised import SelfTrainingClassifier

from convert.estimators.members import Composite, Emit, emit_at, served
from edge_infer.errors import BadInput

if TYPE_CHECKING:
    from convert.graph.builder import Graph, Tensor
    from convert.graph.emission import Emission


def search(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """Every verb is `best_estimator_`'s."""
    if not hasattr(estimator, "best_estimator_"):
        raise BadInput(
            f"this {type(estimator).__name__} kept no estimator",
            expected="best_estimator_",
            actual=f"refit={estimator.refit!r}",
            hint="fit it with refit=True, or dump the estimator that you chose",
        )
    found = emit_at(g, "best_estimator_", estimator.best_estimator_, x, emit)
    return served(estimator, found)


def self_training(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """Every verb is that of the last fit, `estimator_`."""
    return served(estimator, emit_at(g, "estimator_", estimator.estimator_, x, emit))


def frozen(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """The frozen estimator itself."""
    return served(estimator, emit_at(g, "frozen estimator", estimator.estimator, x, emit))


COMPOSITES: dict[type, Composite] = {
    FrozenEstimator: frozen,
    GridSearchCV: search,
    HalvingGridSearchCV: search,
    HalvingRandomSearchCV: search,
    RandomizedSearchCV: search,
    SelfTrainingClassifier: self_training,
}
