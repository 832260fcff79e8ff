"""Calibrated classifiers: `sklearn.calibration.CalibratedClassifierCV`.

Each fold's estimator is asked for its decision, or its probabilities if it has none; the fold's
calibrators make probabilities of them, which are averaged over the folds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV

from convert.errors import Unsupported
from convert.estimators import labels
from convert.estimators.arrays import Doubles, dense
from convert.estimators.interpolation import clipped_interpolation
from convert.estimators.members import Composite, Emit, Member, member, summed
from convert.estimators.sums import numpy_sum
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from convert.graph.builder import Graph, Tensor

_ROWS = np.array([1], dtype=np.int64)
_RESPONSES = ("decision_function", "predict_proba")


def calibrated_classifier(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """The first largest mean probability."""
    n_classes = len(estimator.classes_)
    if n_classes < 2:
        raise Unsupported("a CalibratedClassifierCV of a single class has no exact converter")
    folds = []
    for position, fold in enumerate(estimator.calibrated_classifiers_):
        path = f"calibrated_classifiers_[{position}].estimator"
        folds.append(_fold(g, fold, member(g, path, fold.estimator, x, emit)))
    mean = g.op("Div", summed(g, folds), float(len(folds)))
    return Emission({"predict_proba": Scores(mean, n_classes)}, labels.argmax(g, mean))


def _fold(g: Graph, fold: Any, one: Member) -> Tensor:
    """`_CalibratedClassifier.predict_proba`: `(n, k)`."""
    verb = one.first_of(_RESPONSES)
    response = _response(g, one, verb)
    if fold.method == "temperature":
        found = _tempered(g, fold, response, is_probability=verb == "predict_proba")
    else:
        found = _by_class(g, fold, one, response)
    # Probabilities just above 1, which rounding makes, count as 1.
    return g.op("Min", found, 1.0)


def _response(g: Graph, one: Member, verb: str) -> Scores:
    """`_get_response_values`: one column for a binary estimator, `(n, 1)`."""
    scores = one.scores(verb)
    if scores.columns is None:
        return Scores(labels.column(g, scores.tensor), 1)
    if verb == "predict_proba" and len(one.estimator.classes_) == 2:
        positive = g.op("Gather", scores.tensor, np.array([1], dtype=np.int64), axis=1)
        return Scores(positive, 1)
    return scores


def _by_class(g: Graph, fold: Any, one: Member, response: Scores) -> Tensor:
    """A calibrator for every class, or for the second of two."""
    found = _calibrated(g, fold, response)
    classes = np.asarray(fold.classes)
    if len(classes) == 2:
        return g.op("Concat", g.op("Sub", 1.0, found), found, axis=1)
    # Where the fold saw two classes, scikit-learn calibrates one column, the first class's.
    seen = np.searchsorted(classes, np.asarray(one.estimator.classes_))[: len(fold.calibrators)]
    if len(seen) < len(classes):
        found = g.op("MatMul", found, np.eye(len(classes))[seen])
    # Isotonic calibrators tie often, and the mean over folds keeps or breaks the ties.
    total = labels.column(g, numpy_sum(g, found, len(classes)))
    nothing = g.op("Equal", total, 0.0)
    share = g.op("Div", found, g.op("Where", nothing, 1.0, total))
    return g.op("Where", nothing, 1 / len(classes), share)


def _calibrated(g: Graph, fold: Any, response: Scores) -> Tensor:
    """Every column through its own calibrator: `(n, c)`."""
    calibrators = fold.calibrators
    if len(calibrators) != response.columns:
        raise Unsupported(
            f"{len(calibrators)} calibrators for {response.columns} columns of decisions have no "
            "exact converter"
        )
    if fold.method == "sigmoid":
        slope = np.array([float(one.a_) for one in calibrators])
        offset = np.array([float(one.b_) for one in calibrators])
        bent = g.op("Exp", g.op("Add", g.op("Mul", response.tensor, slope), offset))
        return g.op("Div", 1.0, g.op("Add", bent, 1.0))
    knots, values = [], []
    for one in calibrators:
        if one.X_thresholds_.dtype != np.float64:
            raise Unsupported(
                "an isotonic calibrator fitted on float32 decisions computes in float32",
                hint="train on float64 rows",
            )
        knots.append(_clip_range(one))
        values.append(dense(one.y_thresholds_))
    return clipped_interpolation(g, response.tensor, knots, values)


def _clip_range(calibrator: Any) -> Doubles:
    """The knots of `IsotonicRegression`, whose ends are where it clips."""
    knots = dense(calibrator.X_thresholds_)
    assert (knots[0], knots[-1]) == (calibrator.X_min_, calibrator.X_max_)
    return knots


def _tempered(g: Graph, fold: Any, response: Scores, *, is_probability: bool) -> Tensor:
    """`_TemperatureScaling.predict`: the softmax of beta times the logits."""
    tensor = response.tensor
    if response.columns == 1 and is_probability:
        tensor = g.op("Concat", g.op("Sub", 1.0, tensor), tensor, axis=1)
    elif response.columns == 1:
        tensor = g.op("Concat", g.op("Neg", tensor), tensor, axis=1)
        return labels.softmax(g, g.op("Mul", tensor, float(fold.calibrators[0].beta_)))
    logits = _logits(g, tensor)
    return labels.softmax(g, g.op("Mul", logits, float(fold.calibrators[0].beta_)))


def _logits(g: Graph, tensor: Tensor) -> Tensor:
    """`_convert_to_logits`: the logarithm if the whole batch looks like probabilities."""
    low = g.op("ReduceMin", tensor, keepdims=0)
    high = g.op("ReduceMax", tensor, keepdims=0)
    total = g.op("ReduceSum", tensor, _ROWS, keepdims=0)
    # numpy.isclose(total, 1)
    far = g.op("ReduceMax", g.op("Abs", g.op("Sub", total, 1.0)), keepdims=0)
    between = g.op("And", g.op("GreaterOrEqual", low, 0.0), g.op("LessOrEqual", high, 1.0))
    are_probabilities = g.op("And", between, g.op("LessOrEqual", far, 1e-8 + 1e-5))
    return g.op("Where", are_probabilities, g.op("Log", g.op("Add", tensor, 1e-12)), tensor)


COMPOSITES: dict[type, Composite] = {CalibratedClassifierCV: calibrated_classifier}
