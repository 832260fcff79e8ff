"""`IterativeImputer.transform`: every column predicted from the others, round after round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.impute._iterative import IterativeImputer
from sklearn.linear_model import BayesianRidge

from convert.errors import Unsupported
from convert.estimators import labels
from convert.estimators.arrays import dense
from convert.estimators.asking import quietly
from convert.estimators.imputation import columns, missing_mask, simple_imputer, with_indicator
from convert.estimators.scaling import numpy_clip
from convert.graph.emission import Check, Emission

_SAME = 1e-10
"""Of the largest value, or of the noise about it: a tenth of what a proof lets pass."""

if TYPE_CHECKING:
    from convert.estimators.members import Composite, Emit
    from convert.graph.builder import Graph, Tensor


def iterative_imputer(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """The initial imputation, then `imputation_sequence_` in its order."""
    if estimator.sample_posterior:
        raise Unsupported(
            "IterativeImputer draws what it fills in at random",
            expected="sample_posterior=False",
            actual="sample_posterior=True",
            hint="use sample_posterior=False",
        )
    missing = missing_mask(g, estimator.missing_values, x)
    filled = simple_imputer(g, estimator.initial_imputer_, x).transformed
    empty = np.asarray(estimator._is_empty_feature)
    n_columns = len(empty) if estimator.keep_empty_features else int((~empty).sum())
    if estimator.keep_empty_features:
        holes = g.op("And", missing, ~empty)
    else:
        holes = columns(g, missing, np.flatnonzero(~empty))
    y = filled
    for step in estimator.imputation_sequence_:
        y = _one_feature(g, estimator, step, y, holes, n_columns, emit)
    emission = with_indicator(g, estimator, y, n_columns, missing)
    if not estimator.imputation_sequence_ or not _hangs_on_others(estimator):
        return emission
    return Emission(emission.verbs, checks=(*emission.checks, _nothing_known(g, holes)))


def _one_feature(
    g: Graph, estimator: Any, step: Any, y: Tensor, holes: Tensor, n_columns: int, emit: Emit
) -> Tensor:
    feature = int(step.feat_idx)
    known = columns(g, y, np.asarray(step.neighbor_feat_idx))
    emission = emit(g, step.estimator, known)
    if "predict" not in emission.verbs or emission.verbs["predict"].columns is not None:
        raise Unsupported(
            f"IterativeImputer over {type(step.estimator).__name__} has no exact converter",
            expected="a regressor of one output",
        )
    predicted = labels.column(g, emission.verbs["predict"].tensor)
    low, high = float(estimator._min_value[feature]), float(estimator._max_value[feature])
    if np.isfinite(low) or np.isfinite(high):
        predicted = numpy_clip(g, predicted, low, high)
    here = g.op("And", holes, np.arange(n_columns) == feature)
    return g.op("Where", here, predicted, y)


def _hangs_on_others(estimator: Any) -> bool:
    """Whether a row without any value gets other values alone than beside a known one."""
    row = np.full((1, int(estimator.n_features_in_)), estimator.missing_values, dtype=np.float64)
    with quietly():
        alone = dense(estimator.transform(row))
        beside = dense(estimator.transform(np.concatenate([row, np.zeros_like(row)])))[:1]
    size = max(np.abs(alone).max(initial=0.0), _noise(estimator))
    return not bool((np.abs(alone - beside) <= _SAME * size).all())


def _noise(estimator: Any) -> float:
    """The largest noise that its regressors took the columns to have: means may be 0."""
    members = (step.estimator for step in estimator.imputation_sequence_)
    bayesian = (one for one in members if isinstance(one, BayesianRidge))
    return max((float(one.alpha_) ** -0.5 for one in bayesian), default=0.0)


def _nothing_known(g: Graph, holes: Tensor) -> Check:
    """Rows without any value get other values alone than in a batch with known ones."""
    known = g.cast(g.op("Not", holes), np.int32)
    some = g.op("ReduceMax", known, np.array([1], dtype=np.int64), keepdims=0)
    message = "every value is missing, and what scikit-learn fills in hangs on the other rows"
    return Check(g.op("Equal", some, np.array(0, dtype=np.int32)), message)


COMPOSITES: dict[type, Composite] = {IterativeImputer: iterative_imputer}
