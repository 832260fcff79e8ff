"""Which estimators of scikit-learn the native engine takes, into docs/native-coverage.md.

    make coverage-native

Each class is trained on the first data set of numbers of its kind (benchmarks/coverage), exported,
proven, compiled and run on the rows of the proof and on rows at the model's own thresholds, beside
the graph and beside scikit-learn. What is refused is refused by name.
"""

from __future__ import annotations

import os
import sys

if os.environ.get("OMP_NUM_THREADS") != "1":
    # Numerical libraries read these when they are loaded.
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ORT_DISABLE_TELEMETRY": "1"}
    os.execve(
        sys.executable, [sys.executable, "-m", __spec__.name, *sys.argv[1:]], {**os.environ, **one}
    )

import argparse
import multiprocessing
import resource
import signal
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.coverage.estimators import KINDS, candidates
from benchmarks.coverage.measure import fitted, suitable
from benchmarks.coverage.record import Record
from convert import NotExact, export
from convert.native.build import build
from convert.native.compiling import compile_model
from convert.prove import effort
from edge_infer import EdgeInferError
from edge_infer.compiled_model import open_compiled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.coverage.datasets import Dataset
    from benchmarks.coverage.estimators import Candidate

PAGE = Path(__file__).parents[2] / "docs" / "native-coverage.md"
DATASETS = 1
"""For each class; a proof of each takes seconds."""
SECONDS = 120
"""Of one core, for one estimator; what takes longer is named as that."""
LATE = "not asked in time"
NO_NUMBERS = "takes no matrix of numbers"
OTHERWISE = {
    "AffinityPropagation": "the compiled model would answer otherwise near 1e308, where a product "
    "overflows that a fused one does not"
}
"""Refused when their compiled model is compared, and why."""
SHORT = [
    "LogisticRegression",
    "SGDClassifier",
    "Perceptron",
    "RidgeClassifier",
    "LinearDiscriminantAnalysis",
    "DecisionTreeClassifier",
    "RandomForestClassifier",
    "ExtraTreesClassifier",
    "GradientBoostingClassifier",
    "HistGradientBoostingClassifier",
    "AdaBoostClassifier",
    "MLPClassifier",
    "SVC",
    "NuSVC",
    "LinearSVC",
    "GaussianNB",
    "BernoulliNB",
    "MultinomialNB",
    "KNeighborsClassifier",
    "NearestCentroid",
    "LinearRegression",
    "SGDRegressor",
    "DecisionTreeRegressor",
    "RandomForestRegressor",
    "GradientBoostingRegressor",
    "HistGradientBoostingRegressor",
    "MLPRegressor",
    "SVR",
    "KNeighborsRegressor",
    "KMeans",
    "MiniBatchKMeans",
    "IsolationForest",
    "StandardScaler",
    "MinMaxScaler",
    "MaxAbsScaler",
    "RobustScaler",
    "PCA",
    "SimpleImputer",
    "OneHotEncoder",
    "OrdinalEncoder",
    "PolynomialFeatures",
    "KBinsDiscretizer",
]


@dataclass(frozen=True)
class Found:
    """One estimator on one data set."""

    estimator: str
    kind: str
    dataset: str
    rows: int = 0
    labels: int = 0
    differ: int = 0
    """Decided labels that are not scikit-learn's."""
    undecided: int = 0
    size_bytes: int = 0
    no_graph: str = ""
    """Why there is no proven graph to compile."""
    refused: str = ""
    """Why there is a graph and no compiled model."""
    failed: str = ""


def tried(candidate: Candidate) -> Iterator[Found]:
    """The first data sets of numbers on which it fits."""
    left = DATASETS
    for make in suitable(candidate):
        dataset = make()
        if not isinstance(dataset.X, np.ndarray) or dataset.X.dtype.kind != "f" or left == 0:
            continue
        try:
            estimator = fitted(candidate, dataset)
        except Exception:  # scikit-learn refuses its own data sets in many ways
            continue
        left -= 1
        yield compared(candidate, dataset, estimator)


