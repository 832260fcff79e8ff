"""The scores on the labelled recordings, kept as gates: `make test-camera`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import recordings
import scenes

from examples.camera.config import Config
from examples.camera.motion import MotionDetector, MotionSettings
from examples.camera.sources.frames import Frame
from examples.camera.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

pytestmark = pytest.mark.skipif(
    os.environ.get("EDGE_INFER_CAMERA") != "1", reason="make test-camera runs the recordings"
)


def test_highway_f1() -> None:
    detector, score = MotionDetector(MotionSettings()), recordings.Score()
    for number, frame, truth in recordings.highway():
        mask = detector.step(frame, number / 25).full_mask()
        if truth is not None:
            score.add(mask, truth)
    assert score.f1 >= 0.93, "0.92 is asked for; 0.95 was measured"


def test_waving_trees_are_no_object_and_a_person_before_them_is() -> None:
    detector = MotionDetector(MotionSettings())
    motions = [detector.step(f, n / 25) for n, f in enumerate(recordings.waving_trees())]
    assert [n for n in range(50, 242) if motions[n].changed > 0.01] == []
    assert all(motion.boxes for motion in motions[243:250])
    score = recordings.Score()
    score.add(motions[247].full_mask(), recordings.person_at_247())
    assert score.f1 >= 0.97


def test_every_boxed_person_is_covered() -> None:
    detector, boxes = MotionDetector(MotionSettings()), recordings.walkers_boxes()
    covered = {}
    for number, frame in zip(range(1, max(boxes) + 1), recordings.walkers(), strict=False):
        mask = detector.step(frame, number / 10).full_mask()
        for x0, y0, x1, y1 in boxes.get(number, []):
            covered[number, x0] = float((mask[y0:y1, x0:x1] > 0).mean())
    # In the first frames the background is not known yet.
    later = {key: share for key, share in covered.items() if key[0] > 5}
    assert len(later) > 55
    assert min(later.values()) > 0
    assert np.mean([share > 0.1 for share in later.values()]) > 0.95
    assert np.median(list(later.values())) > 0.6


LIGHTS: dict[str, Callable[[NDArray[np.uint8]], NDArray[np.float64]]] = {
    "gain 0.5": lambda p: p * 0.5,
    "gain 1.3": lambda p: p * 1.3,
    "gain 1.8": lambda p: p * 1.8,
    "offset 40": lambda p: p + 40.0,
    "offset -40": lambda p: p - 40.0,
    "gamma": lambda p: 255 * (p / 255) ** 0.6,
    "tint": lambda p: p * np.array([0.8, 1.0, 1.2]),
}


@pytest.mark.parametrize("light", LIGHTS)
def test_a_change_of_the_light_over_waving_trees_is_no_object(light: str) -> None:
    detector = MotionDetector(MotionSettings())
    told = []
    for number, frame in zip(range(180), recordings.waving_trees(), strict=False):
        if number >= 100:
            frame = np.clip(np.rint(LIGHTS[light](frame)), 0, 255).astype(np.uint8)
        motion = detector.step(frame, number / 25)
        if number >= 50 and motion.boxes and motion.reason is None:
            told.append(number)
    # A lone frame is debounced by the events.
    assert len(told) <= 2


def starts(frames: Iterable[NDArray[np.uint8]]) -> list[int]:
    """Numbers of the frames in which an event of motion starts."""
    watch = Watch(Config(), None)
    return [
        number
        for number, frame in enumerate(frames)
        for event in watch.step(Frame(frame, number / 25, number)).events
        if event.what == "start"
    ]


def test_trees_are_no_event_and_the_person_before_them_is_one_by_250() -> None:
    told = starts(recordings.waving_trees())
    assert [number for number in told if 50 <= number < 242] == []
    assert any(242 <= number <= 250 for number in told)


@pytest.mark.parametrize("light", LIGHTS)
def test_a_change_of_the_light_on_real_frames_is_no_event(light: str) -> None:
    """Over trees that sway, and over a courtyard where nobody moves."""

    def lit(frames: Iterable[NDArray[np.uint8]], count: int) -> Iterator[NDArray[np.uint8]]:
        for number, frame in zip(range(count), frames, strict=False):
            changed = LIGHTS[light](frame) if number >= 100 else frame
            yield np.clip(np.rint(changed), 0, 255).astype(np.uint8)

    assert [n for n in starts(lit(recordings.waving_trees(), 240)) if n >= 50] == []
    empty, random = next(iter(recordings.walkers())), np.random.default_rng(0)
    noisy = (scenes.noisy(empty, random) for _ in range(160))
    assert starts(lit(noisy, 160)) == []


@pytest.mark.parametrize("size", [(320, 240), (640, 480)])
def test_trees_in_larger_frames_are_no_object_either(size: tuple[int, int]) -> None:
    detector, told = MotionDetector(MotionSettings()), []
    for number, frame in zip(range(242), recordings.waving_trees(), strict=False):
        motion = detector.step(np.asarray(cv2.resize(frame, size), np.uint8), number / 25)
        if number >= 50 and motion.boxes and motion.reason is None:
            told.append(number)
    assert len(told) <= 2
