"""Every size is visited, and a window's box lies where the window lies in the frame."""

from __future__ import annotations

import numpy as np
import pytest

from examples.camera.faces.features import CELL, WINDOW
from examples.camera.faces.pyramid import MARGIN, pyramid

STEP = 1.2


@pytest.mark.parametrize(
    ("shape", "smallest"), [((480, 640), 47), ((96, 128), 20), ((50, 900), 36)]
)
def test_levels_fall_from_the_smallest_face_to_the_largest_that_fits(
    shape: tuple[int, int], smallest: int
) -> None:
    levels = list(pyramid(np.zeros(shape, np.uint8), smallest, step=STEP))
    scales = [level.scale for level in levels]
    assert scales[0] == pytest.approx(WINDOW / smallest)
    assert min(shape) * scales[-1] >= WINDOW > min(shape) * scales[-1] / STEP
    np.testing.assert_allclose(np.divide(scales[:-1], scales[1:]), STEP)
    for level in levels:
        want = np.array(shape) * level.scale + 2 * MARGIN
        assert np.abs(np.array(level.grey.shape) - want).max() <= 1


def test_a_frame_smaller_than_a_window_has_no_level() -> None:
    assert list(pyramid(np.zeros((30, 400), np.uint8), 36, step=STEP)) == []


@pytest.mark.parametrize("smallest", [36, 47, 90])
def test_a_spot_lies_in_the_box_of_the_window_that_holds_it(smallest: int) -> None:
    grey = np.zeros((240, 320), np.uint8)
    grey[118:122, 198:202] = 255
    for level in pyramid(grey, smallest, step=STEP):
        y, x = np.unravel_index(int(level.grey.argmax()), level.grey.shape)
        x0, y0, x1, y1 = level.boxes(np.array([y // CELL]), np.array([x // CELL]))[0]
        # The brightest pixel's cell is the window's second, a cell from its corner.
        assert x0 <= 200 <= x0 + 3 * CELL / level.scale
        assert y0 <= 120 <= y0 + 3 * CELL / level.scale
        assert [x1 - x0, y1 - y0] == pytest.approx([WINDOW / level.scale] * 2)
