"""The threshold: where pictures without faces, unseen in training, fall silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from examples.camera.faces.detector import FaceDetector
    from examples.camera.faces.features import Grey


def false_scores(detector: FaceDetector, pictures: Iterable[Grey]) -> np.ndarray:
    """Scores of everything found, best first; `detector` was made with no threshold."""
    scores = [face.score for grey in pictures for face in detector.detect(grey)]
    return np.sort(scores)[::-1]


def threshold(scores: np.ndarray, pictures: int, *, allowed: float) -> float:
    """The least score above which `allowed` false positives a picture remain."""
    most = int(allowed * pictures)
    return 0.0 if len(scores) <= most else float(scores[most]) + 1e-3
