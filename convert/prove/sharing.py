"""One pass over the members for both of an ensemble's verbs.

`ForestClassifier.predict` takes the largest of what `predict_proba` gives, and asks all trees
again for it; a Gaussian process of several classes asks each of its binary ones for probabilities
in both verbs, and `OneVsOneClassifier.predict` asks for the decision. In one order of additions
(see `reference.quiet`) they give the same twice, so the second time they are told what they gave.
"""

from __future__ import annotations

import copy
from typing import Any

from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process._gpc import _BinaryGaussianProcessClassifierLaplace
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier

_FORESTS = (ExtraTreesClassifier, RandomForestClassifier)


def with_shared_answers(estimator: Any) -> Any:
    """An estimator to be asked several verbs of one and the same object X; members remember."""
    if type(estimator) in _FORESTS:
        return _remembering(estimator, "predict_proba")
    if type(estimator) is OneVsOneClassifier:
        return _remembering(estimator, "decision_function")
    if type(estimator) is GaussianProcessClassifier and _asks_for_probabilities(estimator):
        asked, members = copy.copy(estimator), copy.copy(estimator.base_estimator_)
        members.estimators_ = [_remembering(one, "predict_proba") for one in members.estimators_]
        asked.base_estimator_ = members
        return asked
    return estimator


def _asks_for_probabilities(estimator: GaussianProcessClassifier) -> bool:
    """Whether it decides by the probabilities of one class against the rest."""
    return type(estimator.base_estimator_) is OneVsRestClassifier and all(
        type(one) is _BinaryGaussianProcessClassifierLaplace
        for one in estimator.base_estimator_.estimators_
    )


def _remembering(estimator: Any, verb: str) -> Any:
    known: list[Any] = []

    def remembered(X: Any) -> Any:
        if not known or known[0] is not X:
            known[:] = X, getattr(type(estimator), verb)(estimator, X)
        return known[1]

    asked = copy.copy(estimator)
    setattr(asked, verb, remembered)
    return asked
