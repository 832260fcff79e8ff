"""Models of all families, each with its rows and what scikit-learn answers on them."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import numpy as np

SAMPLES = 90
SAID = 12
"""Rows on which a model is proven, and how many more it is asked about."""


@dataclass(frozen=True)
class Exhibit:
    """A model to be bundled."""

    path: str
    """Module and class below `sklearn`."""
    options: dict[str, Any]
    task: str = "classes"
    steps: tuple[str, ...] = ()
    """Transformers before it."""

    @property
    def name(self) -> str:
        words = [step.rpartition(".")[2] for step in (*self.steps, self.path)]
        return "-".join(words) + (f"-{self.task}" if self.task not in ("classes", "value") else "")


def one(path: str, task: str = "classes", steps: tuple[str, ...] = (), **options: Any) -> Exhibit:
    return Exhibit(path, options, task, steps)


SCALED = ("preprocessing.StandardScaler",)
EXHIBITS = [
    one("linear_model.LogisticRegression"),
    one("linear_model.LogisticRegression", "text", SCALED),
    one("linear_model.SGDClassifier", random_state=0),
    one("linear_model.RidgeClassifier"),
    one("svm.LinearSVC", "bool"),
    one("svm.SVC", gamma=0.5),
    one("svm.NuSVC", steps=SCALED),
    one("tree.DecisionTreeClassifier", random_state=0),
    one("ensemble.RandomForestClassifier", n_estimators=12, random_state=0),
    one("ensemble.ExtraTreesClassifier", "text", n_estimators=12, random_state=0),
    one("ensemble.GradientBoostingClassifier", n_estimators=6, random_state=0),
    one("ensemble.HistGradientBoostingClassifier", "missing", max_iter=6),
    one("ensemble.AdaBoostClassifier", n_estimators=6, random_state=0),
    one("ensemble.BaggingClassifier", n_estimators=4, random_state=0),
    one("naive_bayes.GaussianNB"),
    one("neighbors.KNeighborsClassifier"),
    one("neighbors.NearestCentroid"),
    one("neural_network.MLPClassifier", steps=SCALED, solver="lbfgs", random_state=0),
    one("discriminant_analysis.LinearDiscriminantAnalysis", "float"),
    one("discriminant_analysis.QuadraticDiscriminantAnalysis"),
    one("linear_model.LogisticRegression", steps=(*SCALED, "decomposition.PCA")),
    one("linear_model.LinearRegression", "value"),
    one("linear_model.ElasticNet", "value", steps=SCALED),
    one("svm.SVR", "value"),
    one("ensemble.RandomForestRegressor", "values", n_estimators=8, random_state=0),
    one("ensemble.HistGradientBoostingRegressor", "value", max_iter=8),
    one("cluster.KMeans", "none", n_clusters=3, random_state=0, n_init=1),
    one("mixture.GaussianMixture", "none", n_components=3, random_state=0),
    one("ensemble.IsolationForest", "none", n_estimators=12, random_state=0),
    one("svm.OneClassSVM", "none"),
    one("preprocessing.QuantileTransformer", "none", n_quantiles=20),
    # Constants that are widened when the graph is opened: bytes, and positions in a table.
    one("svm.SVC", "digits"),
    one("neighbors.KNeighborsClassifier", "digits", SCALED),
]


def rows(exhibit: Exhibit) -> tuple[Any, Any, Any]:
    """X to train on, y or None, and the rows to ask about."""
    if exhibit.task == "digits":
        from sklearn.datasets import load_digits

        X, y = load_digits(return_X_y=True)
        return X[:SAMPLES], y[:SAMPLES], X[SAMPLES : SAMPLES + SAID]
    rng = np.random.default_rng(len(exhibit.name))
    X = rng.normal(size=(SAMPLES + SAID, 4)) @ rng.normal(size=(4, 4))
    kinds = np.digitize(X[:, 0] + 0.4 * X[:, 1] * X[:, 2], [-1.0, 1.0])
    targets = {
        "classes": kinds,
        "text": np.array(["cold", "mild", "wärm"], dtype=object)[kinds],
        "bool": kinds > 0,
        "float": kinds + 1.0,
        "missing": kinds,
        "value": X @ [1.0, -2.0, 0.5, 3.0],
        "values": np.column_stack([X[:, 0] * X[:, 1], np.abs(X[:, 2])]),
        "none": None,
    }
    if exhibit.task == "missing":
        X[rng.random(X.shape) < 0.2] = np.nan
    y = targets[exhibit.task]
    return X[:SAMPLES], None if y is None else y[:SAMPLES], X[SAMPLES:]


def fitted(exhibit: Exhibit) -> Any:
    from sklearn.pipeline import make_pipeline

    steps = [made(path, {}) for path in exhibit.steps]
    estimator = made(exhibit.path, exhibit.options)
    X, y, _ = rows(exhibit)
    return make_pipeline(*steps, estimator).fit(X, y) if steps else estimator.fit(X, y)


def made(path: str, options: dict[str, Any]) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(f"sklearn.{module}"), name)(**options)
