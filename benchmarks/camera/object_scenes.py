"""Drawn scenes with labels: leaves that sway, and blocks that walk behind and before them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

WIDTH, HEIGHT = 160, 120


def drawn(seed: int, frames: int = 260) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Frames and masks of what walks; the left half sways, each seed in another way."""
    random = np.random.default_rng(seed)
    room = cv2.resize(random.integers(50, 200, (8, 10, 3), np.uint8), (WIDTH, HEIGHT),
                      interpolation=cv2.INTER_CUBIC)  # fmt: skip
    leaves = random.integers(20, 230, (HEIGHT, WIDTH + 40, 3), np.uint8)
    leaves = cv2.GaussianBlur(leaves, (0, 0), float(random.uniform(1, 3)))
    wide, slow = random.uniform(2, 8), random.uniform(1.5, 6)
    size = random.integers((10, 20), (24, 50))
    colour, top = random.integers(20, 236, 3), int(random.integers(20, 60))
    for number in range(frames):
        picture, mask = room.copy(), np.zeros((HEIGHT, WIDTH), np.uint8)
        gust = 1 if number % 120 < 80 else 0.2
        sway = int(gust * wide * (np.sin(number / slow) + np.sin(number / slow / 0.6)))
        picture[:, : WIDTH // 2] = leaves[:, 20 + sway : 20 + sway + WIDTH // 2]
        x = 2 * ((number - 90) % 100) - int(size[0]) if number >= 90 else -100
        box = np.s_[top : top + size[1], max(0, x) : max(0, x + int(size[0]))]
        picture[box] = colour
        mask[box] = 255
        noisy = picture + random.normal(0, 2, picture.shape)
        yield np.clip(noisy, 0, 255).astype(np.uint8), mask
