"""What is spared of the work changes no pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import scenes

from examples.camera.motion import background
from examples.camera.motion.background import NEAR, SAMPLES, Background, Plane
from examples.camera.motion.planes import grown, reduce
from examples.camera.motion.settings import MotionSettings
from examples.camera.motion.shadows import shadows

if TYPE_CHECKING:
    from numpy.typing import NDArray


@pytest.mark.parametrize("spread", [4, 30, 120])
def test_a_pixel_is_far_where_fewer_than_two_of_all_samples_are_near(spread: int) -> None:
    random = np.random.default_rng(spread)
    plane = Plane(np.full((60, 80), 128, np.uint8), 14)
    plane.samples[:] = random.integers(128 - spread, 128 + spread, plane.samples.shape)
    plane.tolerance[:] = random.integers(2, 30, plane.tolerance.shape)
    now = random.integers(0, 256, (60, 80), np.uint8)
    extra = random.integers(0, 9, (60, 80), np.uint8)
    wide = plane.tolerance.astype(int) + extra
    near = (np.abs(plane.samples.astype(int) - now) <= wide).sum(0)
    assert np.array_equal(plane.far(now, extra), np.where(near < NEAR, 255, 0))


@pytest.mark.parametrize("few", [1, 1_000_000])
def test_both_ways_of_counting_agree(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(1)
    plane = Plane(np.zeros((50, 50), np.uint8), 20)
    plane.samples[:] = random.integers(0, 256, (SAMPLES, 50, 50))
    now = random.integers(0, 256, (50, 50), np.uint8)
    want = plane.far(now, None)
    assert 0 < cv2.countNonZero(want) < want.size
    monkeypatch.setattr(background, "FEW", few)
    assert np.array_equal(plane.far(now, None), want)


def dimmed(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    picture = picture.copy()
    picture[30:90, 40:110] = (picture[30:90, 40:110] * 0.7).astype(np.uint8)
    return picture


@pytest.mark.parametrize("size", [(160, 120), (161, 121), (322, 240)])
@pytest.mark.parametrize("grey", [False, True])
def test_a_shadow_is_one_whatever_else_changed(size: tuple[int, int], grey: bool) -> None:
    def planes(picture: NDArray[np.uint8]):  # type: ignore[no-untyped-def]
        picture = np.asarray(cv2.resize(picture, size), np.uint8)
        return reduce(np.ascontiguousarray(picture[:, :, 1]) if grey else picture)

    seen = list(scenes.still(20))
    ground = Background(planes(seen[0]), MotionSettings())
    for picture in seen:
        ground.learn(planes(picture), *np.zeros((2, size[1], size[0]), np.uint8), fast=True)
    now = planes(dimmed(seen[-1]))
    whole = shadows(ground, now, np.full((size[1], size[0]), 255, np.uint8))
    assert cv2.countNonZero(whole) > 1000
    for x, y, w, h in ((0, 0, 5, 5), (38, 29, 60, 50), (99, 77, 20, 20), (0, 0, *size)):
        part = np.zeros((size[1], size[0]), np.uint8)
        part[y : y + h, x : x + w] = 255
        assert np.array_equal(shadows(ground, now, part) & part, whole & part)


@pytest.mark.parametrize("size", [(8, 6), (9, 6), (8, 7), (1, 1)])
def test_a_mask_is_grown_as_the_nearest_pixel_is(size: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    shape = (max(1, size[1] // 2), max(1, size[0] // 2))
    mask = random.choice(np.array([0, 255], np.uint8), shape)
    want = cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST)
    assert np.array_equal(grown(mask, *size), want)
