"""The background of every pixel as a few of its own past values.

A pixel belongs to the background where at least two of its samples are near. Samples are replaced
at random places, with a neighbour's value now and then, after ViBe (Barnich and Van Droogenbroeck,
2011); how near is near follows the distance of the best sample and how often the pixel flickers,
after PBAS (Hofmann et al., 2012) and SuBSENSE (St-Charles et al., 2015). What differs: it learns
wherever no object was accepted, so leaves and water become background within seconds; brightness
and colour are compared apart, colour at half the size; and everything is integer arithmetic.
"""

from __future__ import annotations

from math import isqrt
from random import Random
from typing import TYPE_CHECKING

import cv2
import numpy as np

from examples.camera.motion.planes import grown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from examples.camera.motion.planes import Planes
    from examples.camera.motion.settings import MotionSettings

    Mask = NDArray[np.uint8]

SAMPLES = 16
NEAR = 2
"""So many samples have to be near."""
SOON = 6
"""Nearly every pixel of a background is near two of its first samples: the others are then read
for the rest alone, which spares more than half of the memory that a frame has to fetch."""
FEW = 16
"""Where more than one pixel in so many is left, whole samples are read: that is quicker then."""
FIXED = 8
"""Distances are kept in 1/256 of a grey level."""
WIDEST = 40
"""No pixel is given a wider tolerance by its distances, however noisy it is."""
FLICKER = 8
"""Grey levels of tolerance that a pixel gains when it changes sides outside any object."""
ORDINARY = 36
"""Grey levels of contrast from which on the thresholds are those of the settings."""
LOOK_FRAMES = 64
"""Once in so many frames the contrast is looked at: day becomes night."""
EVERYWHERE = 0.7
"""Share of the pixels from which on their restlessness is noise or rain, and no tree's."""
WANDER = 64
"""The random pattern is laid at so many places either way."""


class Plane:
    """The samples of one plane, or of two planes one over the other, and their tolerances."""

    def __init__(self, first: Mask, threshold: int) -> None:
        self.samples = np.repeat(first[None], SAMPLES, axis=0)
        """(samples, h, w)"""
        self.threshold = threshold
        self.noise = np.full(first.shape, 3 << FIXED, np.uint16)
        """Running mean of the distance to the nearest sample."""
        self.tolerance = np.full(first.shape, threshold, np.uint8)
        self._low, self._high, self._hit = np.empty((3, *first.shape), np.uint8)

    def far(self, now: Mask, extra: Mask | None) -> Mask:
        """255 for each pixel (h, w) that fewer than `NEAR` samples are near, 0 for the others."""
        tolerance = self.tolerance if extra is None else cv2.add(self.tolerance, extra)
        cv2.subtract(now, tolerance, dst=self._low)
        cv2.add(now, tolerance, dst=self._high)
        near = np.zeros(now.shape, np.uint8)
        self._count(self.samples[:SOON], near)
        left = np.flatnonzero(near < NEAR)
        if len(left) * FEW > near.size:
            self._count(self.samples[SOON:], near)
        else:
            few = self.samples.reshape(SAMPLES, -1)[SOON:].take(left, axis=1)
            hits = (few >= self._low.ravel()[left]) & (few <= self._high.ravel()[left])
            near.ravel()[left] += hits.sum(axis=0, dtype=np.uint8)
        return np.asarray(cv2.compare(near, NEAR, cv2.CMP_LT), np.uint8)

    def _count(self, samples: Mask, near: Mask) -> None:
        for sample in samples:
            cv2.inRange(sample, self._low, self._high, dst=self._hit)
            # A hit is 255, which is -1 in eight bits.
            np.subtract(near, self._hit, out=near)

    def adapt(self, now: Mask, free: Mask) -> None:
        """Let the tolerance follow the noise where `free` is not 0."""
        nearest, distance = np.full(now.shape, 255, np.uint8), self._hit
        for sample in self.samples:
            cv2.absdiff(sample, now, dst=distance)
            np.minimum(nearest, distance, out=nearest)
        gain = nearest.astype(np.uint16)
        gain <<= FIXED - 4
        gain += self.noise
        gain -= self.noise >> 4
        cv2.copyTo(gain, free, self.noise)
        wide = cv2.max(cv2.min(self.noise >> (FIXED - 1), WIDEST), self.threshold)
        np.copyto(self.tolerance, wide, casting="unsafe")


