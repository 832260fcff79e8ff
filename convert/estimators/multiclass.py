"""Binary estimators put together to many classes: `sklearn.multiclass`."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.multiclass import (
    OneVsOneClassifier,
    OneVsRestClassifier,
    OutputCodeClassifier,
    _ConstantPredictor,
)

from convert.errors import Unsupported
from convert.estimators import labels
from convert.estimators.arrays import dense
from convert.estimators.dummies import repeated
from convert.estimators.members import Composite, Emit, Member, member
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from convert.graph.builder import Graph, Tensor

_ROWS = np.array([1], dtype=np.int64)


def one_vs_rest(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """The class that scores highest; with one estimator or several labels, a threshold."""
    if estimator.label_binarizer_.sparse_input_:
        raise Unsupported("a OneVsRestClassifier trained on sparse labels returns sparse ones")
    if len(estimator.classes_) < 2:
        raise Unsupported(
            "a OneVsRestClassifier of a single class has no exact converter",
            hint="it always predicts that class: use DummyClassifier",
        )
    members = _members(g, estimator, x, emit)
    scores = [_score(g, one) for one in members]
    verbs: dict[str, Scores] = {}
    if hasattr(estimator, "decision_function"):
        verbs["decision_function"] = _columns(g, scores)
    index, indicator = None, None
    if estimator.multilabel_:
        above = g.op("Greater", _columns(g, scores).tensor, _threshold(members[0]))
        indicator = g.cast(above, np.int64)
    elif len(members) == 1:
        index = labels.above(g, scores[0], _threshold(members[0]))
    else:
        index = labels.argmax(g, _columns(g, scores).tensor)
    notes: tuple[str, ...] = ()
    if hasattr(estimator, "predict_proba"):
        if all("predict_proba" in one.emission.verbs for one in members):
            verbs["predict_proba"] = _one_vs_rest_probabilities(
                g, members, normalized=not estimator.multilabel_
            )
        else:
            notes = tuple(note for one in members for note in one.emission.notes)
    columns = None if indicator is None else len(members)
    return Emission(verbs, index, indicator, notes, label_columns=columns)


def one_vs_one(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """Votes of the pairs, their confidences breaking ties: `_ovr_decision_function`."""
    n_classes = len(estimator.classes_)
    members = []
    for position, fitted in enumerate(estimator.estimators_):
        rows = x
        if estimator.pairwise_indices_ is not None:
            columns = np.asarray(estimator.pairwise_indices_[position], dtype=np.int64)
            rows = g.op("Gather", x, columns, axis=1)
        members.append(member(g, f"estimators_[{position}]", fitted, rows, emit))
    if any(is_regressor(one.estimator) for one in members):
        raise Unsupported(
            "a OneVsOneClassifier of regressors counts predictions that are 0 or 1 to the last "
            "bit, which rounding decides",
            hint="use classifiers, or OneVsRestClassifier",
        )
    pairs = list(combinations(range(n_classes), 2))
    first = np.eye(n_classes)[[i for i, _ in pairs]]
    second = np.eye(n_classes)[[j for _, j in pairs]]
    predicted = _columns(g, [one.predicted(g).tensor for one in members], flatten=False).tensor
    confidences = _columns(g, [_score(g, one) for one in members], flatten=False).tensor
    votes = g.op("MatMul", g.cast(g.op("Equal", predicted, 0.0), np.float64), first)
    lost = g.op("MatMul", g.cast(g.op("Equal", predicted, 1.0), np.float64), second)
    confidence = g.op("MatMul", confidences, second - first)
    size = g.op("Mul", g.op("Add", g.op("Abs", confidence), 1.0), 3.0)
    decision = g.op("Add", g.op("Add", votes, lost), g.op("Div", confidence, size))
    if n_classes > 2:
        scores = Scores(decision, n_classes)
        return Emission({"decision_function": scores}, labels.argmax(g, decision))
    positive = g.op("Gather", decision, np.array(1, dtype=np.int64), axis=1)
    index = labels.above(g, positive, _threshold(members[0]))
    return Emission({"decision_function": Scores(positive, None)}, index)


def output_code(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """The class of the nearest code: |y|² - 2y·c + |c|², as `pairwise_distances_argmin` has it."""
    members = _members(g, estimator, x, emit)
    code = _columns(g, [_score(g, one) for one in members], flatten=False).tensor
    book = dense(estimator.code_book_)
    own = g.op("ReduceSum", g.op("Mul", code, code), _ROWS, keepdims=1)
    middle = g.op("MatMul", code, -2.0 * book.T)
    squared = g.op("Add", g.op("Add", own, middle), (book**2).sum(axis=1))
    nearest = g.op("ArgMin", g.op("Max", squared, 0.0), axis=1, keepdims=0)
    return Emission({}, nearest)


def constant_predictor(g: Graph, estimator: Any, x: Tensor) -> Emission:
    """What `_fit_binary` puts where all rows of the training had one label."""
    label = float(np.asarray(estimator.y_)[0])
    vector = Scores(repeated(g, x, np.array(label)), None)
    probabilities = Scores(repeated(g, x, np.array([1 - label, label])), 2)
    verbs = {"predict": vector, "decision_function": vector, "predict_proba": probabilities}
    return Emission(verbs)


def _members(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> list[Member]:
    return [
        member(g, f"estimators_[{position}]", fitted, x, emit)
        for position, fitted in enumerate(estimator.estimators_)
    ]


def _score(g: Graph, one: Member) -> Tensor:
    """`_predict_binary`: a regressor's prediction, a decision or a probability, `(n,)`."""
    if is_regressor(one.estimator):
        return one.predicted(g).tensor
    verb = one.first_of(("decision_function", "predict_proba"))
    scores = one.scores(verb)
    if scores.columns is None:
        return scores.tensor
    if verb == "decision_function":
        raise Unsupported(f"{one.path}: its decision has {scores.columns} columns, not one")
    return _second(g, scores)


def _second(g: Graph, scores: Scores) -> Tensor:
    return g.op("Gather", scores.tensor, np.array(1, dtype=np.int64), axis=1)


def _threshold(one: Member) -> float:
    """`_threshold_for_binary_predict`."""
    return 0.0 if one.has("decision_function") and is_classifier(one.estimator) else 0.5


def _columns(g: Graph, vectors: list[Tensor], *, flatten: bool = True) -> Scores:
    """The vectors `(n,)` side by side; a single one stays flat unless told otherwise."""
    if len(vectors) == 1 and flatten:
        return Scores(vectors[0], None)
    columns = [labels.column(g, vector) for vector in vectors]
    return Scores(g.op("Concat", *columns, axis=1), len(columns))


def _one_vs_rest_probabilities(g: Graph, members: list[Member], *, normalized: bool) -> Scores:
    """The positive probabilities; of exclusive classes divided by their sum, where not 0."""
    positives = [_second(g, one.scores("predict_proba")) for one in members]
    if len(members) == 1:
        found = Scores(labels.two_columns(g, positives[0]), 2)
    else:
        found = _columns(g, positives)
    if not normalized:
        return found
    total = g.op("ReduceSum", found.tensor, _ROWS, keepdims=1)
    safe = g.op("Where", g.op("Equal", total, 0.0), 1.0, total)
    return Scores(g.op("Div", found.tensor, safe), found.columns)


EMITTERS: dict[type, Callable[[Graph, Any, Tensor], Emission]] = {
    _ConstantPredictor: constant_predictor
}

COMPOSITES: dict[type, Composite] = {
    OneVsOneClassifier: one_vs_one,
    OneVsRestClassifier: one_vs_rest,
    OutputCodeClassifier: output_code,
}
