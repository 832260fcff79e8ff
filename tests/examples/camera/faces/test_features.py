"""Features of a picture and of a crop agree, and do not depend on what they must not depend on."""

from __future__ import annotations

import numpy as np
import pytest

from examples.camera.faces.features import (
    CELL,
    CHANNELS,
    ROW,
    SIGNED,
    UNSIGNED,
    WINDOW,
    crop_row,
    features,
    histograms,
    window_rows,
)


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (80, 96), dtype=np.uint8)


def test_a_histogram_counts_every_gradient_once_in_its_direction(picture: np.ndarray) -> None:
    grey = picture.astype(np.float64)
    padded = np.pad(grey, 1, mode="edge")
    dx = padded[1:-1, 2:] - padded[1:-1, :-2]
    dy = padded[2:, 1:-1] - padded[:-2, 1:-1]
    want = np.zeros((SIGNED, 20, 24))
    for y, x in np.ndindex(80, 96):
        turn = np.arctan2(dy[y, x], dx[y, x]) * SIGNED / (2 * np.pi)
        direction = int(np.floor(turn + 0.5)) % SIGNED
        want[direction, y // CELL, x // CELL] += np.hypot(dx[y, x], dy[y, x]) / CELL**2
    np.testing.assert_allclose(histograms(picture), want, rtol=1e-5, atol=1e-4)


def test_a_crop_has_the_row_of_its_window_in_a_picture_that_repeats_its_edge(
    picture: np.ndarray,
) -> None:
    crop = picture[:WINDOW, :WINDOW]
    whole = features(np.ascontiguousarray(crop))
    row = window_rows(whole, np.array([1]), np.array([1]))[0]
    assert row.shape == (ROW,)
    np.testing.assert_array_equal(crop_row(crop), row)


def test_a_row_lists_channels_then_rows_then_columns_of_its_window(picture: np.ndarray) -> None:
    cells = features(picture)
    row = window_rows(cells, np.array([3]), np.array([5]))[0]
    np.testing.assert_array_equal(row.reshape(CHANNELS, 7, 7), cells[:, 3:10, 5:12])


@pytest.mark.parametrize("shape", [(4, 4), (37, 39), (480, 641)])
def test_pixels_beyond_the_last_whole_cell_are_left_out(shape: tuple[int, int]) -> None:
    cells = features(np.full(shape, 7, np.uint8))
    assert cells.shape == (CHANNELS, shape[0] // CELL, shape[1] // CELL)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_plain_picture_has_no_feature(level: int) -> None:
    assert not np.any(features(np.full((40, 40), level, np.uint8)))


def test_noise_of_one_grey_level_stays_small() -> None:
    noise = np.random.default_rng(0).integers(127, 129, (80, 80), dtype=np.uint8)
    edge = np.zeros((80, 80), np.uint8)
    edge[:, 40:] = 255
    directions = slice(SIGNED + UNSIGNED)
    assert features(noise)[directions].mean() < 0.1 * features(edge)[directions].max()


def test_features_are_finite_at_the_strongest_contrast() -> None:
    chequers = (np.indices((80, 80)).sum(axis=0) % 2 * 255).astype(np.uint8)
    assert np.isfinite(features(chequers)).all()
