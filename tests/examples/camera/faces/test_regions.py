"""No place is searched twice, and none outside the frame."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from examples.camera.faces.regions import Region, merged

EDGE = st.integers(-50, 150)
BOX = st.tuples(EDGE, EDGE, EDGE, EDGE).map(
    lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]) + 1, max(b[1], b[3]) + 1)
)


def covered(boxes: list[Region]) -> np.ndarray:
    counts = np.zeros((100, 120), int)
    for x0, y0, x1, y1 in boxes:
        counts[y0:y1, x0:x1] += 1
    return counts


@given(st.lists(BOX, max_size=8), st.integers(0, 20))
def test_all_that_was_asked_for_is_searched_once(boxes: list[Region], margin: int) -> None:
    found = merged(boxes, 120, 100, margin=margin)
    counts = covered(found)
    assert counts.max(initial=0) <= 1
    for x0, y0, x1, y1 in boxes:
        part = counts[max(y0 - margin, 0) : y1 + margin, max(x0 - margin, 0) : x1 + margin]
        if y1 + margin > 0 and x1 + margin > 0:
            assert np.all(part == 1)


def test_no_region_is_no_search() -> None:
    assert merged([], 120, 100, margin=5) == []


def test_a_region_outside_the_frame_is_dropped() -> None:
    assert merged([(200, 200, 300, 300)], 120, 100, margin=5) == []
