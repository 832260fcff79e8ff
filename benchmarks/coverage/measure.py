"""Fit one estimator on one data set, export it, and export it plainly beside ours."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from benchmarks.coverage import datasets
from benchmarks.coverage.building import Unclassified, build
from benchmarks.coverage.plain import plain
from benchmarks.coverage.refused import NOT_ROWS
from convert import NotExact, export
from edge_infer import EdgeInferError

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.coverage.datasets import Dataset
    from benchmarks.coverage.estimators import Candidate

Outcome = Literal["exact", "self-disagreement", "unsupported", "not exact", "does not fit", "error"]

SELF_DISAGREEMENT = "scikit-learn disagrees with itself"
"""How the prover begins the refusal of a model that has no single answer."""


@dataclass(frozen=True)
class Case:
    """What came of one estimator on one data set."""

    estimator: str
    kind: str
    dataset: str
    outcome: Outcome
    reason: str
    seconds: float
    """Of one core, for the export and the proof alone."""
    undecided: int = 0
    plain: str = ""


_OWN: dict[str, tuple[Callable[[], Dataset], ...]] = {
    "CategoricalNB": (datasets.counts, datasets.mixed_frame),
    "CountVectorizer": (datasets.documents,),
    "HashingVectorizer": (datasets.documents,),
    "KernelCenterer": (datasets.kernel_matrix,),
    "LabelBinarizer": (datasets.labels,),
    "LabelEncoder": (datasets.labels,),
    "OneHotEncoder": (datasets.categories, datasets.counts, datasets.duplicated_rows),
    "OrdinalEncoder": (datasets.categories, datasets.counts, datasets.duplicated_rows),
    "TargetEncoder": (datasets.categories, datasets.counts, datasets.duplicated_rows),
    "TfidfVectorizer": (datasets.documents,),
}
_FURTHER: dict[str, tuple[Callable[[], Dataset], ...]] = {
    "IsotonicRegression": (datasets.one_column,),
}


_READ_TARGETS = ("LabelBinarizer", "LabelEncoder")


def suitable(candidate: Candidate) -> tuple[Callable[[], Dataset], ...]:
    """The data sets to try: all of the estimator's kind."""
    if candidate.name in _OWN:
        return _OWN[candidate.name]
    if candidate.name in NOT_ROWS:
        return datasets.UNSUPERVISED[:1]
    if candidate.kind == "regressor":
        return datasets.REGRESSION
    if candidate.kind == "classifier":
        return datasets.CLASSIFICATION
    return (*datasets.UNSUPERVISED, *_FURTHER.get(candidate.name, ()))


def measure(candidate: Candidate, dataset: Dataset, *, compare: bool = False) -> Case:
    """Fit and export; what cannot be fitted is no case against anyone.

    `compare` has plain skl2onnx export the same estimator beside it.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            estimator = fitted(candidate, dataset)
        except Unclassified:
            raise
        except Exception as error:
            return _unfitted(candidate, dataset, error)
        case = _exported(candidate, dataset, estimator)
        return replace(case, plain=plain(estimator, dataset.X)) if compare else case


def _unfitted(candidate: Candidate, dataset: Dataset, error: Exception) -> Case:
    reason = f"{type(error).__name__}: {error}".split("\n")[0][:200]
    return Case(candidate.name, candidate.kind, dataset.name, "does not fit", reason, 0.0)


def _exported(candidate: Candidate, dataset: Dataset, estimator: Any) -> Case:
    started = time.process_time()

    def case(outcome: Outcome, reason: str = "", undecided: int = 0) -> Case:
        spent = time.process_time() - started
        return Case(candidate.name, candidate.kind, dataset.name, outcome, reason, spent, undecided)

    try:
        artifact = export(estimator, dataset.X)
    except NotExact as error:
        own = SELF_DISAGREEMENT in error.what
        return case("self-disagreement" if own else "not exact", str(error))
    except EdgeInferError as error:
        return case("unsupported", error.what)
    except Exception as error:
        return case("error", f"{type(error).__name__}: {error}"[:300])
    contract = artifact.contract
    verbs = {output.verb for output in contract.outputs}
    if candidate.kind == "transformer" and not {"transform", "predict"} & verbs:
        return case("unsupported", f"serves {', '.join(sorted(verbs))} alone")
    return case("exact", undecided=sum(p.undecided for p in contract.certificate.parity))


def fitted(candidate: Candidate, dataset: Dataset) -> Any:
    """The estimator after `fit`, and once asked to predict: some only refuse then."""
    estimator = build(candidate, dataset)
    if candidate.name in _READ_TARGETS:
        estimator.fit(dataset.y)
    else:
        estimator.fit(dataset.X, dataset.y)
    for verb in ("predict", "transform"):
        if hasattr(estimator, verb):
            getattr(estimator, verb)(dataset.X[:2])
            break
    return estimator
