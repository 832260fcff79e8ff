"""What a model predicts from a given set of neighbours, and how far rounding moves it."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import is_regressor
from sklearn.neighbors import LocalOutlierFactor
from sklearn.semi_supervised import LabelPropagation, LabelSpreading

from convert.prove.reference import as_emitted
from convert.prove.rounding.band import EPS, UNITS
from convert.prove.rounding.distances import distances

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from convert.graph.emitted import EmittedOutput
    from convert.prove.reference import Answers

    Doubles = NDArray[np.float64]
    Members = NDArray[np.intp]


def is_weighted(estimator: Any) -> bool:
    """Whether votes are inverse distances."""
    weights = getattr(estimator, "weights", None)
    return isinstance(weights, str) and weights == "distance"


def predictions(
    estimator: Any,
    reduced: Doubles,
    slack: Doubles,
    members: Members,
    outputs: Sequence[EmittedOutput],
) -> list[Answers]:
    """The answers with these neighbours: one for each label that rounding leaves open."""
    if isinstance(estimator, LocalOutlierFactor):
        return _outlier_factor(estimator, reduced, slack, members, outputs)
    if is_regressor(estimator):
        if not len(members):
            return []
        weights, _ = _weights(estimator, reduced, slack, members)
        value = np.average(np.asarray(estimator._y)[members], axis=0, weights=weights)[None]
        return [{output.name: value for output in outputs}]
    counted = [votes(estimator, reduced, slack, members, t) for t in range(n_targets(estimator))]
    if not all(count.sum() for count, _ in counted):
        return []
    several = isinstance(estimator.classes_, list)
    classes = estimator.classes_ if several else [estimator.classes_]
    return [
        {
            output.name: _label(classes, winners, output, several=several)
            if output.kind == "label"
            else _shares(counted[output.target or 0][0])
            for output in outputs
        }
        for winners in product(*(_rivals(count, loose) for count, loose in counted))
    ]


def n_targets(estimator: Any) -> int:
    """How many labels a row gets."""
    return len(estimator.classes_) if isinstance(estimator.classes_, list) else 1


def _rivals(count: Doubles, loose: Doubles) -> NDArray[np.intp]:
    best = count.argmax()
    rivals = count[best] - count < loose + loose[best]
    rivals[best] = True
    return np.flatnonzero(rivals)


def _label(
    classes: Sequence[Any], winners: Sequence[int], output: EmittedOutput, *, several: bool
) -> NDArray[Any]:
    label = np.array([one[winner] for one, winner in zip(classes, winners, strict=True)])
    return as_emitted(label[None] if several else label, output)


def _shares(count: Doubles) -> Doubles:
    return np.asarray((count / count.sum())[None])


def votes(
    estimator: Any, reduced: Doubles, slack: Doubles, members: Members, target: int = 0
) -> tuple[Doubles, Doubles]:
    """`(classes,)` the votes of the members, and by how much rounding moves them."""
    if isinstance(estimator, LabelPropagation | LabelSpreading):
        count = estimator.label_distributions_[members].sum(axis=0)
        return count, UNITS * EPS * count
    weights, wobble = _weights(estimator, reduced, slack, members)
    targets, classes = np.asarray(estimator._y)[members], len(estimator.classes_)
    if targets.ndim > 1:
        targets, classes = targets[:, target], len(estimator.classes_[target])
    return (
        np.bincount(targets, weights, classes).astype(np.float64),
        np.bincount(targets, wobble, classes).astype(np.float64),
    )


def outlier_factor(
    estimator: Any, reduced: Doubles, slack: Doubles, members: Members
) -> tuple[float, float]:
    """`score_samples` of `LocalOutlierFactor` with these neighbours, and its unit."""
    k = int(estimator.n_neighbors_)
    found, moved = distances(estimator, reduced[members], slack[members])
    floor = estimator._distances_fit_X_[members, k - 1]
    reach = np.maximum(found, floor)
    mean = reach.mean() + 1e-10
    score = -(estimator._lrd[members] * mean).mean()
    loose = np.where(found + moved < floor, 0.0, moved).mean() / mean
    unit = abs(score) * (loose + UNITS * EPS * k) + UNITS * EPS * abs(estimator.offset_)
    return float(score), float(unit)


def _outlier_factor(
    estimator: Any,
    reduced: Doubles,
    slack: Doubles,
    members: Members,
    outputs: Sequence[EmittedOutput],
) -> list[Answers]:
    score, unit = outlier_factor(estimator, reduced, slack, members)
    decision = score - float(estimator.offset_)
    signs = [1, -1] if abs(decision) < unit else [1 if decision >= 0 else -1]
    known = {"decision_function": decision, "score_samples": score}
    return [
        {output.name: np.array([known.get(output.verb, sign)]) for output in outputs}
        for sign in signs
    ]


def _weights(
    estimator: Any, reduced: Doubles, slack: Doubles, members: Members
) -> tuple[Doubles, Doubles]:
    ones, nothing = np.ones(len(members)), np.zeros(len(members))
    if not is_weighted(estimator):
        return ones, nothing
    found, moved = distances(estimator, reduced[members], slack[members])
    with np.errstate(all="ignore"):
        weights = 1.0 / found
        wobble = weights * (moved / found + UNITS * EPS)
    here = np.isinf(weights)
    return (here.astype(np.float64), nothing) if here.any() else (weights, wobble)
