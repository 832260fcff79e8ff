"""The detectors that ours is measured beside: YuNet, and Haar on the last OpenCV that has it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from benchmarks.camera.faces_sets import DATA, ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.camera.faces_sets import TestSet

OPENCV_4 = "opencv-python-headless==4.14.0.94"
"""OpenCV 5 has no cascades."""
YUNET = DATA / "faces" / "face_detection_yunet_2026may.onnx"
LEAST = 0.02
"""Least score of YuNet, to see its whole curve."""

Found = tuple[np.ndarray, np.ndarray]
"""Boxes (n, 4) and scores (n,) of one picture."""


def yunet(tests: TestSet) -> list[Found]:
    """YuNet's faces of every picture."""
    found = []
    for one in tests.pictures:
        network = open_yunet(one.picture.shape[1], one.picture.shape[0])
        _, rows = network.detect(one.picture)
        rows = np.zeros((0, 15)) if rows is None else rows
        corners = np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4]], axis=1)
        found.append((corners.astype(float), rows[:, -1].astype(float)))
    return found


def open_yunet(width: int, height: int, least: float = LEAST) -> cv2.FaceDetectorYN:
    """The network for pictures of one size."""
    return cv2.FaceDetectorYN.create(str(YUNET), "", (width, height), least, 0.3, 5000)


def haar(sets: Sequence[TestSet], timed: np.ndarray) -> tuple[list[list[Found]], float]:
    """Haar's faces of every picture of every set, and its CPU ms for the grey frame `timed`."""
    python = _haar_python()
    with tempfile.TemporaryDirectory() as folder:
        wanted = []
        for tests in sets:
            paths = []
            for one in tests.pictures:
                paths.append(str(Path(folder) / f"{len(wanted)}-{len(paths)}.png"))
                cv2.imwrite(paths[-1], one.picture)
            wanted.append({"smallest": tests.smallest, "files": paths})
        frame = Path(folder) / "timed.png"
        cv2.imwrite(str(frame), timed)
        done = subprocess.run(
            [python, Path(__file__).with_name("faces_haar.py")],
            input=json.dumps({"sets": wanted, "timed": str(frame)}),
            env={**os.environ, "PYTHONPATH": ""},
            capture_output=True,
            check=True,
            text=True,
        )
    answer = json.loads(done.stdout)
    found = [
        [(np.array(b, float).reshape(-1, 4), np.array(s, float)) for b, s in tests]
        for tests in answer["sets"]
    ]
    return found, float(answer["ms"])


def _haar_python() -> Path:
    """The Python of an environment of its own, made when it is first wanted."""
    folder = ROOT / ".camera" / "opencv4"
    if not (folder / "made").exists():
        subprocess.run([ROOT / "requirements" / "install", folder, OPENCV_4], check=True)
        (folder / "made").touch()
    return folder / "bin" / "python"
