"""The four families that are compared, and what a bundle is made of."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
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
    """Logistic regression on the logarithms of counts, held small."""
    return make_pipeline(
        FunctionTransformer(np.log1p, feature_names_out="one-to-one"),
        StandardScaler(),
        LogisticRegression(C=0.003, max_iter=300),
    )


def tree() -> Any:
    """One tree, the kind that runs in a kernel."""
    return DecisionTreeClassifier(
        max_depth=8, min_samples_leaf=20, monotonic_cst=TRENDS, random_state=SEED
    )


def forest() -> Any:
    """Trees that vote."""
    return RandomForestClassifier(
        60, min_samples_leaf=3, max_features=0.2, monotonic_cst=TRENDS, random_state=SEED
    )


def boosting() -> Any:
    """Trees that mend one another, each split on a quarter of the features."""
    return HistGradientBoostingClassifier(
        max_iter=160,
        learning_rate=0.08,
        max_leaf_nodes=16,
        max_bins=64,
        min_samples_leaf=10,
        l2_regularization=5.0,
        max_features=0.25,
        monotonic_cst=TRENDS,
        random_state=SEED,
    )


def longer_boosting() -> Any:
    """More trees, each split on fewer of the features."""
    return boosting().set_params(max_iter=208, max_features=0.15, random_state=3)


def blend() -> Any:
    """The mean of the linear model and two boostings: they are wrong about other captures."""
    members = [("linear", linear()), ("boosting", boosting()), ("longer", longer_boosting())]
    return VotingClassifier(members, voting="soft")


FAMILIES = {
    "linear": linear,
    "tree": tree,
    "forest": forest,
    "boosting": boosting,
    "blend": blend,
}


def fit_weighted(estimator: Any, X: Any, y: Any, weights: Any) -> Any:
    """The estimator fitted with sample weights, also through a pipeline or a vote."""
    if isinstance(estimator, VotingClassifier):
        members = [
            (name, FrozenEstimator(fit_weighted(one, X, y, weights)))
            for name, one in estimator.estimators
        ]
        _, one_of_each = np.unique(y, return_index=True)
        voters = VotingClassifier(members, voting=estimator.voting)
        return voters.fit(X.iloc[one_of_each], y[one_of_each])
    steps = getattr(estimator, "steps", None)
    option = f"{steps[-1][0]}__sample_weight" if steps else "sample_weight"
    return estimator.fit(X, y, **{option: weights})


def at_operating_point(estimator: Any, threshold: float) -> Any:
    """A fitted classifier whose labels change at `threshold`; `fit` it to finish, which is free."""
    return FixedThresholdClassifier(
        FrozenEstimator(estimator),
        threshold=threshold,
        pos_label="malicious",
        response_method="predict_proba",
    )
