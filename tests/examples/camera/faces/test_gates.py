"""The scores that the shipped detector keeps on labelled pictures; for `make test-camera`."""

from __future__ import annotations

import os

import numpy as np
import pytest

from benchmarks.camera import faces_sets
from benchmarks.camera.faces import frame_ms, on_backgrounds, our_frame, ours
from benchmarks.camera.faces_scores import score
from examples.camera.faces.detector import PUBLIC_KEY, SHIPPED, FaceDetector
from examples.camera.faces.portrait import scene

pytestmark = [
    pytest.mark.skipif(
        os.environ.get("EDGE_INFER_CAMERA") != "1", reason="minutes of pictures: make test-camera"
    ),
    pytest.mark.skipif(
        not faces_sets.DATA.is_dir(),
        reason=f"no labelled recordings in {faces_sets.DATA}: name them with EDGE_INFER_DATA",
    ),
]
RATE = 0.1


@pytest.mark.parametrize("zoom", [1, 2])
def test_group_photographs(zoom: int) -> None:
    tests = faces_sets.dlib_photographs(zoom)
    scored = score(ours(tests), [one.boxes for one in tests.pictures], [RATE])
    assert scored.ap >= 0.97


def test_newspapers_drawings_and_small_faces() -> None:
    tests = faces_sets.cmu_mit()
    scored = score(ours(tests), [one.boxes for one in tests.pictures], [RATE])
    assert scored.ap >= 0.92
    assert scored.ap_unmapped >= 0.90
    assert scored.recall_at[str(RATE)] >= 0.80


def test_a_face_that_turns() -> None:
    tests = faces_sets.girl(every=5)
    scored = score(ours(tests), [one.boxes for one in tests.pictures], [RATE])
    assert scored.ap >= 0.53, "Haar has 0.521"


def test_photographs_without_faces_stay_silent_at_the_shipped_threshold() -> None:
    assert on_backgrounds()["false_positives_an_image"] <= 0.05


def test_every_engine_finds_the_same_faces() -> None:
    found = {}
    for engine in ("onnxruntime", "native"):
        detector = FaceDetector.load(
            SHIPPED, trust=SHIPPED / PUBLIC_KEY, engine=engine, smallest=36, min_score=0.0
        )
        found[engine] = [
            detector.detect(one.picture) for one in faces_sets.dlib_photographs().pictures
        ]
    assert found["native"] == found["onnxruntime"]


def test_a_frame_takes_no_more_than_three_times_its_30_ms() -> None:
    assert frame_ms(our_frame(np.dstack([scene(480, 640, (300, 200, 90))] * 3))) <= 90
