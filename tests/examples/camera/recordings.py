"""The labelled recordings, where there are any, and the measures of their benchmarks."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

ROOT = Path(__file__).parents[3]
DATA = Path(os.environ.get("EDGE_INFER_DATA", ROOT.parent / "shared" / "data")) / "camera"


def recording(name: str) -> Path:
    """A folder of the recordings, or a skip that names it."""
    if not (DATA / name).is_dir():
        pytest.skip(f"the recording {name} is not here: EDGE_INFER_DATA names the folder of data")
    return DATA / name


@dataclass
class Score:
    """Pixels counted as changedetection.net does: 255 moves, 0 and 50 do not, the rest is left."""

    hits: int = 0
    false: int = 0
    misses: int = 0

    def add(self, mask: NDArray[np.uint8], truth: NDArray[np.uint8]) -> None:
        moves, rests, got = truth == 255, (truth == 0) | (truth == 50), mask > 0
        self.hits += int((got & moves).sum())
        self.false += int((got & rests).sum())
        self.misses += int((~got & moves).sum())

    @property
    def f1(self) -> float:
        return 2 * self.hits / max(1, 2 * self.hits + self.false + self.misses)


def highway() -> Iterator[tuple[int, NDArray[np.uint8], NDArray[np.uint8] | None]]:
    """Number, frame and, from 470 on, its labels."""
    folder = recording("cdnet_highway")
    for number in range(1, 1001):
        frame = cv2.imread(str(folder / "input" / f"in{number:06d}.jpg"))
        truth = folder / "groundtruth" / f"gt{number:06d}.png"
        yield number, frame, cv2.imread(str(truth), 0) if truth.exists() else None


def waving_trees() -> Iterator[NDArray[np.uint8]]:
    """287 frames; a person enters at 242."""
    folder = recording("wallflower_wavingtrees")
    for number in range(287):
        yield cv2.imread(str(folder / f"b{number:05d}.png"))


def person_at_247() -> NDArray[np.uint8]:
    """The labels of the trees' frame 247."""
    return cv2.imread(str(recording("wallflower_wavingtrees") / "hand_segmented_00247.png"), 0)


def walkers() -> Iterator[NDArray[np.uint8]]:
    """795 frames of people walking, 480 by 360, ten a second."""
    capture = cv2.VideoCapture(str(recording("vtest") / "vtest.avi"))
    while True:
        there, frame = capture.read()
        if not there:
            return
        yield frame


def walkers_boxes() -> dict[int, list[tuple[int, int, int, int]]]:
    """Boxes x0, y0, x1, y1 of the people on the key frames, counted from 1."""
    found: dict[int, list[tuple[int, int, int, int]]] = {}
    with (recording("vtest") / "pets09_s2l1_gt_keyframes.csv").open() as file:
        for row in csv.DictReader(file):
            x, y, w, h = (0.625 * float(row[key]) for key in ("x", "y", "w", "h"))
            box = (max(0, int(x)), max(0, int(y)), min(480, int(x + w)), min(360, int(y + h)))
            found.setdefault(int(row["frame"]), []).append(box)
    return found


def girl() -> Iterator[tuple[NDArray[np.uint8], tuple[float, float, float, float]]]:
    """250 frames, four times enlarged, and the box of the head x0, y0, x1, y1."""
    folder = recording("girl")
    rows = (folder / "groundtruth_rect.txt").read_text().replace(",", " ").splitlines()
    for path, row in zip(sorted((folder / "img").glob("*.jpg")), rows, strict=False):
        x, y, w, h = (4.0 * float(value) for value in row.split())
        frame = cv2.imread(str(path))
        yield cv2.resize(frame, None, fx=4, fy=4), (x, y, x + w, y + h)
