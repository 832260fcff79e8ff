"""Windows become faces: one each, where the evidence lies."""

from __future__ import annotations

import numpy as np
import pytest

from examples.camera.faces.grouping import group


def box(x: float, y: float, side: float) -> list[float]:
    return [x, y, x + side, y + side]


def test_no_window_is_no_face() -> None:
    boxes, scores = group(np.zeros((0, 4)), np.zeros(0))
    assert boxes.shape == (0, 4)
    assert scores.shape == (0,)


def test_windows_of_one_face_add_their_evidence_and_average_their_place() -> None:
    windows = np.array([box(100, 100, 40), box(104, 100, 40)])
    boxes, scores = group(windows, np.array([3.0, 1.0]))
    np.testing.assert_allclose(boxes, [box(101, 100, 40)])
    np.testing.assert_allclose(scores, [4.0])


def test_many_weak_windows_outweigh_one_strong_likeness() -> None:
    many = [box(200 + i, 200, 40) for i in range(6)]
    boxes, scores = group(np.array([box(0, 0, 40), *many]), np.array([3.0, *[1.0] * 6]))
    assert boxes[0][0] > 190
    assert scores.tolist() == [6.0, 3.0]


def test_two_neighbours_stay_two() -> None:
    windows = np.array([box(0, 0, 40), box(30, 0, 40)])
    boxes, _ = group(windows, np.array([2.0, 1.0]))
    assert len(boxes) == 2


@pytest.mark.parametrize("strong", ["inner", "outer"])
def test_a_mouth_within_a_face_is_no_second_face(strong: str) -> None:
    evidence = np.array([5.0, 2.0] if strong == "outer" else [2.0, 5.0])
    boxes, scores = group(np.array([box(0, 0, 100), box(30, 60, 30)]), evidence)
    assert scores.tolist() == [5.0]
    assert boxes[0][2] - boxes[0][0] == (100 if strong == "outer" else 30)


def test_the_order_of_the_windows_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, 200, (60, 2))
    windows = np.concatenate([corner, corner + rng.uniform(30, 60, (60, 1))], axis=1)
    evidence = rng.uniform(0.1, 2, 60)
    shuffled = rng.permutation(60)
    first, second = group(windows, evidence), group(windows[shuffled], evidence[shuffled])
    np.testing.assert_allclose(first[0], second[0])
    np.testing.assert_allclose(first[1], second[1])
