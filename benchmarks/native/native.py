"""The native engine beside its peers: one run, the same rows, one thread.

    make bench-native

Peers: scikit-learn, bare onnxruntime (`run`, and `io_binding` with bound buffers), emlearn, m2cgen
and tl2cgen (`peers.py`). Times are microseconds of processor time, the least of several rounds:
what the code costs, whoever else uses the machine.
Labels that differ from scikit-learn's are counted on every row of the data set.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import warnings
from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Any

if os.environ.get("OMP_NUM_THREADS") != "1":
    # Numerical libraries read these when they are loaded.
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ORT_DISABLE_TELEMETRY": "1"}
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **one})

import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import SGDClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

import convert
import edge_infer

sys.path.insert(0, str(Path(__file__).parent))

from peers import peers
from report import DOCS, write
from timing import each, least_us

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ESTIMATORS = {
    "SGDClassifier": lambda: SGDClassifier(random_state=0),
    "RandomForest(100)": lambda: RandomForestClassifier(100, random_state=0),
    "RandomForest(100, depth 6)": lambda: RandomForestClassifier(100, max_depth=6, random_state=0),
    "GradientBoosting(100)": lambda: GradientBoostingClassifier(random_state=0),
    "HistGradientBoosting(100)": lambda: HistGradientBoostingClassifier(random_state=0),
    "MLP(64)": lambda: MLPClassifier((64,), max_iter=60, random_state=0),
    "SVC (RBF)": lambda: SVC(),
}


def converted(name: str, key: Path, folder: Path) -> tuple[np.ndarray, Any, Path]:
    """The digits, an estimator fitted on them, and its compiled artifact."""
    X, y = load_digits(return_X_y=True)
    X = np.ascontiguousarray(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator = ESTIMATORS[name]().fit(X, y)
    out = convert.export(estimator, X).write(folder / "artifact", key=key, native="host")
    return X, estimator, out


def sizes(out: Path, native: Any) -> dict[str, int]:
    """Bytes of the compiled library and of the graph that it was made of."""
    return {"so_bytes": native.size_bytes, "onnx_bytes": (out / "model.onnx").stat().st_size}


def with_sizes(figures: dict[str, Any]) -> dict[str, Any]:
    """The figures of an earlier run with the sizes of today's files, which no load changes."""
    from edge_infer.trust.keygen import generate

    for model in figures["models"]:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            key = generate(Path(folder) / "fleet")[0]
            out = converted(model["name"], key, Path(folder))[2]
            loaded = edge_infer.load(out, trust=key.with_suffix(".pub"), engine="native")
            (native,) = loaded.contract.native
            model.update(sizes(out, native))
    return figures


def measure(name: str, key: Path, folder: Path) -> dict[str, Any]:
    """All figures of one estimator on the digits."""
    X, estimator, out = converted(name, key, folder)
    trust = key.with_suffix(".pub")
    model = edge_infer.load(out, trust=trust, engine="native")
    want = estimator.predict(X)
    rows = [X[i] for i in range(0, 1797, 9)]
    lists = [row.tolist() for row in rows]
    arrays = [array("d", row) for row in lists]
    per_row = 1 / len(rows)
    session, bound = _onnxruntime(out / "model.onnx")
    matrices = [row.reshape(1, -1).copy() for row in rows]
    (native,) = model.contract.native
    found: dict[str, Any] = {
        "name": name,
        "differ": int((model.predict(X) != want).sum()),
        "differ_one": int(
            sum(model.predict_one(row) != label for row, label in zip(X, want, strict=True))
        ),
        "native_list_us": least_us(each(model.predict_one, lists)) * per_row,
        "native_array_us": least_us(each(model.predict_one, arrays)) * per_row,
        "ort_run_us": least_us(each(lambda x: session.run(["label"], {"X": x}), matrices))
        * per_row,
        "ort_bound_us": least_us(each(bound, matrices)) * per_row,
        "sklearn_us": least_us(each(estimator.predict, matrices[:3])) / 3,
        "native_batch_us": least_us(lambda: model.predict(X)),
        "ort_batch_us": least_us(lambda: session.run(["label"], {"X": X})),
        "sklearn_batch_us": least_us(lambda: estimator.predict(X)),
        **sizes(out, native),
    }
    found["peers"] = peers(estimator, X, want, folder)
    return found


