"""Starts in the middle of things, noise, rain, lamps that flicker: motion is still found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import scenes

from examples.camera.config import Config
from examples.camera.motion import MotionDetector, MotionSettings
from examples.camera.motion.background import Background, contrast
from examples.camera.motion.planes import reduce
from examples.camera.sources.frames import Frame
from examples.camera.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

WALKER = scenes.Walker(start=300, step=2)


def masks(pictures: Iterable[Picture]) -> list[Picture]:
    detector = MotionDetector(MotionSettings())
    return [detector.step(picture, n / 25).mask for n, picture in enumerate(pictures)]


def test_what_passed_while_the_program_started_leaves_no_ghost() -> None:
    passing = scenes.Walker(start=-40, step=4)
    seen = masks(scenes.walk(70, passing))
    assert passing.box(0) is not None
    assert passing.box(45) is None
    assert max(cv2.countNonZero(mask) for mask in seen[50:]) == 0


def noise(picture: Picture, random: np.random.Generator, _: int) -> Picture:
    return np.clip(picture + random.normal(0, 20, picture.shape), 0, 255).astype(np.uint8)


def rain(picture: Picture, random: np.random.Generator, _: int) -> Picture:
    streaks = np.zeros_like(picture)
    for _ in range(70):
        x, y = int(random.integers(160)), int(random.integers(120))
        cv2.line(streaks, (x, y), (x + 2, y + int(random.integers(6, 16))), (110, 110, 110), 1)
    return np.asarray(cv2.add(picture, streaks), np.uint8)


def flicker(picture: Picture, _: np.random.Generator, number: int) -> Picture:
    return np.clip(picture * (1 + 0.07 * np.sin(number * 2.1)), 0, 255).astype(np.uint8)


def clouds(picture: Picture, _: np.random.Generator, number: int) -> Picture:
    return np.clip(picture * (1 + 0.3 * np.sin(number / 40)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("spoil", [noise, rain, flicker, clouds])
def test_a_walker_is_found_in(
    spoil: Callable[[Picture, np.random.Generator, int], Picture],
) -> None:
    random = np.random.default_rng(5)

    def pictures() -> Iterator[Picture]:
        for number, picture in enumerate(scenes.walk(380, WALKER)):
            yield spoil(picture, random, number)

    covered, false = [], []
    for number, mask in enumerate(masks(pictures())):
        box = WALKER.box(number)
        if number > 200 and box is None:
            false.append(cv2.countNonZero(mask) / mask.size)
        if box is not None and box[2] - box[0] == WALKER.size[0]:
            x0, y0, x1, y1 = box
            covered.append((mask[y0:y1, x0:x1] > 0).mean())
    assert len(covered) > 50
    assert np.mean(covered) > 0.6
    assert np.mean(false) < 0.002


def test_a_lamp_that_flickers_silences_no_walker() -> None:
    detector, reasons = MotionDetector(MotionSettings()), []
    random = np.random.default_rng(5)
    for number, picture in enumerate(scenes.walk(380, WALKER)):
        motion = detector.step(flicker(picture, random, number), number / 25)
        if number > 320 and motion.boxes:
            reasons.append(motion.reason)
    assert reasons.count(None) > 40


@pytest.mark.parametrize(("share", "period_s"), [(0.1, 2), (0.25, 2), (0.2, 3), (0.6, 10)])
def test_a_light_that_pulses_slowly_starts_no_event(share: float, period_s: int) -> None:
    watch, starts = Watch(Config(), None), []
    coarse = np.random.default_rng(0).integers(60, 190, (8, 10, 3), np.uint8)
    room = cv2.resize(coarse, (240, 180), interpolation=cv2.INTER_CUBIC)
    for number in range(360):
        bright = room * (1 + share * np.sin(2 * np.pi * number / 25 / period_s))
        noisy = bright + scenes.grain(180, 240)[number % 180 :, number % 240 :][:180, :240]
        picture = np.clip(noisy, 0, 255).astype(np.uint8)
        starts += [e for e in watch.step(Frame(picture, number / 25, number)).events
                   if e.what == "start"]  # fmt: skip
    assert starts == []


@pytest.mark.parametrize("settle_s", [0.5, 6.0])
def test_the_silence_after_a_change_of_light_is_as_long_as_it_was_set(settle_s: float) -> None:
    detector = MotionDetector(MotionSettings(light_settle_s=settle_s))
    pictures = scenes.lit(scenes.walk(300, scenes.Walker(step=0.5)), lambda p: p * 0.6, at=80)
    silent = [
        number for number, picture in enumerate(pictures)
        if detector.step(picture, number / 25).reason == "light"
    ]  # fmt: skip
    assert len(silent) == pytest.approx(settle_s * 25, abs=5)


@pytest.mark.parametrize("size", [(20, 1700), (1700, 20), (16, 65_000)])
def test_a_thin_picture_is_watched_like_any_other(size: tuple[int, int]) -> None:
    detector = MotionDetector(MotionSettings())
    picture = np.full((*size, 3), 120, np.uint8)
    for number in range(30):
        motion = detector.step(picture, number / 25)
    assert motion.boxes == ()


def dim(picture: Picture, random: np.random.Generator, _: int) -> Picture:
    dark = picture * 0.22 + random.normal(0, 2, picture.shape)
    return np.clip(dark, 0, 255).astype(np.uint8)


def test_a_dark_walker_is_found_in_a_dim_room_and_its_noise_is_nothing() -> None:
    random, found, still = np.random.default_rng(5), [], []
    walker = scenes.Walker(start=120, step=2, colour=(70, 75, 80))
    for number, mask in enumerate(
        masks(dim(p, random, n) for n, p in enumerate(scenes.walk(200, walker)))
    ):
        box = walker.box(number)
        if box is None:
            still.append(cv2.countNonZero(mask))
        elif box[2] - box[0] == walker.size[0]:
            x0, y0, x1, y1 = box
            found.append((mask[y0:y1, x0:x1] > 0).mean())
    assert max(still[50:]) == 0
    assert np.mean(found) > 0.55, "0.3 with thresholds that do not follow"


@pytest.mark.parametrize(("share", "want"), [(1.6, 14), (1.0, 10), (0.3, 7)])
def test_thresholds_follow_the_contrast_down_to_half_unless_told_not_to(
    share: float, want: int
) -> None:
    room = (scenes.room(width=320, height=240) - 120.0) * share + 120
    first = reduce(np.clip(room, 0, 255).astype(np.uint8))
    assert Background(first, MotionSettings()).luma.threshold == want
    fixed = MotionSettings(follow_contrast=False)
    assert Background(first, fixed).luma.threshold == 14
    assert contrast(first.luma) == int(first.luma.std())


def test_thresholds_follow_when_it_grows_dark() -> None:
    settings, room = MotionSettings(), scenes.room(width=320, height=240)
    background = Background(reduce(room), settings)
    nothing = np.zeros((240, 320), np.uint8)
    dark = reduce(np.asarray(room * 0.22, np.uint8))
    for _ in range(64):
        background.learn(dark, nothing, nothing, fast=False)
    assert background.luma.threshold == 7
