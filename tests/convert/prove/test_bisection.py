"""Rows are led to adjacent doubles on both sides of a decision, whichever way they are halved."""

from __future__ import annotations

import numpy as np
import pytest

from convert.prove.bisection import bisect_rows

LIMITS = np.array([0.1, -3.0, 1e-310, 7.5e11])
LOW = np.array([-1.0, -1e300, -5.0, 1.0])[:, None]
HIGH = np.array([2.0, 4.0, 1e30, 1e12])[:, None]


@pytest.mark.parametrize("quarters", [False, True])
def test_both_ends_are_neighbours_of_the_limit(quarters):
    asked = []

    def is_low(rows):
        asked.append(len(rows))
        return rows[:, 0] <= np.concatenate([LIMITS] * (len(rows) // len(LIMITS)))

    low, high = bisect_rows(LOW, HIGH, is_low, quarters=quarters)
    np.testing.assert_array_equal(low[:, 0], LIMITS)
    np.testing.assert_array_equal(high[:, 0], np.nextafter(LIMITS, np.inf))
    assert len(asked) <= (34 if quarters else 66)
