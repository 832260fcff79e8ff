"""Process start to first prediction, and peak memory: ours verified and self-tested, theirs not."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 15

QUIET = {"ORT_DISABLE_TELEMETRY": "1", "PYTHONDONTWRITEBYTECODE": "1"}

OURS = """
import sys
sys.path.insert(0, {bundle!r})
import edge_infer
model = edge_infer.load({bundle!r}, trust={trust!r})
import numpy as np
print(model.predict(np.array({row!r}))[0], flush=True)
"""

BARE = """
import numpy as np
import onnxruntime as ort
options = ort.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = ort.InferenceSession({model!r}, options, providers=["CPUExecutionProvider"])
print(session.run(["label"], {{"X": np.array({row!r})}})[0][0], flush=True)
"""

SKLEARN = """
import numpy as np
import joblib
print(joblib.load({pickle!r}).predict(np.array({row!r}))[0], flush=True)
"""

PEAK = """
print(open("/proc/self/status").read())
"""
"""The process's own peak: what `wait4` reports holds the parent's memory before exec as well."""


@dataclass(frozen=True)
class Start:
    """One start of a process."""

    seconds: float
    peak_mb: float
    printed: str


@dataclass(frozen=True)
class Measured:
    """Medians over the rounds, and medians of the ratios within each round."""

    seconds: dict[str, float]
    peak_mb: dict[str, float]
    time_over_bare: float
    memory_over_bare: float
    faster_than_sklearn: float


def measure(
    *, bundle: Path, trust: Path, pickle: Path, row: list[list[float]], device_python: Path
) -> Measured:
    """Start the three in turn; the first round only warms the page cache."""
    programs = {
        "ours": (device_python, OURS.format(
            bundle=str(bundle), trust=str(trust), row=row)),
        "bare": (device_python, BARE.format(
            model=str(bundle / "artifact" / "model.onnx"), row=row)),
        "sklearn": (sys.executable, SKLEARN.format(pickle=str(pickle), row=row)),
    }  # fmt: skip
    rounds = [
        {name: _start(python, code) for name, (python, code) in programs.items()}
        for _ in range(ROUNDS + 1)
    ][1:]
    labels = {start.printed for starts in rounds for start in starts.values()}
    assert len(labels) == 1, labels
    return Measured(
        {name: statistics.median(r[name].seconds for r in rounds) for name in programs},
        {name: statistics.median(r[name].peak_mb for r in rounds) for name in programs},
        statistics.median(r["ours"].seconds / r["bare"].seconds for r in rounds),
        statistics.median(r["ours"].peak_mb / r["bare"].peak_mb for r in rounds),
        statistics.median(r["sklearn"].seconds / r["ours"].seconds for r in rounds),
    )


def _start(python: Path | str, code: str) -> Start:
    started = time.perf_counter()
    with subprocess.Popen(
        [python, "-c", code + PEAK],
        env={"PATH": os.defpath, "LANG": "C.UTF-8", **QUIET},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        printed = child.stdout.readline()
        seconds = time.perf_counter() - started
        peak = re.search(r"VmHWM:\s+(\d+) kB", child.stdout.read())
    if child.returncode != 0 or peak is None:
        raise RuntimeError(f"exit {child.returncode}:\n{code}")
    return Start(seconds, int(peak[1]) / 1024, printed.strip())


def table(measured: Measured) -> str:
    """One line a program, then the ratios."""
    lines = [f"{'start to first prediction, median':<38}{'seconds':>10}{'peak MB':>10}"]
    lines += [
        f"{name:<38}{measured.seconds[name]:>10.3f}{measured.peak_mb[name]:>10.1f}"
        for name in measured.seconds
    ]
    return "\n".join(
        [
            *lines,
            f"ours / bare: time {measured.time_over_bare:.2f}x (<= 1.25x), "
            f"memory {measured.memory_over_bare:.2f}x (<= 1.1x)",
            f"faster than joblib + scikit-learn: {measured.faster_than_sklearn:.1f}x (>= 4x)",
        ]
    )
