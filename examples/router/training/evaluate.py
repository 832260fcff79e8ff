"""Whole captures held out, beside the random split that flatters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from examples.router.features import NAMES
from examples.router.training.estimators import SEED, fit_weighted
from examples.router.training.metrics import Flows, Score, benign_hours, score, threshold_for
from examples.router.training.sources import scores_with_sources

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from examples.router.training.dataset import Rows

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

FOLDS = 8
BUDGET = 0.0025
"""Of the benign flows, what the operating point may flag: a quarter of the goal, since captures
that were not seen flag more than those it was chosen on."""

MOST_FLOWS = 300
"""Flows of a capture that are learned from; all are judged."""

UNSEEN_BUDGET = 0.01
"""The same on captures of another origin and on made ones of another seed, by a model that has
learned from none of them."""

MADE_WEIGHT = 1.0
"""Of a capture that was made or recorded by ourselves, beside one of other people's."""

EVALUATED_ONLY = frozenset(("ustc_Facetime.pcap",))
"""6,000 flows of one packet, all at one instant: to be judged, but nothing to learn from."""

Family = Callable[[], Any]
LABELS = np.array(["benign", "malicious"])


@dataclass(frozen=True)
class HeldOut:
    """What a family says of captures that it did not see."""

    flows: Flows
    scores: Floats
    """`(flows,)`."""

    flagged: NDArray[np.bool_]
    """`(flows,)` at the operating point of each flow's fold, chosen on the other folds."""

    score: Score
    hindsight: Score
    """With the one threshold that flags just 1 % of the benign flows."""


def folds_of(rows: Rows, seed: int) -> Ints:
    """`(captures,)` the fold of each: dealt out within benign and malicious."""
    chance = np.random.default_rng(seed)
    found = np.zeros(len(rows.captures), dtype=np.int64)
    labels = np.array([one.label for one in rows.captures])
    for label in LABELS:
        places = chance.permutation(np.flatnonzero(labels == label))
        found[places] = np.arange(len(places)) % FOLDS
    return found


def fit(family: Family, rows: Rows, chosen: NDArray[np.bool_], made: Rows | None) -> Any:
    """A family trained on the chosen rows of captures and on all rows of made ones."""
    parts = [(rows.X[chosen], rows.y[chosen], rows.weights()[chosen])]
    if made is not None:
        parts.append((made.X, made.y, made.weights() * MADE_WEIGHT))
    X, y, weights = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    estimator = family()
    named = pd.DataFrame(X, columns=list(NAMES))
    return fit_weighted(estimator, named, LABELS[y], balanced(y, weights))


def malice(estimator: Any, X: Floats) -> Floats:
    """`(n,)` probabilities of malice."""
    found: Floats = estimator.predict_proba(pd.DataFrame(X, columns=list(NAMES)))[:, 1]
    return found


def balanced(y: Ints, weights: Floats) -> Floats:
    """Weights with a mean of 1 whose sums are the same for both labels."""
    sums = np.bincount(y, weights=weights, minlength=2)
    found: Floats = weights / sums[y] * len(y) / 2
    return found


def learnable(rows: Rows) -> NDArray[np.bool_]:
    """`(n,)` rows that may be trained on: of captures that may be, and of not too many flows."""
    names = np.array([one.name not in EVALUATED_ONLY for one in rows.captures])
    found: NDArray[np.bool_] = names[rows.capture] & rows.drawn(MOST_FLOWS, SEED)
    return found


def held_out_scores(family: Family, rows: Rows, made: Rows | None, seed: int) -> Floats:
    """`(n,)` what a model of the other folds' captures says of each row."""
    fold = folds_of(rows, seed)[rows.capture]
    scores = np.zeros(len(rows.X))
    for number in np.unique(fold):  # fewer than FOLDS where there are few captures
        estimator = fit(family, rows, learnable(rows) & (fold != number), made)
        held = fold == number
        scores[held] = malice(estimator, rows.X[held])
    return scores


def hold_out_captures(
    family: Family, rows: Rows, made: Rows | None, seed: int, *, least: float = 0.0
) -> HeldOut:
    """Grouped cross-validation: the captures of a fold are judged by a model of the others.

    No fold's operating point is under `least`.
    """
    scores = held_out_scores(family, rows, made, seed)
    return _judged(rows, scores, folds_of(rows, seed), least)


def judge_origin(model: Any, away: Rows) -> HeldOut:
    """Captures of another origin, `away`, judged by a model that has learned from none of them.

    Their one operating point is the lowest within `UNSEEN_BUDGET`: chosen on these captures, and
    by no more than a hundredth of their benign flows.
    """
    scores = scores_with_sources(away, malice(model, away.X))
    flows, hours = Flows.of(away), benign_hours(away)
    every = np.ones(len(scores), dtype=bool)
    flagged = scores >= threshold_for(flows, scores, every, UNSEEN_BUDGET)
    found = score(flows, flagged, hours)
    return HeldOut(flows, scores, flagged, found, found)


def hold_out_flows(family: Family, rows: Rows, seed: int) -> HeldOut:
    """The usual random split, of flows: every capture is on both sides of it."""
    chance = np.random.default_rng(seed)
    fold = chance.integers(0, FOLDS, int(rows.flow.max()) + 1)[rows.flow]
    drawn = rows.drawn(MOST_FLOWS, SEED)
    scores = np.zeros(len(rows.X))
    for number in range(FOLDS):
        held = fold == number
        estimator = fit(family, rows, ~held & drawn, None)
        scores[held] = malice(estimator, rows.X[held])
    return _judged(rows, scores, np.zeros(len(rows.captures), dtype=np.int64))


def _judged(rows: Rows, row_scores: Floats, fold_of_capture: Ints, least: float = 0.0) -> HeldOut:
    flows, scores = Flows.of(rows), scores_with_sources(rows, row_scores)
    return judged(flows, scores, fold_of_capture, benign_hours(rows), least)


def judged(
    flows: Flows, scores: Floats, fold_of_capture: Ints, hours: float, least: float = 0.0
) -> HeldOut:
    """Flag each flow at a threshold that was chosen without its fold, and count.

    Where there is one fold the threshold is chosen on the same flows. None is under `least`.
    """
    fold = fold_of_capture[flows.capture]
    flagged = np.zeros(len(scores), dtype=bool)
    for number in np.unique(fold):
        here = fold == number
        others = ~here if (~here).any() else here
        flagged[here] = scores[here] >= max(threshold_for(flows, scores, others, BUDGET), least)
    every = np.ones(len(scores), dtype=bool)
    hindsight = scores >= threshold_for(flows, scores, every, 0.01)
    return HeldOut(
        flows, scores, flagged, score(flows, flagged, hours), score(flows, hindsight, hours)
    )


def operating_point(held_out: HeldOut, budget: float = BUDGET) -> float:
    """The lowest threshold within a budget, chosen on all flows when they were held out."""
    every = np.ones(len(held_out.scores), dtype=bool)
    return threshold_for(held_out.flows, held_out.scores, every, budget)