def _onnxruntime(path: Path) -> tuple[Any, Callable[[Any], Any]]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(
        path.read_bytes(), options, providers=["CPUExecutionProvider"]
    )
    row, label = np.zeros((1, 64)), np.zeros(1, dtype=np.int64)
    share = onnxruntime.OrtValue.ortvalue_from_numpy
    values = share(row), share(label)
    binding = session.io_binding()
    binding.bind_ortvalue_input("X", values[0])
    binding.bind_ortvalue_output("label", values[1])

    def run(x: Any) -> int:
        row[...] = x
        session.run_with_iobinding(binding)
        return int(label[0])

    run.values = values  # type: ignore[attr-defined]  # they must outlive the binding
    return session, run


START = {
    "native": "import edge_infer\n"
    "m = edge_infer.load({out!r}, trust={trust!r}, engine='native')\nm.predict_one([1.0] * 64)",
    "onnxruntime": "import os\nos.environ['ORT_DISABLE_TELEMETRY'] = '1'\n"
    "import numpy as np, onnxruntime as o\n"
    "s = o.InferenceSession({out!r} + '/model.onnx', providers=['CPUExecutionProvider'])\n"
    "s.run(['label'], {{'X': np.ones((1, 64))}})",
    "bare Python": "pass",
}


def cold_start(out: Path, trust: Path) -> Iterator[dict[str, Any]]:
    """CPU milliseconds and peak kilobytes from process start to the first prediction."""
    paths = [str(Path(edge_infer.__file__).parents[1]), *filter(None, sys.path)]
    for name, script in START.items():
        code = f"import sys; sys.path[:] = {paths!r}\n" + script.format(
            out=str(out), trust=str(trust)
        )
        # The peak of this program alone: wait4 would report the process that forked it as well.
        code += "\nprint(next(line.split()[1] for line in open('/proc/self/status')"
        code += " if line.startswith('VmHWM')))"
        best, peak = float("inf"), 0
        for _ in range(15):
            child = subprocess.Popen(
                [sys.executable, "-S", "-I", "-c", code], stdout=subprocess.PIPE, text=True
            )
            assert child.stdout is not None
            said = child.stdout.read()
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = status
            if status:
                raise SystemExit(f"{name} failed")
            best = min(best, (usage.ru_utime + usage.ru_stime) * 1e3)
            peak = max(peak, int(said))
        yield {"name": name, "cpu_ms": best, "peak_kb": peak}


def main() -> int:
    """Measure and print a table; a label that differs fails, a slow machine does not."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description="The native engine beside its peers.")
    parser.add_argument("--write", action="store_true", help="into docs/native.json and .md")
    parser.add_argument("--only", help="one estimator by name")
    parser.add_argument("--sizes", action="store_true", help="no times: write the bytes anew")
    options = parser.parse_args()
    if options.sizes:
        write(with_sizes(json.loads((DOCS / "native.json").read_text("utf-8"))))
        return 0
    from edge_infer.trust.keygen import generate

    found, starts = [], []
    for name in ESTIMATORS:
        if options.only not in (None, name):
            continue
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            key = generate(Path(folder) / "fleet")[0]
            measured = measure(name, key, Path(folder))
            found.append(measured)
            if not starts:
                starts = list(cold_start(Path(folder) / "artifact", key.with_suffix(".pub")))
        print(json.dumps(measured), flush=True)
    for start in starts:
        print(json.dumps(start))
    if options.write:
        write({"machine": platform.platform(), "models": found, "start": starts})
    return int(any(m["differ"] or m["differ_one"] for m in found))


if __name__ == "__main__":
    raise SystemExit(main())