def compared(candidate: Candidate, dataset: Dataset, estimator: Any) -> Found:
    """Export, compile and count."""
    about = (candidate.name, candidate.kind, dataset.name)
    try:
        artifact = export(estimator, dataset.X)
    except EdgeInferError as error:
        return Found(*about, no_graph=error.what)
    try:
        compile_model(artifact.onnx, artifact.contract)
    except EdgeInferError as error:
        return Found(*about, refused=error.what)
    try:
        built = build(
            artifact.onnx, artifact.contract, artifact.golden, "host", probes=artifact.probes
        )
    except NotExact as error:
        if candidate.name in OTHERWISE:
            return Found(*about, refused=OTHERWISE[candidate.name])
        return Found(*about, differ=1, failed=str(error))
    (native,), (data,) = built.contract.native, built.files.values()
    model = open_compiled(data, built.contract, native, artifact.golden)
    labels = differ = undecided = 0
    if "predict" in model.verbs and any(o.kind == "label" for o in built.contract.outputs):
        labels, differ, undecided = _labels(artifact, model, estimator, dataset.X)
    return Found(*about, native.rows_compared, labels, differ, undecided, native.size_bytes)


def _labels(artifact: Any, model: Any, estimator: Any, X: Any) -> tuple[int, int, int]:
    """Labels compared, decided ones that differ, and others.

    A label may differ where the proof found it undecided: where the graph, which was compared
    with scikit-learn then, differs as well or was found tied when the model was compiled.
    """
    import edge_infer.engines.onnxruntime as engine

    session = engine.open_session(artifact.onnx)
    outputs = [o for o in artifact.contract.outputs if o.verb == "predict"]
    rows = [X] if artifact.probes is None else [X, artifact.probes]
    labels = differ = undecided = 0
    for part in rows:
        part = np.ascontiguousarray(part, dtype=np.float64)
        try:
            got, want = np.asarray(model.predict(part)), np.asarray(estimator.predict(part))
        except (EdgeInferError, ValueError):  # a row that scikit-learn refuses is among them
            continue
        graph = session.run([o.name for o in outputs], {artifact.contract.inputs[0].name: part})
        wrong = (got != want).reshape(len(part), -1).any(axis=1)
        same = np.ones(len(part), dtype=bool)
        for position, answer in enumerate(graph):
            mine = want if len(outputs) == 1 else want[:, position]
            same &= (answer.astype(mine.dtype) == mine).reshape(len(part), -1).all(axis=1)
        labels += wrong.size
        undecided += int(wrong.sum())
        if part is X:
            differ += int((wrong & same).sum())
    return labels, differ, undecided - differ


class _TooLongError(Exception):
    """Raised by the limit of processor time."""


def _too_long(_number: int, _frame: object) -> None:
    raise _TooLongError


def _measured(candidate: Candidate) -> list[Found]:
    signal.signal(signal.SIGXCPU, _too_long)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS * 3))
    warnings.simplefilter("ignore")
    try:
        with np.errstate(all="ignore"):
            found = list(tried(candidate))
        return found or [Found(candidate.name, candidate.kind, "", no_graph=NO_NUMBERS)]
    except _TooLongError:
        return [Found(candidate.name, candidate.kind, "", no_graph=f"takes over {SECONDS} s")]
    except Exception as error:  # one that fails must not end the table
        said = f"{type(error).__name__}: {error}"[:200]
        return [Found(candidate.name, candidate.kind, "", failed=said)]


