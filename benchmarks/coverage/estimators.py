"""Every estimator of the installed scikit-learn, by kind."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sklearn.utils import all_estimators

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["classifier", "regressor", "clusterer", "outlier", "transformer", "other"]

KINDS: Mapping[Kind, str] = {
    "classifier": "Classifiers",
    "regressor": "Regressors",
    "clusterer": "Clusterers that predict",
    "outlier": "Outlier detectors",
    "transformer": "Transformers",
    "other": "Searches, pipelines, mixtures, vectorizers",
}

_WORDS: Mapping[Kind, str] = {
    "classifier": "classifier",
    "regressor": "regressor",
    "clusterer": "cluster",
    "transformer": "transformer",
}


@dataclass(frozen=True)
class Candidate:
    """One public estimator class and its kind."""

    name: str
    estimator: type
    kind: Kind


def candidates() -> list[Candidate]:
    """Every public estimator that predicts or transforms, once for each kind that it is of."""
    from sklearn.base import OutlierMixin

    # What these imports bring in is counted whether another module has done so or not.
    from sklearn.experimental import enable_halving_search_cv, enable_iterative_imputer

    del enable_halving_search_cv, enable_iterative_imputer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        everything = dict(all_estimators())
        found = [
            Candidate(name, estimator, kind)
            for kind, word in _WORDS.items()
            for name, estimator in all_estimators(word)
            if kind != "clusterer" or hasattr(estimator, "predict")
        ]
    found += [
        Candidate(name, estimator, "outlier")
        for name, estimator in everything.items()
        if issubclass(estimator, OutlierMixin) and estimator is not OutlierMixin
    ]
    known = {candidate.name for candidate in found}
    found += [
        Candidate(name, estimator, "other")
        for name, estimator in everything.items()
        if name not in known
        # A frozen estimator has the verbs of the one that it holds.
        and any(hasattr(estimator, verb) for verb in ("predict", "transform", "__getattr__"))
    ]
    order = list(KINDS)
    return sorted(found, key=lambda one: (order.index(one.kind), one.name))
