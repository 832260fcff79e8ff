"""Fit one estimator on one data set, export it, and export it plainly beside ours."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from benchmarks.coverage import datasets
from benchmarks.coverage.estimators import build
from convert import NotExact, Unsupported, export
from edge_infer import EdgeInferError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
    undecided: int = 0


def suitable(candidate: Candidate) -> tuple[Callable[[], Dataset], ...]:
    """The data sets to try: all of the estimator's kind."""
    if candidate.kind == "regressor":
        return datasets.REGRESSION
    if candidate.kind == "classifier":
        return datasets.CLASSIFICATION
    return (*datasets.CLASSIFICATION, datasets.diabetes)


def measure(candidate: Candidate, dataset: Dataset) -> Case:
    """Fit and export; what cannot be fitted is no case against anyone."""
    started = time.perf_counter()

    def case(outcome: Outcome, reason: str = "", undecided: int = 0) -> Case:
        spent = time.perf_counter() - started
        return Case(candidate.name, candidate.kind, dataset.name, outcome, reason, spent, undecided)

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            estimator = fitted(candidate, dataset)
        except Exception as error:
            return case("does not fit", f"{type(error).__name__}: {error}".split("\n")[0][:200])
        try:
            artifact = export(estimator, dataset.X)
        except Unsupported as error:
            return case("unsupported", error.what)
        except NotExact as error:
            own = SELF_DISAGREEMENT in error.what
            return case("self-disagreement" if own else "not exact", error.what)
        except EdgeInferError as error:
            return case("unsupported", error.what)
        except Exception as error:
            return case("error", f"{type(error).__name__}: {error}"[:300])
    return case("exact", undecided=sum(p.undecided for p in artifact.contract.certificate.parity))


def fitted(candidate: Candidate, dataset: Dataset) -> Any:
    """The estimator after `fit`, and once asked to predict: some only refuse then."""
    estimator = build(candidate)
    estimator.fit(dataset.X, dataset.y)
    for verb in ("predict", "transform"):
        if hasattr(estimator, verb):
            getattr(estimator, verb)(dataset.X[:2])
            break
    return estimator


def plain(candidate: Candidate, dataset: Dataset) -> str:
    """What plain `to_onnx` and onnxruntime make of it: `same`, `differs` or `fails`.

    Labels must be equal; scores and transformed values within 1e-5 of their largest, which is
    what its own tests ask of a float32 graph.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            estimator = fitted(candidate, dataset)
            return "same" if all(_plain_agrees(estimator, dataset.X)) else "differs"
        except Exception:
            return "fails"


def _plain_agrees(estimator: Any, X: np.ndarray) -> Iterator[bool]:
    import onnxruntime
    from skl2onnx import to_onnx
    from sklearn.base import is_classifier

    options = {id(estimator): {"zipmap": False}} if is_classifier(estimator) else None
    try:
        model = to_onnx(estimator, X[:1].astype(np.float32), options=options)
    except (NameError, ValueError, RuntimeError):
        model = to_onnx(estimator, X[:1].astype(np.float32))
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), settings)
    got = session.run(None, {session.get_inputs()[0].name: X.astype(np.float32)})
    verbs = ["predict"] if hasattr(estimator, "predict") else ["transform"]
    if is_classifier(estimator) and len(got) > 1 and hasattr(estimator, "predict_proba"):
        verbs.append("predict_proba")
    for verb, found in zip(verbs, got, strict=False):
        want = np.asarray(getattr(estimator, verb)(X))
        found = np.asarray(found).reshape(want.shape)
        if want.dtype.kind == "f":
            scale = np.nanmax(np.abs(want), initial=0.0)
            yield bool(np.all(np.abs(found - want) <= 1e-5 * np.maximum(np.abs(want), scale)))
        else:
            yield bool(np.all(found == want))
