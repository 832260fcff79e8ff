"""One regressor for each target, alone or in a chain: `sklearn.multioutput`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.multioutput import MultiOutputRegressor, RegressorChain

from convert.errors import Unsupported
from convert.estimators import labels
from convert.estimators.members import Composite, Emit, Member, member
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from convert.graph.builder import Graph, Tensor


def multi_output_regressor(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """Every target by its own regressor: `(n, k)`."""
    columns = [
        _column(g, member(g, f"estimators_[{position}]", fitted, x, emit))
        for position, fitted in enumerate(estimator.estimators_)
    ]
    return Emission({"predict": Scores(_concat(g, columns), len(columns))})


def regressor_chain(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """Each regressor sees the rows and the predictions of those before it in the chain."""
    columns: list[Tensor] = []
    for position, fitted in enumerate(estimator.estimators_):
        rows = _concat(g, [x, *columns])
        columns.append(_column(g, member(g, f"estimators_[{position}]", fitted, rows, emit)))
    places = np.argsort(estimator.order_)
    ordered = [columns[int(place)] for place in places]
    return Emission({"predict": Scores(_concat(g, ordered), len(ordered))})


def _column(g: Graph, one: Member) -> Tensor:
    scores = one.predicted(g)
    if scores.columns is not None:
        raise Unsupported(f"{one.path}: predicts {scores.columns} targets where one is needed")
    return labels.column(g, scores.tensor)


def _concat(g: Graph, parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else g.op("Concat", *parts, axis=1)


COMPOSITES: dict[type, Composite] = {
    MultiOutputRegressor: multi_output_regressor,
    RegressorChain: regressor_chain,
}