class Background:
    """What each pixel of the working size has looked like."""

    def __init__(self, first: Planes, settings: MotionSettings) -> None:
        self._random = Random(20)
        self.luma = Plane(first.luma, settings.threshold)
        self.chroma: Plane | None = None
        if first.chroma is not None:
            self.chroma = Plane(first.chroma, settings.colour_threshold)
        self._settings = settings
        self._follow_contrast(first)
        for plane in (self.luma, self.chroma):
            if plane is not None:
                plane.tolerance[:] = plane.threshold
        self._absorb = settings.absorb_frames
        self.frames = 0
        height, width = first.luma.shape
        self.flicker = np.zeros((height, width), np.uint8)
        """Grey levels of tolerance that each pixel has gained by its restlessness."""
        self._before = np.zeros((height, width), np.uint8)
        shape = (height + WANDER, width + WANDER)
        noise = np.frombuffer(self._random.randbytes(shape[0] * shape[1]), np.uint8)
        rare = np.uint8(max(1, 256 // settings.memory_frames))
        self._pattern = np.where(noise < rare, 255, 0).astype(np.uint8).reshape(shape)
        for plane, now in self._pairs(first):
            for sample in plane.samples:
                down, right = self._step()
                sample[:] = np.roll(now, (down, right), (0, 1))

    def compare(self, now: Planes) -> Mask:
        """The pixels that are not background: (h, w), 0 or 255."""
        height, width = now.luma.shape
        changed = self.luma.far(now.luma, self.flicker)
        if self.chroma is not None and now.chroma is not None:
            extra = None
            if self.unrest():
                extra = np.right_shift(_fit(self.flicker, self.chroma), 1, dtype=np.uint8)
            far = self.chroma.far(now.chroma, extra)
            colour = np.asarray(cv2.max(far[: height // 2], far[height // 2 :]), np.uint8)
            changed = np.asarray(cv2.bitwise_or(changed, grown(colour, width, height)), np.uint8)
        return changed

    def learn(self, now: Planes, changed: Mask, objects: Mask, *, fast: bool) -> None:
        """Take the frame into the background wherever no object is.

        `changed` is what `compare` gave, `objects` (h, w) what was accepted of it. `fast`
        replaces one sample of every free pixel, not of a random share.
        """
        self.frames += 1
        if self.frames % LOOK_FRAMES == 0:
            self._follow_contrast(now)
        held = cv2.dilate(objects, np.ones((5, 5), np.uint8))
        free = np.asarray(cv2.bitwise_not(held), np.uint8)
        self._note_flicker(changed, held)
        if fast or self.frames % 4 == 0:
            for plane, values in self._pairs(now):
                plane.adapt(values, _fit(free, plane))
        if self.frames % self._absorb == 0:
            free = np.full_like(free, 255)
        self._replace(now, free, fast=fast)
        if not fast:
            self._spread(now, free)

    def unrest(self) -> float:
        """How restless the picture is as a whole, in grey levels; 0 where parts of it are calm."""
        if cv2.countNonZero(self.flicker) < EVERYWHERE * self.flicker.size:
            return 0.0
        return float(cv2.mean(self.flicker)[0])

    def relight(
        self, luma: NDArray[np.uint8], red: NDArray[np.uint8], blue: NDArray[np.uint8]
    ) -> None:
        """Send every sample through a table (256,) of its plane."""
        _through(self.luma.samples, luma)
        if self.chroma is not None:
            half = self.chroma.samples.shape[1] // 2
            _through(self.chroma.samples[:, :half], red)
            _through(self.chroma.samples[:, half:], blue)

    def _follow_contrast(self, now: Planes) -> None:
        """Lower the thresholds with the picture's contrast, down to half."""
        if not self._settings.follow_contrast:
            return
        share = min(contrast(now.luma), ORDINARY)
        settings = self._settings
        pairs = ((self.luma, settings.threshold), (self.chroma, settings.colour_threshold))
        for plane, threshold in pairs:
            if plane is not None:
                plane.threshold = max((threshold + 1) // 2, threshold * share // ORDINARY)

    def _note_flicker(self, changed: Mask, held: Mask) -> None:
        """A pixel that changes sides where no object is, is restless: leaves, water, a screen."""
        blink = cv2.subtract(cv2.bitwise_xor(changed, self._before), held)
        if self.frames % 4 == 0:
            self.flicker = np.asarray(cv2.subtract(self.flicker, 2), np.uint8)
        self.flicker = np.asarray(cv2.add(self.flicker, cv2.min(blink, FLICKER)), np.uint8)
        self._before = changed

    def _replace(self, now: Planes, free: Mask, *, fast: bool) -> None:
        which = self.frames % SAMPLES if fast else self._random.getrandbits(4)
        chosen = free if fast else self._scatter(free)
        for plane, values in self._pairs(now):
            cv2.copyTo(values, _fit(chosen, plane), plane.samples[which])

    def _spread(self, now: Planes, free: Mask) -> None:
        """Some pixels hand their value to a neighbour: ghosts dissolve, small sways are learned."""
        which, (down, right) = self._random.getrandbits(4), self._step()
        chosen = self._scatter(free)
        for plane, values in self._pairs(now):
            height, width = values.shape
            source = np.s_[1 : height - 1, 1 : width - 1]
            target = np.s_[1 + down : height - 1 + down, 1 + right : width - 1 + right]
            mask = np.ascontiguousarray(_fit(chosen, plane)[source])
            cv2.copyTo(values[source], mask, plane.samples[which][target])

    def _scatter(self, free: Mask) -> Mask:
        """A random share of the free pixels."""
        height, width = free.shape
        down, right = self._random.getrandbits(6), self._random.getrandbits(6)
        pattern = self._pattern[down : down + height, right : right + width]
        return np.asarray(cv2.bitwise_and(free, pattern), np.uint8)

    def _step(self) -> tuple[int, int]:
        return int(self._random.random() * 3) - 1, int(self._random.random() * 3) - 1

    def _pairs(self, now: Planes) -> Iterator[tuple[Plane, Mask]]:
        yield self.luma, now.luma
        if self.chroma is not None and now.chroma is not None:
            yield self.chroma, now.chroma


def contrast(luma: Mask) -> int:
    """Standard deviation of brightness (h, w), whole grey levels: the same on every processor."""
    wide = luma.astype(np.int64)
    total, squares, count = int(wide.sum()), int((wide * wide).sum()), luma.size
    return isqrt(count * squares - total * total) // count


def _through(samples: Mask, table: Mask) -> None:
    for sample in samples:
        sample[:] = cv2.LUT(sample, table)


def _fit(mask: Mask, plane: Plane) -> Mask:
    """A mask of the luma's size at the plane's own: for two planes, twice at half the size."""
    height, width = plane.samples.shape[1:]
    if mask.shape == (height, width):
        return mask
    fitted = np.empty((height, width), np.uint8)
    fitted[: height // 2] = mask[:height:2, : 2 * width : 2]
    fitted[height // 2 :] = fitted[: height // 2]
    return fitted
