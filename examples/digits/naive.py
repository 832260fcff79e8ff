"""What is done by hand today: plain `to_onnx` in float32, then onnxruntime. No check."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
from skl2onnx import to_onnx

if TYPE_CHECKING:
    from sklearn.base import ClassifierMixin


def naive_labels(estimator: ClassifierMixin, X: np.ndarray) -> np.ndarray:
    """Labels (n,) that the plain path gives for the rows X (n, f)."""
    # The wheel's telemetry would otherwise write below ~/.cache and call its collector.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    rows = X.astype(np.float32)
    graph = to_onnx(estimator, rows[:1], options={id(estimator): {"zipmap": False}})
    session = onnxruntime.InferenceSession(
        graph.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    labels: np.ndarray = session.run(["label"], {session.get_inputs()[0].name: rows})[0]
    return labels
