"""The linear model, fitted again and again on what fooled it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.svm import LinearSVC

from examples.camera.faces.scanning import Product
from examples.camera.faces.training.mining import fooling_windows, random_windows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from examples.camera.faces.features import Floats, Grey

C = 0.003
LEAST = -1.0
"""Score from which a window is a candidate, and a lesson where it shows no face."""
ROUNDS = 2
_RANDOM = 30_000
_MOST = 120
"""Lessons from one picture and round: no picture is to dominate."""


def fit_scan(
    faces: Floats,
    pictures: Sequence[Grey],
    rng: np.random.Generator,
    say: Callable[[str], None],
) -> tuple[LinearSVC, Floats]:
    """A linear model that tells the rows `faces` from windows of `pictures`, and those windows."""
    others = random_windows(pictures, _RANDOM, rng)
    model = _fitted(faces, others)
    for number in range(1, ROUNDS + 1):
        fooling = fooling_windows(pictures, product_of(model), least=LEAST, most=_MOST)
        say(f"round {number}: {len(fooling):,} windows fooled the model")
        others = np.concatenate([others, fooling])
        model = _fitted(faces, others)
    return model, others


def product_of(model: LinearSVC) -> Product:
    """The fitted model over whole levels."""
    return Product.of(model.coef_[0], float(model.intercept_[0]))


def _fitted(faces: Floats, others: Floats) -> LinearSVC:
    rows = np.concatenate([faces, others])
    labels = np.repeat([1, 0], [len(faces), len(others)])
    return LinearSVC(C=C, dual=False).fit(rows, labels)


def passing(model: LinearSVC, rows: Floats) -> Floats:
    """The rows that the linear model lets through to the second one."""
    chosen: Floats = rows[model.decision_function(rows) >= LEAST]
    return chosen
