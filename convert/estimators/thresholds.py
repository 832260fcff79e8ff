"""Binary classifiers with a decision threshold of their own.

Mirrors `sklearn.model_selection._classification_threshold` and
`sklearn.metrics._scorer._threshold_scores_to_class_labels`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV

from convert.errors import Unsupported
from convert.estimators.members import Composite, Emit, Member, member
from convert.graph.emission import Emission

if TYPE_CHECKING:
    from convert.graph.builder import Graph, Tensor


def fixed_threshold(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """`threshold`, where `auto` is 0.5 of a probability and 0 of a decision."""
    inner = member(g, "estimator_", estimator.estimator_, x, emit)
    verb = _response(estimator, inner)
    threshold = estimator.threshold
    if threshold == "auto":
        threshold = 0.5 if verb == "predict_proba" else 0.0
    return _thresholded(g, inner, verb, float(threshold), estimator.pos_label)


def tuned_threshold(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """`best_threshold_`; the positive class is the one that its scorer tuned for."""
    inner = member(g, "estimator_", estimator.estimator_, x, emit)
    positive = estimator._curve_scorer._get_pos_label()
    verb = _response(estimator, inner)
    return _thresholded(g, inner, verb, float(estimator.best_threshold_), positive)


def _response(estimator: Any, inner: Member) -> str:
    asked = estimator.response_method
    return inner.first_of(("predict_proba", "decision_function") if asked == "auto" else (asked,))


def _thresholded(
    g: Graph, inner: Member, verb: str, threshold: float, pos_label: object
) -> Emission:
    """The positive class where its score is at least the threshold, else the other one."""
    classes = list(np.asarray(inner.estimator.classes_).tolist())
    if len(classes) != 2:
        raise Unsupported(
            f"a threshold over {len(classes)} classes has no exact converter",
            expected="a binary classifier",
        )
    position = 1 if pos_label is None else classes.index(pos_label)
    scores = inner.scores(verb)
    score = scores.tensor
    if verb == "predict_proba":
        score = g.op("Gather", score, np.array(position, dtype=np.int64), axis=1)
    elif position == 0:
        score = g.op("Neg", score)
    positive = g.op("GreaterOrEqual", score, threshold)
    index = g.cast(positive if position == 1 else g.op("Not", positive), np.int64)
    forwarded = ("predict_proba", "decision_function")
    verbs = {name: inner.emission.verbs[name] for name in forwarded if name in inner.emission.verbs}
    return Emission(verbs, index, notes=inner.emission.notes)


COMPOSITES: dict[type, Composite] = {
    FixedThresholdClassifier: fixed_threshold,
    TunedThresholdClassifierCV: tuned_threshold,
}
