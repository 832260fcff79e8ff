"""What exactness costs beside plain skl2onnx: conversion, proof, size and one row.

    python benchmarks/conversion.py [NAME...]        `make bench-conversion`

Seconds are of one core (`time.process_time`), so that other work on the machine counts little;
latencies are medians of bare `session.run` on one row, the two graphs taking turns. The plain
graph is float32, ours computes in double.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from convert.graph.emitted import Emitted

ROUNDS = 7
RUNS = 300


@dataclass(frozen=True)
class Cost:
    """One estimator on the digits."""

    name: str
    plain_s: float
    export_s: float
    proof_s: float
    plain_bytes: int
    own_bytes: int
    plain_us: float
    own_us: float

    def row(self) -> str:
        """One line of the table."""
        return (
            f"| {self.name} | {self.plain_s:.2f} | {self.export_s:.2f} | {self.proof_s:.2f} "
            f"| {self.plain_bytes / 1000:.1f} | {self.own_bytes / self.plain_bytes:.2f} "
            f"| {self.plain_us:.1f} | {self.own_us / self.plain_us:.2f} |"
        )


HEAD = (
    "| estimator | plain to_onnx, s | ours, graph alone, s | with proof, s "
    "| plain, kB | ours / plain | plain, one row, µs | ours / plain |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)


def estimators() -> dict[str, Any]:
    """Unfitted, by name."""
    from sklearn.decomposition import PCA
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression, SGDClassifier
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC
    from sklearn.tree import DecisionTreeClassifier

    return {
        "RandomForest(100)": RandomForestClassifier(100, random_state=0),
        "GradientBoosting(20)": GradientBoostingClassifier(n_estimators=20, random_state=0),
        "DecisionTree": DecisionTreeClassifier(random_state=0),
        "SGD, log loss": SGDClassifier(loss="log_loss", random_state=0),
        "scaler, LogisticRegression": make_pipeline(
            StandardScaler(), LogisticRegression(max_iter=300)
        ),
        "PCA(20), LogisticRegression": make_pipeline(PCA(20), LogisticRegression(max_iter=300)),
        "MLP(100)": MLPClassifier(max_iter=60, random_state=0),
        "SVC": SVC(),
        "scaler, kNN": make_pipeline(StandardScaler(), KNeighborsClassifier()),
    }


def measure(name: str, estimator: Any, X: np.ndarray) -> Cost:
    """Convert a fitted estimator both ways."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    import convert

    types = [("X", FloatTensorType([None, X.shape[1]]))]
    options = {id(estimator): {"zipmap": False}}
    plain_s, plain = _timed(
        lambda: to_onnx(estimator, initial_types=types, options=options).SerializeToString()
    )
    export_s, emitted = _timed(lambda: _graph(estimator, X.shape[1]))
    proof_s, artifact = _timed(lambda: convert.export(estimator, X), rounds=2)
    assert artifact.onnx == emitted.onnx, "one estimator, two graphs"
    outputs = [output.name for output in emitted.outputs]
    plain_us, own_us = _one_row(plain, emitted.onnx, outputs, X)
    return Cost(name, plain_s, export_s, proof_s, len(plain), len(emitted.onnx), plain_us, own_us)


def _graph(estimator: Any, n_features: int) -> Emitted:
    from convert.graph.compaction import compacted
    from convert.graph.emit import emit_model

    emitted = emit_model(estimator, n_features)
    return replace(emitted, onnx=compacted(emitted.onnx))


def _timed(make: Callable[[], Any], *, rounds: int = 3) -> tuple[float, Any]:
    """The least of some rounds, for the first imports."""
    seconds, found = [], None
    for _ in range(rounds):
        start = time.process_time()
        found = make()
        seconds.append(time.process_time() - start)
    return min(seconds), found


def _one_row(
    plain: bytes, own: bytes, outputs: Sequence[str], X: np.ndarray
) -> tuple[float, float]:
    """Median microseconds of both, in turns."""
    import onnxruntime

    from edge_infer.engines.onnxruntime import open_session

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(plain, settings, providers=["CPUExecutionProvider"])
    ours = open_session(own)
    names = [output.name for output in session.get_outputs()]
    row = X[:1].astype(np.float32)
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        found[0].append(_per_run(lambda: session.run(names, {"X": row})))
        found[1].append(_per_run(lambda: ours.run(outputs[: len(names)], {"X": X[:1]})))
    return statistics.median(found[0]), statistics.median(found[1])


def _per_run(run: Callable[[], Any]) -> float:
    run()
    start = time.process_time()
    for _ in range(RUNS):
        run()
    return (time.process_time() - start) / RUNS * 1e6


def costs(names: Sequence[str]) -> Iterator[Cost]:
    """The named estimators, or all of them, fitted on the digits."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, estimator in estimators().items():
            if not names or name in names:
                yield measure(name, estimator.fit(X, y), X)


def main(names: Sequence[str]) -> int:
    """Print the table."""
    print(HEAD, flush=True)
    for cost in costs(names):
        print(cost.row(), flush=True)
    return 0


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    sys.exit(main(sys.argv[1:]))
