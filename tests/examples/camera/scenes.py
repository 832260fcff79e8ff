"""Recordings of our own making: a still room, what moves in it, and what only seems to."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

WIDTH, HEIGHT = 160, 120


def room(seed: int = 0, *, width: int = WIDTH, height: int = HEIGHT) -> Picture:
    """A textured background (h, w, 3)."""
    random = np.random.default_rng(seed)
    coarse = random.integers(50, 200, (height // 20 + 2, width // 20 + 2, 3), np.uint8)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = random.integers(-14, 15, (height, width, 1))
    return np.clip(smooth + grain, 0, 255).astype(np.uint8)


@cache
def grain(height: int, width: int) -> NDArray[np.int16]:
    """More noise (2·h, 2·w, 3) than a frame needs, so that each takes another part of it."""
    random = np.random.default_rng(77)
    return np.rint(random.normal(0, 2, (2 * height, 2 * width, 3))).astype(np.int16)


def noisy(picture: Picture, random: np.random.Generator) -> Picture:
    """The picture as a sensor sees it."""
    height, width = picture.shape[:2]
    down, right = random.integers(height), random.integers(width)
    noise = grain(height, width)[down : down + height, right : right + width]
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def still(frames: int, *, seed: int = 0, **size: int) -> Iterator[Picture]:
    """Nothing but noise."""
    random, base = np.random.default_rng(seed + 1), room(seed, **size)
    for _ in range(frames):
        yield noisy(base, random)


@dataclass(frozen=True)
class Walker:
    """A block that walks through the room from a frame on."""

    start: int = 60
    step: float = 2.0
    size: tuple[int, int] = (18, 44)
    top: int = 50
    colour: tuple[int, int, int] = (30, 60, 190)
    stops_at: int = 10_000
    """Where it stands still for ever: a column."""
    _patch: Picture = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        w, h = self.size
        grain = np.random.default_rng(9).integers(-25, 26, (h, w, 1))
        patch = np.clip(np.array(self.colour) + grain, 0, 255).astype(np.uint8)
        object.__setattr__(self, "_patch", patch)

    def box(self, number: int) -> tuple[int, int, int, int] | None:
        """x0, y0, x1, y1 where any of it is in the picture."""
        if number < self.start:
            return None
        w, h = self.size
        x = min(int((number - self.start) * self.step) - w, self.stops_at)
        x0, x1 = max(0, x), min(WIDTH, x + w)
        return (x0, self.top, x1, self.top + h) if x0 < x1 else None

    def draw(self, picture: Picture, number: int) -> Picture:
        """The picture with the walker in it."""
        box = self.box(number)
        if box is not None:
            x0, y0, x1, y1 = box
            picture = picture.copy()
            picture[y0:y1, x0:x1] = self._patch[:, : x1 - x0]
        return picture


def walk(frames: int, walker: Walker | None = None, *, seed: int = 0) -> Iterator[Picture]:
    """A walker in a noisy room."""
    walker = walker or Walker()
    random, base = np.random.default_rng(seed + 1), room(seed)
    for number in range(frames):
        yield noisy(walker.draw(base, number), random)


def restless(frames: int, *, seed: int = 0) -> Iterator[Picture]:
    """The left half sways as a tree does in the wind."""
    random = np.random.default_rng(seed + 1)
    base = room(seed)
    leaves = random.integers(20, 230, (HEIGHT, WIDTH + 40, 1), np.uint8).repeat(3, 2)
    leaves = cv2.GaussianBlur(leaves, (7, 7), 0)
    for number in range(frames):
        sway = int(6 * np.sin(number / 3.1) + 5 * np.sin(number / 1.7))
        picture = base.copy()
        picture[:, : WIDTH // 2] = leaves[:, 20 + sway : 20 + sway + WIDTH // 2]
        yield noisy(picture, random)


def lit(
    frames: Iterator[Picture], light: Callable[[Picture], NDArray[np.float64]], *, at: int,
    over: int = 1,
) -> Iterator[Picture]:  # fmt: skip
    """Change the light at a frame, within `over` frames."""
    for number, picture in enumerate(frames):
        share = min(1.0, max(0.0, (number - at + 1) / over))
        mixed = (1 - share) * picture + share * light(picture)
        yield np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def shadowed(frames: int, *, start: int, seed: int = 0) -> Iterator[Picture]:
    """A soft shadow passes over the room."""
    random, base = np.random.default_rng(seed + 1), room(seed)
    for number in range(frames):
        picture = base.astype(np.float64)
        if number >= start:
            shade = np.zeros((HEIGHT, WIDTH), np.float32)
            cv2.ellipse(shade, ((number - start) * 2, 60), (22, 34), 0, 0, 360, 0.4, -1)
            picture *= (1 - cv2.GaussianBlur(shade, (15, 15), 0))[:, :, None]
        yield noisy(picture.astype(np.uint8), random)