def asked_in_time(
    chosen: list[Candidate], processes: int, minutes: float
) -> Iterator[tuple[Candidate, list[Found]]]:
    """What each class answers, told as it comes; `LATE` for those that had no time left."""
    started = time.monotonic()
    with multiprocessing.get_context("fork").Pool(processes, maxtasksperchild=1) as pool:
        waiting = [(one, pool.apply_async(_measured, (one,))) for one in chosen]
        for candidate, answer in waiting:
            left = minutes * 60 - (time.monotonic() - started)
            try:
                mine = answer.get(timeout=max(left, 0))
            except multiprocessing.TimeoutError:
                mine = [Found(candidate.name, candidate.kind, "", no_graph=LATE)]
            said = [
                one.failed or one.refused or one.no_graph or f"{one.rows} rows, {one.differ} differ"
                for one in mine
            ]
            print(f"[{time.monotonic() - started:.0f} s] {candidate.name}: {said}", flush=True)
            yield candidate, mine


def page(found: list[Found], left_out: list[str]) -> str:
    """The whole page."""
    found = list(dict.fromkeys(found))  # a class of two kinds was asked twice
    taken = [one for one in found if one.rows]
    classes = {one.estimator for one in found if one.rows or one.refused or one.failed}
    lines = [
        "# What is compiled, estimator by estimator",
        "",
        "`make coverage-native` writes this page: each class on the first data set of numbers that",
        "it fits, exported, proven, compiled and run beside the graph and scikit-learn, on the",
        "rows of the proof and on rows at the model's own thresholds.",
        "",
        f"{len({one.estimator for one in taken})} of {len(classes)} asked classes with an exact "
        "graph of numbers are compiled;",
        f"{sum(one.rows for one in taken):,} rows, {sum(one.differ for one in taken)} decided "
        "labels differ.",
        "",
    ]
    for kind, title in KINDS.items():
        mine = [one for one in taken if one.kind == kind]
        if not mine:
            continue
        lines += [f"## {title}", "", _HEAD, _RULE]
        lines += [f"| {one.estimator} | {one.rows:,} | {one.differ} |" for one in mine]
        lines.append("")
    refused = sorted({(one.estimator, one.refused) for one in found if one.refused})
    if refused:
        lines += ["## Refused by name", "", "| estimator | because |", "| --- | --- |"]
        lines += [f"| {name} | {why} |" for name, why in refused]
        lines.append("")
    without = sorted(
        {(one.estimator, one.no_graph) for one in found if one.no_graph not in ("", LATE)}
    )
    if without:
        lines += ["## Without a proven graph to compile", "", "| estimator | because |"]
        lines += ["| --- | --- |", *(f"| {name} | {why} |" for name, why in without), ""]
    late = [one.estimator for one in found if one.no_graph == LATE]
    unasked = sorted({*late, *left_out})
    if unasked:
        lines += ["## Not asked in this run", "", ", ".join(unasked) + ".", ""]
    return "\n".join(lines)


_HEAD = "| estimator | rows compared | decided labels that differ |"
_RULE = "| --- | ---: | ---: |"


def main() -> int:
    """Measure; write the page where every class was asked. 1 where a label differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("estimators", nargs="*", help="only these classes")
    parser.add_argument("--short", action="store_true", help="one or two classes of each family")
    parser.add_argument("--minutes", type=float, default=60.0, help="ask no more after so many")
    parser.add_argument("--keep", type=Path, help="a file of answers: goes on where it ends")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    # What counts here is the many models: a tenth of the rows of a proof.
    effort.BOUNDS = effort.Bounds(
        probes=(200, 300), alone=(16, 24), engine=(60, 90), row_buffers=20
    )
    everyone = candidates()
    asked = given.estimators or (SHORT if given.short else [one.name for one in everyone])
    chosen = [one for one in everyone if one.name in asked]
    record = Record(given.keep, Found) if given.keep else None
    found = [one for one in record.cases if one.estimator in asked] if record else []
    left = [one for one in chosen if record is None or record.misses(one)]
    for candidate, mine in asked_in_time(left, given.processes, given.minutes):
        found += mine
        if record and not any(one.no_graph == LATE or one.failed for one in mine):
            record.add(candidate, mine)
    if not given.estimators:
        PAGE.write_text(page(found, [one.name for one in everyone if one not in chosen]), "utf-8")
    return int(any(one.differ or one.failed for one in found))


if __name__ == "__main__":
    sys.exit(main())
