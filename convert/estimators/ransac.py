"""RANSAC: the estimator that was fitted on the inliers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.linear_model import RANSACRegressor

from convert.errors import Unsupported
from convert.estimators.members import Composite, Emit, emit_at
from convert.graph.emission import Emission

if TYPE_CHECKING:
    from convert.graph.builder import Graph, Tensor


def ransac(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """`estimator_.predict`."""
    found = emit_at(g, "estimator_", estimator.estimator_, x, emit)
    if "predict" not in found.verbs:
        raise Unsupported("estimator_: RANSACRegressor needs an exact predict")
    return Emission({"predict": found.verbs["predict"]}, notes=found.notes)


COMPOSITES: dict[type, Composite] = {RANSACRegressor: ransac}
