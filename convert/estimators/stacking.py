"""A final estimator over the answers of others: `sklearn.ensemble._stacking`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.ensemble import StackingClassifier, StackingRegressor

from convert.errors import Unsupported
from convert.estimators import labels
from convert.estimators.members import Composite, Emit, Member, member
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from convert.graph.builder import Graph, Tensor


def stacking_classifier(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """The final estimator's verbs; it was trained on labels encoded as 0 ... k - 1."""
    if isinstance(estimator._label_encoder, list):
        raise Unsupported("a multi-label StackingClassifier has no exact converter")
    n_classes = len(estimator.classes_)
    stacked = _stacked(g, estimator, x, emit, n_classes=n_classes)
    final = member(g, "final_estimator_", estimator.final_estimator_, stacked.tensor, emit)
    index = final.emission.index
    assert index is not None, "StackingClassifier takes classifiers only"
    positions = np.array(final.positions(n_classes), dtype=np.int64)
    if not np.array_equal(positions, np.arange(len(positions))):
        index = g.op("Gather", positions, index)
    verbs = {
        verb: final.emission.verbs[verb]
        for verb in ("predict_proba", "decision_function")
        if verb in final.emission.verbs
    }
    return Emission({**verbs, "transform": stacked}, index, notes=final.emission.notes)


def stacking_regressor(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """The final estimator's prediction."""
    stacked = _stacked(g, estimator, x, emit, n_classes=0)
    final = member(g, "final_estimator_", estimator.final_estimator_, stacked.tensor, emit)
    return Emission({"predict": final.predicted(g), "transform": stacked})


def _stacked(g: Graph, estimator: Any, x: Tensor, emit: Emit, *, n_classes: int) -> Scores:
    """`_concatenate_predictions`: a binary probability loses its first column."""
    names = [name for name, given in estimator.estimators if given != "drop"]
    parts: list[Tensor] = []
    width, whole = 0, True
    for name, fitted, verb in zip(
        names, estimator.estimators_, estimator.stack_method_, strict=True
    ):
        one = member(g, f"member {name!r}", fitted, x, emit)
        scores = one.predicted(g) if verb == "predict" else one.scores(verb)
        whole &= verb == "predict" and _predicts_integers(one)
        part, columns = _part(g, scores, drop_first=verb == "predict_proba" and n_classes == 2)
        parts.append(part)
        width += columns
    if estimator.passthrough:
        parts.append(x)
        width += int(estimator.n_features_in_)
        whole = False
    tensor = parts[0] if len(parts) == 1 else g.op("Concat", *parts, axis=1)
    return Scores(tensor, width, dtype="int64" if whole else "float64")


def _part(g: Graph, scores: Scores, *, drop_first: bool) -> tuple[Tensor, int]:
    if scores.columns is None:
        return labels.column(g, scores.tensor), 1
    if not drop_first:
        return scores.tensor, scores.columns
    kept = np.arange(1, scores.columns, dtype=np.int64)
    return g.op("Gather", scores.tensor, kept, axis=1), len(kept)


def _predicts_integers(one: Member) -> bool:
    if one.emission.index is None:
        return one.emission.labels is not None
    return np.asarray(one.estimator.classes_).dtype.kind in "iu"


COMPOSITES: dict[type, Composite] = {
    StackingClassifier: stacking_classifier,
    StackingRegressor: stacking_regressor,
}
