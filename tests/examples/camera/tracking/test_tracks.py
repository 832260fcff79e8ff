"""Objects keep their number; gaps are bridged, and not for ever."""

from __future__ import annotations

from itertools import count, permutations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from examples.camera.config.schema import TrackSettings
from examples.camera.tracking import Sighting, Tracker
from examples.camera.tracking.assignment import assign

FRAME_S = 0.04


def box(x: float, y: float = 50, w: float = 20, h: float = 40) -> Sighting:
    return Sighting((x, y, x + w, y + h), 1.0)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1), (4, 4), (3, 7), (7, 3), (12, 12)])
def test_the_assignment_costs_what_scipys_costs(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(sum(shape))
    for _ in range(40):
        costs = random.integers(0, 9, shape).astype(float)
        pairs = assign(costs.tolist())
        want = costs[linear_sum_assignment(costs)].sum()
        assert sum(costs[pair] for pair in pairs) == want
        assert len({row for row, _ in pairs}) == len({c for _, c in pairs}) == min(shape)


def test_nothing_to_assign() -> None:
    assert assign([]) == []
    assert assign([[]]) == []


def test_two_that_cross_keep_their_numbers() -> None:
    tracker = Tracker(TrackSettings(), count(1))
    for n in range(60):
        tracker.step([box(10 + 3 * n, y=40), box(190 - 3 * n, y=60)], n * FRAME_S)
    assert {t.number for t in tracker.tracks} == {1, 2}
    places = {t.number: t.box[0] for t in tracker.tracks}
    assert places[1] > 150 > places[2]


def test_a_gap_is_bridged_under_one_number() -> None:
    tracker = Tracker(TrackSettings(bridge_s=1.0), count(1))
    for n in range(80):
        hidden = 30 <= n < 50
        tracker.step([] if hidden else [box(10 + 2 * n)], n * FRAME_S)
    assert [t.number for t in tracker.tracks] == [1]


def test_a_track_that_stays_away_ends() -> None:
    tracker, ended = Tracker(TrackSettings(bridge_s=0.5), count(1)), []
    for n in range(60):
        ended += tracker.step([box(50)] if n < 20 else [], n * FRAME_S)
    assert [t.number for t in ended] == [1]
    assert tracker.tracks == []


def test_a_flash_is_never_confirmed() -> None:
    tracker = Tracker(TrackSettings(), count(1))
    tracker.step([box(50)], 0.0)
    tracker.step([box(51)], FRAME_S)
    assert not tracker.tracks[0].confirmed
    assert tracker.step([], 1.0)[0].number == 1


def test_where_nothing_may_begin_what_is_there_goes_on() -> None:
    tracker = Tracker(TrackSettings(), count(1))
    for n in range(10):
        tracker.step([box(50)], n * FRAME_S)
    tracker.step([box(52), box(150)], 10 * FRAME_S, may_begin=False)
    assert [t.frames for t in tracker.tracks] == [11]


@pytest.mark.parametrize("step", [0.0, -1.0])
def test_a_clock_that_stands_or_steps_back_does_no_harm(step: float) -> None:
    tracker = Tracker(TrackSettings(), count(1))
    for n in range(20):
        tracker.step([box(50 + n)], 5 + step * (n > 10))
    assert len(tracker.tracks) == 1
    assert all(np.isfinite(tracker.tracks[0].box))


def test_every_order_of_sightings_gives_the_same_places() -> None:
    seen = [box(10), box(80), box(150)]
    results = set()
    for order in permutations(seen):
        tracker = Tracker(TrackSettings(), count(1))
        tracker.step(seen, 0.0)
        tracker.step(order, FRAME_S)
        results.add(tuple(sorted((t.number, t.box) for t in tracker.tracks)))
    assert len(results) == 1
