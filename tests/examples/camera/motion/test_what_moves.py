"""What moves is found; what only seems to move is not, and the reason is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import scenes

from examples.camera.motion import Motion, MotionDetector, MotionSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]


def look(pictures: Iterable[Picture], settings: MotionSettings | None = None) -> list[Motion]:
    detector = MotionDetector(settings or MotionSettings())
    return [detector.step(picture, n / 25) for n, picture in enumerate(pictures)]


def reported(motions: list[Motion], start: int = 50) -> list[int]:
    """Numbers of the frames in which something new could be told of."""
    return [n for n, m in enumerate(motions) if n >= start and m.boxes and m.reason is None]


def test_a_walker_is_found_where_it_is() -> None:
    walker = scenes.Walker()
    motions = look(scenes.walk(140, walker))
    hits = misses = false = 0
    for number, motion in enumerate(motions):
        wanted = np.zeros((scenes.HEIGHT, scenes.WIDTH), bool)
        box = walker.box(number)
        if box is not None:
            wanted[box[1] : box[3], box[0] : box[2]] = True
        got = motion.full_mask() > 0
        hits, misses = hits + int((got & wanted).sum()), misses + int((~got & wanted).sum())
        false += int((got & ~wanted).sum())
    assert 2 * hits / (2 * hits + misses + false) > 0.93
    assert reported(motions)[0] in range(walker.start, walker.start + 6)


def test_noise_alone_is_nothing() -> None:
    assert reported(look(scenes.still(120))) == []


def test_what_sways_becomes_background() -> None:
    motions = look(scenes.restless(220))
    assert reported(motions) == []
    assert any(motion.changed for motion in motions[:50]), "the scene is restless at all"


LIGHTS: dict[str, Callable[[Picture], NDArray[np.float64]]] = {
    "half": lambda p: p * 0.5,
    "brighter": lambda p: p * 1.4,
    "offset": lambda p: p + 40.0,
    "gamma": lambda p: 255 * (p / 255) ** 0.6,
    "tint": lambda p: p * np.array([0.8, 1.0, 1.2]),
}


@pytest.mark.parametrize("over", [1, 12])
@pytest.mark.parametrize("light", LIGHTS)
def test_a_change_of_the_light_is_told_as_that(light: str, over: int) -> None:
    motions = look(scenes.lit(scenes.still(140), LIGHTS[light], at=70, over=over))
    assert len(reported(motions)) <= (0 if over == 1 else 5), "what is debounced later"
    assert "light" in {motion.reason for motion in motions[70:]}
    assert not any(motion.boxes for motion in motions[100:])


def test_a_walker_is_seen_again_soon_after_the_light_has_changed() -> None:
    pictures = scenes.lit(scenes.walk(140), LIGHTS["brighter"], at=80)
    assert next(n for n in reported(look(pictures)) if n > 80) <= 80 + 14


def test_a_soft_shadow_is_hardly_ever_an_object() -> None:
    with_it = reported(look(scenes.shadowed(110, start=60)))
    without = reported(look(scenes.shadowed(110, start=60), MotionSettings(shadows=False)))
    assert len(without) >= 48
    assert len(with_it) <= 15
    assert max(with_it, default=0) < 80, "only where it comes in over the edge"


def test_what_stands_still_becomes_background_in_the_end() -> None:
    walker = scenes.Walker(step=6, stops_at=60)
    motions = look(scenes.walk(700, walker), MotionSettings(absorb_frames=4))
    assert motions[120].boxes
    assert not motions[-1].boxes


def test_nothing_is_told_at_the_start() -> None:
    motions = look(scenes.walk(80, scenes.Walker(start=0)))
    assert {motion.reason for motion in motions[:50]} == {"warm-up"}
    assert motions[51].reason is None


def test_a_scene_that_changes_as_a_whole_is_no_object_and_is_learned() -> None:
    pictures = [*scenes.still(80), *scenes.still(80, seed=5)]
    motions = look(pictures)
    assert reported(motions) == []
    assert "scene" in {motion.reason for motion in motions[80:]}


@pytest.mark.parametrize("value", [0, 255])
def test_black_and_white_frames_are_told_as_no_object(value: int) -> None:
    pictures = [*scenes.still(70)] + [np.full((120, 160, 3), value, np.uint8)] * 5
    motions = look([*pictures, *scenes.still(60)])
    assert reported(motions) == []


def test_a_resolution_that_changes_midway_starts_anew() -> None:
    motions = look([*scenes.still(60), *scenes.walk(1), *scenes.still(70, width=320, height=240)])
    assert motions[61].reason == "warm-up"
    assert motions[61].full_mask().shape == (240, 320)
    assert motions[-1].reason is None
    assert reported(motions) == []


def test_a_camera_that_turns_grey_starts_anew() -> None:
    grey = [picture[:, :, 1] for picture in scenes.walk(140)]
    motions = look([*scenes.still(60), *grey])
    assert motions[60].reason == "warm-up"
    assert reported(motions)


@pytest.mark.parametrize("shape", [(16, 16, 3), (17, 400), (370, 208, 3), (4320, 7680, 3)])
def test_frames_of_any_shape_are_served(shape: tuple[int, ...]) -> None:
    picture = np.zeros(shape, np.uint8)
    motions = look([picture, picture])
    assert motions[1].full_mask().shape == shape[:2]
    assert not motions[1].boxes


def test_boxes_are_in_pixels_of_the_frame() -> None:
    large = [p.repeat(4, 0).repeat(4, 1) for p in scenes.walk(100)]
    box = look(large)[-1].boxes[0]
    want = scenes.Walker().box(99)
    assert want is not None
    assert np.abs(np.array(box) - 4 * np.array(want)).max() <= 12


def test_the_same_frames_give_the_same_masks() -> None:
    one, two = look(scenes.walk(110)), look(scenes.walk(110))
    assert all(np.array_equal(a.mask, b.mask) for a, b in zip(one, two, strict=True))
    assert any(m.mask.any() for m in one)


def test_what_is_masked_out_does_not_count() -> None:
    detector = MotionDetector(MotionSettings())
    everywhere = np.full((scenes.HEIGHT, scenes.WIDTH), 255, np.uint8)
    motions = [detector.step(p, n / 25, ignore=everywhere) for n, p in enumerate(scenes.walk(90))]
    assert not any(motion.boxes for motion in motions)
