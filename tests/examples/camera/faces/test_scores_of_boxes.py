"""The measure itself: average precision by hand."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.camera.faces_scores import Mapping, average_precision, matched, score

A, B, C = [0, 0, 10, 10], [20, 0, 30, 10], [50, 50, 60, 60]


def boxes(*rows: list[float]) -> np.ndarray:
    return np.array(rows, float).reshape(-1, 4)


def test_average_precision_by_hand() -> None:
    scores, hits = np.array([0.9, 0.8, 0.7]), np.array([True, False, True])
    assert average_precision(scores, hits, 4) == pytest.approx((1 + 2 / 3) / 4)


def test_a_face_found_twice_is_right_once() -> None:
    found = [(boxes(A, [1, 0, 11, 10]), np.array([0.9, 0.8]))]
    _, hits, _ = matched(found, [boxes(A)], 0.5)
    assert hits.tolist() == [True, False]


def test_perfect_boxes_score_one_and_need_no_mapping() -> None:
    found = [(boxes(A, B), np.array([2.0, 1.0])), (boxes(), np.zeros(0))]
    scored = score(found, [boxes(A, B), boxes()], [0.1])
    assert scored.ap == scored.ap_unmapped == 1.0
    assert scored.mapping == Mapping(0, 0, 1, 1)
    assert scored.recall_at == {"0.1": 1.0}


def test_boxes_of_another_manner_are_mapped_and_count_less_unmapped() -> None:
    truth = boxes(A, B, C)
    small = truth + np.array([1.6, 1.6, -1.6, -1.6])
    scored = score([(small, np.array([3.0, 2.0, 1.0]))], [truth], [0.1])
    assert scored.ap == 1.0
    assert scored.ap_unmapped < 1.0
    assert scored.mapping.width == pytest.approx(10 / 6.8)


def test_recall_stops_at_the_allowed_false_positives() -> None:
    found = [(boxes(C, A, [90, 90, 95, 95], B), np.array([0.9, 0.8, 0.7, 0.6]))] + [
        (boxes(), np.zeros(0))
    ] * 9
    truth = [boxes(A, B)] + [boxes()] * 9
    scored = score(found, truth, [0.05, 0.1, 0.2])
    assert scored.recall_at == {"0.05": 0.0, "0.1": 0.5, "0.2": 1.0}
