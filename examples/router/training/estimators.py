"""The four families that are compared, and what a bundle is made of."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from examples.router.features import FEATURES

SEED = 20261128
TRENDS = [one.trend for one in FEATURES]
"""More packets a second, more hosts, more failures: never a lower score for it."""


def linear() -> Any:
    """Logistic regression on compressed counts."""
    return make_pipeline(
        FunctionTransformer(np.arcsinh),
        StandardScaler(),
        LogisticRegression(C=0.05, max_iter=300),
    )


def tree() -> Any:
    """One tree, the kind that runs in a kernel."""
    return DecisionTreeClassifier(
        max_depth=8, min_samples_leaf=20, monotonic_cst=TRENDS, random_state=SEED
    )


def forest() -> Any:
    """Trees that vote."""
    return RandomForestClassifier(
        100, min_samples_leaf=3, max_features=0.2, monotonic_cst=TRENDS, random_state=SEED
    )


def boosting() -> Any:
    """Trees that mend one another, each on a quarter of the features."""
    return HistGradientBoostingClassifier(
        max_iter=120,
        learning_rate=0.08,
        max_leaf_nodes=10,
        min_samples_leaf=5,
        l2_regularization=5.0,
        max_features=0.25,
        monotonic_cst=TRENDS,
        random_state=SEED,
    )


FAMILIES = {"linear": linear, "tree": tree, "forest": forest, "boosting": boosting}


def weight_option(estimator: Any, weights: Any) -> dict[str, Any]:
    """The argument of `fit` that carries `weights`, also through a pipeline."""
    steps = getattr(estimator, "steps", None)
    return {f"{steps[-1][0]}__sample_weight" if steps else "sample_weight": weights}


def at_operating_point(estimator: Any, threshold: float) -> Any:
    """A fitted classifier whose labels change at `threshold`; `fit` it to finish, which is free."""
    return FixedThresholdClassifier(
        FrozenEstimator(estimator),
        threshold=threshold,
        pos_label="malicious",
        response_method="predict_proba",
    )
