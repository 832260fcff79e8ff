"""One row at a time: `Model.predict` beside a bare `session.run` of the same file and sklearn."""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import convert
import edge_infer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np

ROUNDS = 21
"""The three are timed in turn, so that a slow moment of the machine meets all of them."""


@dataclass(frozen=True)
class Measured:
    """Medians over the rounds, in microseconds a row."""

    name: str
    ours_us: float
    bare_us: float
    sklearn_us: float
    over_bare: float
    """Median over the rounds of ours / bare."""
    faster: float
    """Median over the rounds of scikit-learn / ours."""
    least_faster: float
    """What `faster` has to reach."""


def measure(key: Path, trust: Path) -> Iterator[Measured]:
    """A linear model, a pipeline, and forests of a hundred trees for two and for ten classes."""
    digits = load_digits(return_X_y=True)
    tumours = load_breast_cancer(return_X_y=True)
    scaled = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    forest = RandomForestClassifier(100, random_state=0)
    for name, estimator, (X, y), least in (
        ("SGDClassifier", SGDClassifier(loss="log_loss", random_state=0), digits, 6),
        ("StandardScaler + LogisticRegression", scaled, digits, 15),
        ("RandomForestClassifier 100, 2 classes", forest, tumours, 500),
        ("RandomForestClassifier 100, 10 classes", forest, digits, 500),
    ):
        yield _measure(name, estimator.fit(X, y), X, least, key, trust)


def _measure(
    name: str, estimator: Any, X: np.ndarray, least: float, key: Path, trust: Path
) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "artifact"
        convert.export(estimator, X).write(path, key=key)
        model = edge_infer.load(path, trust=trust)
        session = _bare_session((path / "model.onnx").read_bytes())
    row = X[:1].copy()
    assert model.predict(row)[0] == estimator.predict(row)[0]
    ours, bare, theirs = [], [], []
    for _ in range(ROUNDS):
        ours.append(_us(lambda: model.predict(row), 1000))
        bare.append(_us(lambda: session.run(["label"], {"X": row}), 1000))
        theirs.append(_us(lambda: estimator.predict(row), 20))
    return Measured(
        name,
        statistics.median(ours),
        statistics.median(bare),
        statistics.median(theirs),
        statistics.median(a / b for a, b in zip(ours, bare, strict=True)),
        statistics.median(a / b for a, b in zip(theirs, ours, strict=True)),
        least,
    )


def _bare_session(onnx: bytes) -> Any:
    """What a user would write by hand, with the same session options as our engine."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])


def _us(call: Callable[[], object], times: int) -> float:
    started = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - started) / times * 1e6


def table(rows: list[Measured]) -> str:
    """One line an estimator."""
    lines = [
        f"{'one row, median':<40}{'ours':>10}{'bare run':>10}{'sklearn':>11}"
        f"{'ours/bare':>11}{'faster than sklearn':>21}"
    ]
    lines += [
        f"{m.name:<40}{m.ours_us:>7.1f} µs{m.bare_us:>7.1f} µs{m.sklearn_us:>8.0f} µs"
        f"{m.over_bare:>10.2f}x{m.faster:>12.0f}x (>= {m.least_faster}x)"
        for m in rows
    ]
    return "\n".join(lines)
