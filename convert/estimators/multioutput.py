"""One estimator for each target, alone or in a chain: `sklearn.multioutput`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.multioutput import (
    ClassifierChain,
    MultiOutputClassifier,
    MultiOutputRegressor,
    RegressorChain,
)

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


def multi_output_classifier(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """Every target by its own classifier; its probabilities are a list."""
    members = [
        member(g, f"estimators_[{position}]", fitted, x, emit)
        for position, fitted in enumerate(estimator.estimators_)
    ]
    lists, notes = {}, tuple(note for one in members for note in one.emission.notes)
    if all("predict_proba" in one.emission.verbs for one in members):
        lists["predict_proba"] = tuple(one.scores("predict_proba") for one in members)
    return Emission(notes=notes, targets=tuple(_index(one) for one in members), lists=lists)


def classifier_chain(g: Graph, estimator: Any, x: Tensor, emit: Emit) -> Emission:
    """Each classifier sees the rows and what those before it say; labels come as float64."""
    seen: list[Tensor] = []
    members = []
    for position, fitted in enumerate(estimator.estimators_):
        one = member(g, f"estimators_[{position}]", fitted, _concat(g, [x, *seen]), emit)
        seen.append(_answer(g, one, estimator.chain_method_))
        members.append(one)
    places = [int(place) for place in np.argsort(estimator.order_)]
    verbs, notes = {}, []
    for verb in ("predict_proba", "decision_function"):
        if not hasattr(estimator, verb):
            continue
        if all(_is_single(one, verb) for one in members):
            columns = [_answer(g, members[place], verb) for place in places]
            verbs[verb] = Scores(_concat(g, columns), len(columns))
        else:
            notes.append(f"{verb} of the ClassifierChain is not served: a member has none or many")
    targets = tuple(
        _as_position_in(g, members[place], estimator.classes_[target])
        for target, place in enumerate(places)
    )
    return Emission(verbs, notes=tuple(notes), targets=targets, target_dtype="float64")


def _as_position_in(g: Graph, one: Member, classes: Any) -> Tensor:
    """`classes_` of a chain is in the chain's order, while `predict` is in the targets'."""
    listed = np.asarray(classes).tolist()
    own = np.asarray(one.estimator.classes_).tolist()
    if own == listed:
        return _index(one)
    if not set(own) <= set(listed):
        raise Unsupported(
            f"{one.path}: a ClassifierChain whose order moves targets of other classes",
            expected=f"classes among {listed}",
            actual=own,
            hint="chain in the order of the targets, or encode them all alike",
        )
    table = np.array([listed.index(label) for label in own], dtype=np.int64)
    return g.op("Gather", table, _index(one))


def _is_single(one: Member, verb: str) -> bool:
    """Whether the verb says one number a row: where it says more, scikit-learn raises."""
    scores = one.emission.verbs.get(verb)
    wanted = 2 if verb == "predict_proba" else None
    return scores is not None and scores.columns == wanted


def _index(one: Member) -> Tensor:
    if one.emission.index is None:
        raise Unsupported(f"{one.path}: is no classifier of a single target")
    return one.emission.index


def _answer(g: Graph, one: Member, verb: str) -> Tensor:
    """`_get_response_values`: of two probabilities the second, `(n, 1)`."""
    scores = one.predicted(g) if verb == "predict" else one.scores(verb)
    if scores.columns is None:
        return labels.column(g, scores.tensor)
    assert _is_single(one, verb), "scikit-learn fits no chain on several columns"
    return g.op("Gather", scores.tensor, np.array([1], dtype=np.int64), axis=1)


def _column(g: Graph, one: Member) -> Tensor:
    scores = one.predicted(g)
    if scores.columns is not None:
        raise Unsupported(f"{one.path}: predicts {scores.columns} targets where one is needed")
    return labels.column(g, scores.tensor)


def _concat(g: Graph, parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else g.op("Concat", *parts, axis=1)


COMPOSITES: dict[type, Composite] = {
    ClassifierChain: classifier_chain,
    MultiOutputClassifier: multi_output_classifier,
    MultiOutputRegressor: multi_output_regressor,
    RegressorChain: regressor_chain,
}
