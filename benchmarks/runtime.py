"""The runtime alone, without `convert`: one row beside a bare `session.run`, and the cold start.

A scaled linear classifier of 64 columns, its graph built by the tests' own builder from what
scikit-learn trained, so all programs answer the same question. Run it:
`python benchmarks/runtime.py`.
"""

from __future__ import annotations

import compileall
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "edge_infer"))

import joblib
from artifact_builder import Linear, write_artifact, write_bundle
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import edge_infer
from edge_infer.trust.keygen import generate

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS, CALLS = 31, 2000


@dataclass(frozen=True)
class Latency:
    """Medians over the rounds of the microseconds a call takes, and of ours / bare per round."""

    us: dict[str, float]
    over_bare: dict[str, float]


def main() -> None:
    X, y = load_digits(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(X, y)
    row = X[:1].copy()
    print(f"{machine()}\n")
    with tempfile.TemporaryDirectory() as folder:
        key, trust = generate(Path(folder) / "fleet")
        artifact = write_artifact(Path(folder) / "artifact", key, as_linear(pipeline))
        bundle = write_bundle(Path(folder) / "bundle", key, artifact)
        pickle = Path(folder) / "model.pkl"
        joblib.dump(pipeline, pickle)
        print(table(latency(bundle, trust, row)), "\n")
        print(cold_start_table(bundle, trust, pickle, row.tolist()))


def cold_start_table(bundle: Path, trust: Path, pickle: Path, row: list[list[float]]) -> str:
    """Measure from a process that is small itself: a child's peak memory begins at its parent's."""
    # A device has the runtime's bytecode; the starts below write none.
    compileall.compile_dir(str(Path(edge_infer.__file__).parent), quiet=1)
    code = f"""
import pathlib, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import cold_start
paths = [pathlib.Path(p) for p in {[str(bundle), str(trust), str(pickle), sys.executable]!r}]
names = ("bundle", "trust", "pickle", "device_python")
print(cold_start.table(cold_start.measure(**dict(zip(names, paths)), row={row!r})))
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE)
    return done.stdout.decode().rstrip()


def as_linear(pipeline: Any) -> Linear:
    """The parameters of StandardScaler and LogisticRegression."""
    scaler, linear = pipeline[0], pipeline[1]
    return Linear(scaler.mean_, scaler.scale_, linear.coef_.T, linear.intercept_, linear.classes_)


def latency(bundle: Path, trust: Path, row: Any) -> Latency:
    """Time the calls in turn, so that a slow moment of the machine meets all of them."""
    model = edge_infer.load(bundle, trust=trust)
    session = bare_session(bundle / "artifact" / "model.onnx")
    one, plain = row[0].copy(), row[0].tolist()
    calls: dict[str, Callable[[], Any]] = {
        "bare session.run": lambda: session.run(["label"], {"X": row})[0],
        "Model.predict": lambda: model.predict(row),
        "Model.predict_one, array": lambda: model.predict_one(one),
        "Model.predict_one, list": lambda: model.predict_one(plain),
    }
    rounds = [{name: _us(call) for name, call in calls.items()} for _ in range(ROUNDS)]
    return Latency(
        {name: statistics.median(r[name] for r in rounds) for name in calls},
        {
            name: statistics.median(r[name] / r["bare session.run"] for r in rounds)
            for name in calls
        },
    )


def bare_session(model: Path) -> Any:
    """What a user would write by hand, with the same session options as our engine."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def machine() -> str:
    """Processor, system and versions, for whoever compares figures."""
    import numpy
    import onnxruntime

    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (
        f"{names[0] if names else platform.machine()} x {os.cpu_count()}, {platform.system()}, "
        f"Python {platform.python_version()}, numpy {numpy.__version__}, "
        f"onnxruntime {onnxruntime.__version__}"
    )


def table(measured: Latency) -> str:
    lines = [f"{'one row of 64 columns, median':<38}{'µs':>10}{'/ bare':>10}"]
    for name, us in measured.us.items():
        lines.append(f"{name:<38}{us:>10.2f}{measured.over_bare[name]:>9.2f}x")
    return "\n".join([*lines, "Model.predict / bare: at most 1.3x"])


def _us(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    for _ in range(CALLS):
        call()
    return (time.perf_counter() - started) / CALLS * 1e6


if __name__ == "__main__":
    main()
