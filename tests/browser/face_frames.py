"""Frames that show faces at known places, drawn or from photographs, and Python's answers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from fake_camera import HEIGHT, LEFT, WIDTH, marked
from pages import DETECTOR

import edge_infer
from examples.camera.faces.detector import SMALLEST, FaceDetector
from examples.camera.faces.grouping import group
from examples.camera.faces.judging import judged
from examples.camera.faces.portrait import scene
from examples.camera.faces.pyramid import pyramid
from examples.camera.faces.scanning import Scan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("EDGE_INFER_DATA", ROOT.parent / "shared" / "data")) / "camera"
SIDE = 90
"""Of a face in the frame, in pixels."""
SAME = 0.4
CLEARLY = 1.5


@dataclass(frozen=True)
class Framed:
    """A grey frame (240, 320) and the face in it as x0, y0, x1, y1."""

    frame: np.ndarray
    box: tuple[float, ...]


class Reference:
    """What Python finds, every digit of it."""

    def __init__(self) -> None:
        self.scan, self.judge = (
            edge_infer.load(DETECTOR / part, trust=DETECTOR / "trainer.pub")
            for part in ("scan", "judge")
        )
        self.detector = FaceDetector.load(DETECTOR, trust=DETECTOR / "trainer.pub")
        self.windows = Scan(self.scan)

    def faces(self, grey: np.ndarray, smallest: int = SMALLEST) -> list[tuple[np.ndarray, float]]:
        """Boxes and scores, best first, as `FaceDetector.detect` has them before it rounds."""
        settings = self.detector.settings
        levels = pyramid(grey, smallest, step=settings.step)
        found = self.windows.candidates(levels, settings.least)
        seen = judged(self.judge, found, settings.doubt)
        inner = np.array(settings.box)
        return [
            (np.concatenate([box[:2], box[:2]]) + (box[2] - box[0]) * inner, float(score))
            for box, score in zip(*group(seen.boxes, seen.evidence), strict=True)
            if score >= settings.min_score
        ]


def drawn_frames(count: int) -> list[Framed]:
    """Faces of nobody, from place to place, that Python finds where they are."""
    rng = np.random.default_rng(5)

    def drawn() -> Iterator[Framed]:
        while True:
            side = int(rng.integers(60, 130))
            x = int(rng.integers(LEFT, WIDTH - side))
            y = int(rng.integers(0, HEIGHT - side))
            box = (x, y, x + side, y + side)
            yield Framed(scene(HEIGHT, WIDTH, (x, y, side)), box)

    return _found_by_python(drawn(), count)


def photographed_frames(count: int) -> list[Framed]:
    """Faces of labelled photographs that Python finds where they are."""
    from benchmarks.camera import faces_sets

    for name in ("dlib_faces", "faces/cmu_mit_half"):
        if not (DATA / name).is_dir():
            pytest.skip(f"{DATA / name} is missing: set EDGE_INFER_DATA")
    pictures = [*faces_sets.dlib_photographs().pictures, *faces_sets.cmu_mit(1).pictures]
    return _found_by_python(
        (_framed(one.picture, box) for one in pictures for box in one.boxes), count
    )


def _found_by_python(framed: Iterable[Framed], count: int) -> list[Framed]:
    """Those that it finds where they are, in the frame with its number, and clearly: a film has
    fewer levels of grey, which must not decide."""
    reference = Reference()
    least = CLEARLY * reference.detector.settings.min_score
    found: list[Framed] = []
    for one in framed:
        faces = reference.faces(marked(one.frame, len(found)))
        if is_seen(one.box, [face for face, score in faces if score >= least]):
            found.append(one)
        if len(found) == count:
            return found
    raise AssertionError(f"only {len(found)} of these faces are found by Python")


def is_seen(box: Any, boxes: list[Any]) -> bool:
    """Whether one of the boxes shows the face."""
    return any(_shared(np.asarray(box), np.asarray(one)) >= SAME for one in boxes)


def _framed(picture: np.ndarray, box: np.ndarray) -> Framed:
    """The part of a photograph around a face, the face large and right of the middle."""
    scale = SIDE / float(max(box[2:] - box[:2]))
    middle = (box[:2] + box[2:]) / 2 * scale
    corner = middle - np.array([LEFT + (WIDTH - LEFT) / 2, HEIGHT / 2])
    move = np.array([[scale, 0, -corner[0]], [0, scale, -corner[1]]])
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    frame = cv2.warpAffine(grey, move, (WIDTH, HEIGHT), flags=how, borderMode=cv2.BORDER_REPLICATE)
    placed = box * scale - np.concatenate([corner, corner])
    return Framed(np.asarray(frame, np.uint8), tuple(map(float, placed)))


def _shared(a: np.ndarray, b: np.ndarray) -> float:
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    common = float(np.prod(np.maximum(high - low, 0)))
    areas = (np.prod(one[2:] - one[:2]) for one in (a, b))
    return common / (float(sum(areas)) - common)
