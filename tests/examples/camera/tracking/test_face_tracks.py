"""One face keeps one number while it turns, and a face that has gone is let go."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import recordings
import scenes

from examples.camera.config import Config
from examples.camera.config.schema import FaceSettings, TrackSettings
from examples.camera.options import open_detector
from examples.camera.sources.frames import Frame
from examples.camera.tracking.boxes import iou
from examples.camera.tracking.faces import FaceTracks
from examples.camera.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from examples.camera.tracking.faces import Region


@dataclass(frozen=True)
class Face:
    box: tuple[float, float, float, float]
    score: float = 1.0


class Seeing:
    """A detector that finds what it is told, and notes where it was to search."""

    def __init__(self) -> None:
        self.faces: list[Face] = []
        self.searched: list[Sequence[Region] | None] = []

    def detect(self, frame: np.ndarray, regions: Sequence[Region] | None = None) -> list[Face]:
        self.searched.append(regions)
        return self.faces


def frame(x: int) -> np.ndarray:
    """A head-sized patch at a place in the room."""
    picture = scenes.room()
    patch = scenes.room(3)[20:60, 40:80]
    picture[40:80, x : x + 40] = patch
    return picture


def test_a_face_that_the_detector_loses_is_followed_under_its_number() -> None:
    detector = Seeing()
    faces = FaceTracks(detector, FaceSettings(every_frames=1), TrackSettings(), count(1))
    for n in range(70):
        x = 10 + n
        detector.faces = [Face((x, 40.0, x + 40.0, 80.0))] if n < 15 else []
        faces.step(frame(x), n, n / 25, [])
    (track,) = faces.tracks
    assert track.number == 1
    assert iou(track.box, (79, 40, 119, 80)) > 0.6


def test_a_face_that_has_gone_is_let_go() -> None:
    detector = Seeing()
    settings = FaceSettings(every_frames=1, follow_s=2.0)
    faces = FaceTracks(detector, settings, TrackSettings(bridge_s=0.5), count(1))
    ended = []
    for n in range(90):
        detector.faces = [Face((10, 40.0, 50.0, 80.0))] if n < 15 else []
        picture = frame(10) if n < 15 else scenes.room()
        ended += faces.step(picture, n, n / 25, [])
    assert [track.number for track in ended] == [1]


def test_faces_are_searched_where_something_moves_and_now_and_then_everywhere() -> None:
    detector = Seeing()
    settings = FaceSettings(every_frames=10, moving_every_frames=2)
    faces = FaceTracks(detector, settings, TrackSettings(), count(1))
    moving = [(0, 0, 80, 100), (0, 0, 10, 10)]
    for n in range(20):
        faces.step(frame(10), n, n / 25, moving)
    assert detector.searched.count(None) == 2
    assert detector.searched.count([(0, 0, 80, 100)]) == 8, "in what is large enough for a face"
    assert len(detector.searched) == 10


@pytest.mark.skipif(
    os.environ.get("EDGE_INFER_CAMERA") != "1", reason="make test-camera runs the recordings"
)
def test_the_girl_is_covered_under_one_number() -> None:
    config = Config()
    watch = Watch(config, open_detector(config.faces))
    covered: Counter[int] = Counter()
    for number, (picture, head) in enumerate(recordings.girl()):
        seen = watch.step(Frame(np.asarray(picture, np.uint8), number / 25, number))
        for track in seen.faces:
            # The detector's box lies within the head's: one median mapping for all frames.
            x0, y0, x1, y1 = track.box
            w, h = (x1 - x0) / 1.142, (y1 - y0) / 0.853
            left, top = x0 + 0.044 * w, y0 - 0.188 * h
            covered[track.number] += iou((left, top, left + w, top + h), head) >= 0.4
    assert max(covered.values()) >= 0.95 * 250
    assert cv2.__version__
