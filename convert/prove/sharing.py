"""One pass over the trees for both of a forest's verbs.

`ForestClassifier.predict` takes the largest of what `predict_proba` gives, and asks all trees
again for it. In one order of additions (see `reference.quiet`) it gives the same twice, so the
second time it is told what it gave.
"""

from __future__ import annotations

import copy
from typing import Any

from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

_FORESTS = (ExtraTreesClassifier, RandomForestClassifier)


def with_shared_answers(estimator: Any) -> Any:
    """An estimator to be asked several verbs of one and the same object X; a forest remembers."""
    if type(estimator) not in _FORESTS:
        return estimator
    known: list[Any] = []

    def predict_proba(X: Any) -> Any:
        if not known or known[0] is not X:
            known[:] = X, type(estimator).predict_proba(estimator, X)
        return known[1]

    asked = copy.copy(estimator)
    asked.predict_proba = predict_proba
    return asked
