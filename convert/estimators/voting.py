"""Votes and averages of several estimators: `sklearn.ensemble._voting`.

Members of the classifier are trained on labels encoded as 0 ... k - 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.ensemble import VotingClassifier, VotingRegressor

from convert.errors import Unsupported
from convert.estimators import labels
from convert.estimators.members import Composite, Emit, Member, member, summed
from convert.graph.emission import Emission, Scores

if TYPE_CHECKING:
    from convert.graph.builder import Graph, Tensor


def voting_classifier(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """The first largest average probability, or the class with the most weighted votes."""
    members = _members(g, estimator, x, emit)
    if estimator.voting == "soft":
        return _soft(g, estimator, members)
    return _hard(g, estimator, members)


def voting_regressor(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """`numpy.average` of the predictions."""
    members = _members(g, estimator, x, emit)
    predictions = [one.predicted(g) for one in members]
    for one, prediction in zip(members, predictions, strict=True):
        if prediction.columns is not None:
            raise Unsupported(f"{one.path}: predicts several targets, which cannot be averaged")
    average = _average(g, [scores.tensor for scores in predictions], estimator)
    columns = [labels.column(g, scores.tensor) for scores in predictions]
    transformed = Scores(g.op("Concat", *columns, axis=1), len(columns))
    return Emission({"predict": Scores(average, None), "transform": transformed})


def _members(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> list[Member]:
    names = [name for name, given in estimator.estimators if given != "drop"]
    return [
        member(g, f"member {name!r}", fitted, x, emit)
        for name, fitted in zip(names, estimator.estimators_, strict=True)
    ]


def _soft(g: Graph, estimator: Any, members: list[Member]) -> Emission:
    n_classes = len(estimator.classes_)
    probabilities = [one.scores("predict_proba").tensor for one in members]
    average = _average(g, probabilities, estimator)
    verbs = {"predict_proba": Scores(average, n_classes)}
    notes: tuple[str, ...] = ()
    if estimator.flatten_transform:
        every = g.op("Concat", *probabilities, axis=1)
        verbs["transform"] = Scores(every, n_classes * len(members))
    else:
        notes = (
            "transform of a VotingClassifier with flatten_transform=False is not served: its "
            "first axis is the members, not the rows",
        )
    return Emission(verbs, labels.argmax(g, average), notes=notes)


def _hard(g: Graph, estimator: Any, members: list[Member]) -> Emission:
    """`numpy.argmax(numpy.bincount(labels, weights))` for every row."""
    weights = estimator._weights_not_none
    votes = []
    for position, one in enumerate(members):
        weight = 1.0 if weights is None else float(weights[position])
        if not weight >= 0:
            raise Unsupported(
                f"{one.path}: votes with the weight {weight}, with which numpy.bincount may "
                "prefer a class that nobody voted for",
                expected="weights of at least 0",
            )
        classes = list(one.positions(len(estimator.classes_)))
        assert one.emission.index is not None
        table = np.eye(len(estimator.classes_))[classes] * weight
        votes.append(g.op("Gather", table, one.emission.index))
    index = labels.argmax(g, summed(g, votes))
    columns = [labels.column(g, one.predicted(g).tensor) for one in members]
    every = Scores(g.op("Concat", *columns, axis=1), len(columns), dtype="int64")
    return Emission({"transform": every}, index)


def _average(g: Graph, parts: list[Tensor], estimator: Any) -> Tensor:
    """`numpy.average` over the members: weighted, summed one by one, divided."""
    weights = estimator._weights_not_none
    if weights is None:
        return g.op("Div", summed(g, parts), float(len(parts)))
    doubles = np.asarray(weights, dtype=np.float64)
    weighted = [g.op("Mul", part, weight) for part, weight in zip(parts, doubles, strict=True)]
    return g.op("Div", summed(g, weighted), float(np.asarray(weights).sum()))


COMPOSITES: dict[type, Composite] = {
    VotingClassifier: voting_classifier,
    VotingRegressor: voting_regressor,
}
