"""The estimators of the main job, each on rows that are known to be hard for a converter."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    Ridge,
    SGDClassifier,
    SGDRegressor,
)
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, Normalizer, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

if TYPE_CHECKING:
    from collections.abc import Iterator

SGD_LOSSES = (
    "hinge",
    "log_loss",
    "modified_huber",
    "squared_hinge",
    "perceptron",
    "squared_error",
    "huber",
    "epsilon_insensitive",
    "squared_epsilon_insensitive",
)


@dataclass(frozen=True)
class Case:
    """A fitted estimator, the rows it learned (n, f) and rows it has not seen (m, f)."""

    name: str
    estimator: Any
    samples: np.ndarray
    held_out: np.ndarray


def cases() -> Iterator[Case]:
    """All of them, fitted one after another."""
    digits = load_digits(return_X_y=True)
    tumours = load_breast_cancer(return_X_y=True)
    diabetes = load_diabetes(return_X_y=True)
    for loss in SGD_LOSSES:
        yield _fit(f"SGDClassifier {loss}", SGDClassifier(loss=loss, random_state=0), digits)
    for scaler in (StandardScaler(), MinMaxScaler(), Normalizer()):
        pipeline = make_pipeline(scaler, LogisticRegression(max_iter=2000))
        yield _fit(f"{type(scaler).__name__} + LogisticRegression", pipeline, tumours)
    yield _fit(
        "StandardScaler + PCA + LogisticRegression",
        make_pipeline(StandardScaler(), PCA(20, random_state=0), LogisticRegression(max_iter=2000)),
        digits,
    )
    for regressor in (LinearRegression(), Ridge(), SGDRegressor(random_state=0)):
        pipeline = make_pipeline(StandardScaler(), regressor)
        yield _fit(f"StandardScaler + {type(regressor).__name__}", pipeline, diabetes)
    yield _fit("DecisionTreeClassifier", DecisionTreeClassifier(random_state=0), digits)
    yield _fit("DecisionTreeRegressor", DecisionTreeRegressor(random_state=0), diabetes)
    forest = RandomForestClassifier(100, max_depth=10, random_state=0)
    yield _fit("RandomForestClassifier 100", forest, _with_missing(digits))
    yield _fit("RandomForestRegressor 50", RandomForestRegressor(50, random_state=0), diabetes)
    boosted = HistGradientBoostingClassifier(max_iter=50, random_state=0)
    yield _fit("HistGradientBoostingClassifier", boosted, _with_missing(tumours))
    boosted = HistGradientBoostingRegressor(max_iter=50, random_state=0)
    yield _fit("HistGradientBoostingRegressor", boosted, _with_missing(diabetes))
    perceptron = MLPClassifier((32,), max_iter=1000, random_state=0)
    yield _fit(
        "StandardScaler + MLPClassifier", make_pipeline(StandardScaler(), perceptron), digits
    )
    yield _fit("StandardScaler + SVC", make_pipeline(StandardScaler(), SVC()), tumours)


def _fit(name: str, estimator: Any, data: tuple[np.ndarray, np.ndarray]) -> Case:
    X, y = data
    held_out = np.arange(len(X)) % 4 == 0
    with warnings.catch_warnings():
        # How good the model is does not matter here, only whether it is reproduced.
        warnings.simplefilter("ignore", ConvergenceWarning)
        estimator.fit(X[~held_out], y[~held_out])
    return Case(name, estimator, X[~held_out], X[held_out])


def _with_missing(data: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    X, y = data
    holes = np.random.default_rng(0).random(X.shape) < 0.1
    return np.where(holes, np.nan, X), y
