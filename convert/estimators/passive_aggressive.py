"""Passive-aggressive linear models: trained otherwise, the linear ones at prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.linear_model import (
    PassiveAggressiveClassifier,
    PassiveAggressiveRegressor,
)

from convert.estimators.linear_classifiers import linear_classifier
from convert.estimators.linear_regressors import linear_regressor

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor
    from convert.graph.emission import Emission

EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    PassiveAggressiveClassifier: linear_classifier,
    PassiveAggressiveRegressor: linear_regressor,
}
