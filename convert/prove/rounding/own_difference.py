"""8 times scikit-learn's own difference between a row alone and in a batch, where it decides by
scores that it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from convert.prove.reference import quiet
from convert.prove.rounding.band import EPS, Band, class_band, no_band

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from convert.prove.reference import Reference

    Doubles = NDArray[np.float64]

_DECISION_VERBS = ("decision_function", "predict_proba", "transform")


def own_difference(
    reference: Reference, classes: NDArray[Any] | None, X: Doubles, rows: NDArray[np.intp]
) -> Band:
    """The band of X `(n, f)` as far as asking about `rows` one by one tells."""
    scores = None if classes is None else _decision(reference, X)
    if scores is None or classes is None or (scores.ndim == 2 and scores.shape[1] != len(classes)):
        return no_band(len(X))
    alone = np.concatenate([_decision(reference, X[i : i + 1]) for i in rows])
    spread = np.abs(alone - scores[rows]).reshape(len(rows), -1).max(axis=1)
    terms = np.zeros_like(scores)
    # class_band multiplies by 8 eps and adds both classes' shares: give each the half.
    share = spread / EPS / (1.0 if scores.ndim == 1 else 2.0)
    terms[rows] = share.reshape(-1, *[1] * (scores.ndim - 1))
    return class_band(scores, terms, classes)


def _decision(reference: Reference, X: Doubles) -> Doubles | None:
    for verb in _DECISION_VERBS:
        if hasattr(reference.estimator, verb):
            with quiet():
                found = getattr(reference.estimator, verb)(reference.frame(X))
            is_list = isinstance(found, list) or hasattr(found, "toarray")
            return None if is_list else np.asarray(found, dtype=np.float64)
    return None
