"""One frame after the other: what moves in it, or why what changed is not reported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from examples.camera.motion.background import SAMPLES, Background
from examples.camera.motion.light import LightWatch
from examples.camera.motion.planes import reduce
from examples.camera.motion.regions import regions
from examples.camera.motion.shadows import shadows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from examples.camera.motion.planes import Planes
    from examples.camera.motion.regions import Box
    from examples.camera.motion.settings import MotionSettings

WARMUP_FRAMES = 24
"""The least number of frames of a warm-up: each sample is taken once, and some twice."""
RELEARNED = 5
"""So many samples of every pixel are taken anew after a change of the light, less one."""
AROUND = np.ones((15, 15), np.uint8)
"""How far what was an object before may have moved since: seven pixels of the working size."""
LONGEST_LIGHT_S = 3.0
"""A light that changes without a pause for longer silences nothing any more."""
UNSTEADY_S = 2.0
"""For so long after the last change of the light, what looks like light is no object."""
LIGHT_S = 0.5
"""Changes of the light within so many seconds are one."""


@dataclass(frozen=True)
class Motion:
    """What changed in one frame."""

    mask: NDArray[np.uint8]
    """(h, w) at the working size: 255 where something moves."""
    boxes: tuple[Box, ...]
    """Around each region, in pixels of the frame."""
    changed: float
    """Share of the picture in the mask."""
    reason: str | None
    """Why nothing new may be reported from this frame, where that is so."""
    size: tuple[int, int]
    """Width and height of the frame."""
    too_small: bool = False
    """Whether something changed that is a little too small."""
    masked: bool = False
    """Whether enough changed where it does not count."""
    restless: bool = False
    """Whether something was left out that moves to and fro all the time, as leaves do."""

    def full_mask(self) -> NDArray[np.uint8]:
        """The mask at the frame's size."""
        if (self.mask.shape[1], self.mask.shape[0]) == self.size:
            return self.mask
        grown = cv2.resize(self.mask, self.size, interpolation=cv2.INTER_LINEAR)
        return np.asarray(cv2.compare(grown, 127, cv2.CMP_GT), np.uint8)


class MotionDetector:
    """Keeps the background of one camera."""

    def __init__(self, settings: MotionSettings) -> None:
        self._settings = settings
        self._background: Background | None = None
        self._size = (0, 0)
        self._started_s = 0.0
        self._warm = False
        self._light = LightWatch()
        self._curve_s: float | None = None
        """When the background was sent through a curve last."""
        self._lit_s: float | None = None
        """When the light changed last…"""
        self._unlit_s = 0.0
        """…and when it began to."""
        self._levels: list[tuple[float, int]] = []
        self._relearn = 0
        self._held = np.zeros((0, 0), np.uint8)

    def step(
        self, frame: NDArray[np.uint8], time_s: float, *, ignore: NDArray[np.uint8] | None = None
    ) -> Motion:
        """Look at the next frame, (h, w) grey or (h, w, 3) BGR, uint8.

        A frame of another size than the one before starts anew. `ignore` is a mask at the working
        size: what changes where it is not 0 does not count.
        """
        size = (frame.shape[1], frame.shape[0])
        now = reduce(frame)
        grey_before = self._background is not None and self._background.chroma is None
        if self._background is None or size != self._size or grey_before != (now.chroma is None):
            self._start(now, size, time_s)
        assert self._background is not None
        self._follow_light(self._background, now, time_s)
        return self._look(self._background, now, time_s, ignore)

    def _start(self, now: Planes, size: tuple[int, int], time_s: float) -> None:
        self._background = Background(now, self._settings)
        self._size, self._started_s = size, time_s
        self._lit_s = self._curve_s = None
        self._levels = []
        self._warm = False
        self._light = LightWatch()

    def _follow_light(self, background: Background, now: Planes, time_s: float) -> None:
        if background.frames < SAMPLES:
            return
        change = self._light.change(background, now)
        if change is None:
            return
        self._curve_s = time_s
        background.relight(change.luma, change.red, change.blue)
        self._relearn = RELEARNED
        recent = [(at, by) for at, by in self._levels if time_s - at < LIGHT_S]
        self._levels = [*recent, (time_s, change.levels)]
        if sum(by for _, by in self._levels) >= self._settings.light_levels:
            settle_s = self._settings.light_settle_s
            if self._lit_s is None or time_s - self._lit_s >= settle_s:
                self._unlit_s = time_s
            self._lit_s = time_s

    def _look(
        self, background: Background, now: Planes, time_s: float, ignore: NDArray[np.uint8] | None
    ) -> Motion:
        changed = background.compare(now)
        candidates = changed
        unsteady = self._curve_s is not None and time_s - self._curve_s < UNSTEADY_S
        if (self._settings.shadows or unsteady) and cv2.countNonZero(changed):
            lights = shadows(background, now, changed, lights=unsteady)
            candidates = np.asarray(cv2.subtract(changed, lights), np.uint8)
        smallest, masked = self._settings.min_area_percent / 100 * changed.size, False
        if ignore is not None:
            masked = cv2.countNonZero(cv2.bitwise_and(candidates, ignore)) >= smallest
            candidates = np.asarray(cv2.subtract(candidates, ignore), np.uint8)
        found = regions(candidates, smallest, background.flicker, background.unrest())
        mask = found.mask
        share = cv2.countNonZero(mask) / mask.size
        reason = self._reason(background, time_s, share)
        starting = background.frames < WARMUP_FRAMES
        self._held = self._still_held(mask, "start" if starting else reason)
        self._relearn = RELEARNED if reason == "scene" else max(0, self._relearn - 1)
        settling = reason in ("light", "scene") and self._relearn > 0
        background.learn(now, changed, self._held, fast=settling)
        self._warm = self._warm or reason != "warm-up"
        boxes = tuple(_scaled(found.boxes, mask, self._size))
        return Motion(
            mask, boxes, share, reason, self._size, found.too_small, masked, found.restless
        )

    def _still_held(self, mask: NDArray[np.uint8], reason: str | None) -> NDArray[np.uint8]:
        """What of the mask (h, w) is kept out of the background."""
        if reason in ("scene", "start"):
            # At first all is learned, so that what passes leaves less of a ghost; not for long,
            # since what passes again and again would become background.
            return np.zeros_like(mask)
        if reason == "light" and self._held.shape == mask.shape:
            # What was there before the light changed is still an object; the rest is the light's.
            return np.asarray(cv2.bitwise_and(mask, cv2.dilate(self._held, AROUND)), np.uint8)
        return mask

    def _reason(self, background: Background, time_s: float, share: float) -> str | None:
        settings = self._settings
        if not self._warm and (
            background.frames < WARMUP_FRAMES or time_s - self._started_s < settings.warmup_s
        ):
            return "warm-up"
        lit = self._lit_s is not None and time_s - self._lit_s < settings.light_settle_s
        # A lamp that flickers, or clouds for minutes: the background follows, and objects count.
        if lit and time_s - self._unlit_s < max(LONGEST_LIGHT_S, settings.light_settle_s):
            return "light"
        return "scene" if share * 100 > settings.scene_percent else None


def _scaled(boxes: list[Box], mask: NDArray[np.uint8], size: tuple[int, int]) -> list[Box]:
    """Boxes of the working size in pixels of the frame, rounded outwards."""
    height, width = mask.shape
    return [
        (x0 * size[0] // width, y0 * size[1] // height,
         -(-x1 * size[0] // width), -(-y1 * size[1] // height))
        for x0, y0, x1, y1 in boxes
    ]  # fmt: skip
