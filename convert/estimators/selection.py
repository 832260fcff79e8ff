"""Feature selection: `SelectorMixin.transform` keeps the columns of `get_support()`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.feature_selection import (
    RFE,
    RFECV,
    GenericUnivariateSelect,
    SelectFdr,
    SelectFpr,
    SelectFromModel,
    SelectFwe,
    SelectKBest,
    SelectPercentile,
    SequentialFeatureSelector,
    VarianceThreshold,
)

from convert.errors import Unsupported
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor

    Emit = Callable[[Graph, object, Tensor], Emission]


def selector(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """The selected columns, in their order."""
    selected = np.flatnonzero(estimator.get_support())
    if not len(selected):
        raise Unsupported(
            f"{type(estimator).__name__} selected no column",
            expected="at least one selected column",
            actual=f"0 of {estimator.n_features_in_}",
            hint="loosen its threshold and fit again",
        )
    y = x
    if len(selected) < estimator.n_features_in_:
        y = g.op("Gather", x, selected.astype(np.int64), axis=1)
    return Emission({"transform": Scores(y, len(selected))})


def recursive_elimination(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """`RFE`: transforms as a selector, predicts as `estimator_` on the selected columns."""
    selection = selector(g, estimator, x)
    emission = emit(g, estimator.estimator_, selection.transformed)
    verbs = {verb: found for verb, found in emission.verbs.items() if verb in _DELEGATED}
    return Emission(
        {**verbs, **selection.verbs}, emission.index, emission.labels, notes=emission.notes
    )


_DELEGATED = frozenset({"predict", "predict_proba", "decision_function"})

EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    GenericUnivariateSelect: selector,
    SelectFdr: selector,
    SelectFpr: selector,
    SelectFromModel: selector,
    SelectFwe: selector,
    SelectKBest: selector,
    SelectPercentile: selector,
    SequentialFeatureSelector: selector,
    VarianceThreshold: selector,
}

COMPOSITES: dict[type, Callable[[Graph, Any, Tensor, Any], Emission]] = {
    RFE: recursive_elimination,
    RFECV: recursive_elimination,
}
