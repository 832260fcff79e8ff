"""The product over a level picks what the model scores, and nothing but the model scores."""

from __future__ import annotations

import numpy as np
import pytest

from edge_infer import Incompatible
from examples.camera.faces.features import CHANNELS, ROW, features, window_rows
from examples.camera.faces.judging import MOST, SUREST, judged, log_odds
from examples.camera.faces.pyramid import pyramid
from examples.camera.faces.scanning import Candidates, Product, Scan

WEIGHTS = np.random.default_rng(0).normal(size=ROW) * 0.02
BIAS = -0.3


class Linear:
    """What `LinearSVC` computes."""

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        return X @ WEIGHTS + BIAS


class Judge:
    """A judge of one number a row: the probability of a face."""

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return np.column_stack([1 - X[:, 0], X[:, 0]])


@pytest.mark.parametrize("shape", [(7, 7), (7, 30), (30, 7), (31, 40), (60, 9), (6, 40), (40, 6)])
def test_the_product_scores_each_window_as_the_model_does(shape: tuple[int, int]) -> None:
    cells = np.random.default_rng(1).random((CHANNELS, *shape), np.float32)
    scores = Product.of(WEIGHTS, BIAS).scores(cells)
    assert scores.shape == (max(shape[0] - 6, 0), max(shape[1] - 6, 0))
    for y, x in np.ndindex(*scores.shape):
        row = window_rows(cells, np.array([y]), np.array([x]))
        assert scores[y, x] == pytest.approx(Linear().decision_function(row)[0], abs=1e-4)


def test_candidates_are_all_windows_from_the_threshold_on_with_the_models_own_scores() -> None:
    grey = np.random.default_rng(2).integers(0, 256, (90, 120), dtype=np.uint8)
    least = 0.0
    found = Scan(Linear()).candidates(pyramid(grey, 36, step=1.2), least)
    want = []
    for level in pyramid(grey, 36, step=1.2):
        cells = features(level.grey)
        rows, columns = cells.shape[1] - 6, cells.shape[2] - 6
        top, left = (index.ravel() for index in np.indices((rows, columns)))
        scores = Linear().decision_function(window_rows(cells, top, left).astype(np.float64))
        want.append(scores[scores >= least])
    np.testing.assert_allclose(found.scores, np.concatenate(want), rtol=0, atol=1e-12)
    assert 0 < len(found.scores) < sum(map(len, want)) + 1
    np.testing.assert_array_equal(
        found.scores, Linear().decision_function(found.rows.astype(np.float64))
    )


def test_a_model_that_is_not_linear_cannot_scan() -> None:
    class Squares:
        def decision_function(self, X: np.ndarray) -> np.ndarray:
            return np.square(X).sum(axis=1)

    with pytest.raises(Incompatible, match="not linear"):
        Scan(Squares())


def candidates(chances: np.ndarray) -> Candidates:
    rows = np.zeros((len(chances), ROW), np.float32)
    rows[:, 0] = chances
    return Candidates(
        np.tile(np.arange(4.0), (len(chances), 1)), rows, np.arange(len(chances)) * 1.0
    )


def test_evidence_is_what_exceeds_the_doubt() -> None:
    found = judged(Judge(), candidates(np.array([0.01, 0.5, 0.9])), -2.0)
    np.testing.assert_allclose(found.evidence, [np.log(9) + 2, 2.0], rtol=1e-6)


def test_certainty_counts_no_further_than_its_digits() -> None:
    odds = log_odds(Judge(), candidates(np.array([0.0, 1.0, 1 - 1e-7])).rows)
    np.testing.assert_allclose(odds, [-SUREST, SUREST, SUREST])


def test_a_page_full_of_candidates_costs_no_more_than_the_most() -> None:
    found = judged(Judge(), candidates(np.full(MOST + 500, 0.9)), -2.0)
    assert len(found.evidence) == MOST


def test_no_candidate_is_no_evidence() -> None:
    assert len(judged(Judge(), candidates(np.zeros(0)), -2.0).evidence) == 0
