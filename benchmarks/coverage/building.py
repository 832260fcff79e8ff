"""Instances that fit: scikit-learn's defaults, except where a default fits on no data at hand."""

from __future__ import annotations

from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.compose import ColumnTransformer, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import pairwise_distances
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.coverage.datasets import Dataset
    from benchmarks.coverage.estimators import Candidate


class Unclassified(Exception):
    """A class of which too little is known to make an instance."""


def build(candidate: Candidate, dataset: Dataset) -> Any:
    """An unfitted estimator for the data set.

    A transformer that returns a sparse matrix gets a predictor behind it, and on a data frame
    what reads numbers gets a ColumnTransformer before it.

    Raises:
        Unclassified: the class needs arguments that are not known here: classify it.
    """
    one = candidate.estimator(**_arguments(candidate, dataset))
    if candidate.name in SPARSE:
        return make_pipeline(one, Ridge())
    if dataset.name == "mixed frame" and candidate.name not in READ_FRAMES:
        return make_pipeline(_columns(candidate), one)
    return one


SPARSE = (
    "CountVectorizer",
    "HashingVectorizer",
    "KNeighborsTransformer",
    "RadiusNeighborsTransformer",
    "TfidfTransformer",
    "TfidfVectorizer",
)
"""They return a sparse matrix whatever their settings."""

READ_FRAMES = ("ColumnTransformer",)


def _arguments(candidate: Candidate, dataset: Dataset) -> dict[str, Any]:
    given: dict[str, Any] = dict(_SETTINGS.get(candidate.name, {}))
    if candidate.name in _FROM_DATA:
        given.update(_FROM_DATA[candidate.name](dataset))
    parameters = signature(candidate.estimator).parameters
    needed = [
        name
        for name, parameter in parameters.items()
        if parameter.default is Parameter.empty
        and parameter.kind not in (Parameter.VAR_KEYWORD, Parameter.VAR_POSITIONAL)
        and name not in given
    ]
    if needed:
        raise Unclassified(f"{candidate.name} needs {', '.join(needed)}")
    if "random_state" in parameters:
        given.setdefault("random_state", 0)
    return given


def _columns(candidate: Candidate) -> ColumnTransformer:
    """Imputed, encoded and scaled; codes and scaled to 0 ... 1 for what takes nothing below 0."""
    words = make_pipeline(
        SimpleImputer(strategy="most_frequent"),
        OrdinalEncoder()
        if candidate.name == "CategoricalNB"
        else OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    )
    scaler = MinMaxScaler(clip=True) if candidate.name in _NOT_NEGATIVE else StandardScaler()
    return make_column_transformer(
        (words, ["city", "tier"]),
        (make_pipeline(SimpleImputer(), scaler), ["age", "visits"]),
        ("passthrough", ["member"]),
    )


_NOT_NEGATIVE = (
    "AdditiveChi2Sampler",
    "CategoricalNB",
    "ComplementNB",
    "LatentDirichletAllocation",
    "MiniBatchNMF",
    "MultinomialNB",
    "NMF",
)


def _logistic() -> Any:
    return LogisticRegression(max_iter=200)


def _radius(dataset: Dataset) -> dict[str, Any]:
    """Within it lies about a fifth of the training rows."""
    if not isinstance(dataset.X, np.ndarray) or np.isnan(dataset.X).any():
        return {"radius": 2.0}
    return {"radius": float(np.percentile(pairwise_distances(dataset.X[::3]), 20))}


def _radius_or_label(dataset: Dataset) -> dict[str, Any]:
    return {**_radius(dataset), "outlier_label": "most_frequent"}


def _dictionary(dataset: Dataset) -> dict[str, Any]:
    if not isinstance(dataset.X, np.ndarray):
        return {"dictionary": np.eye(9)}
    rows = np.nan_to_num(dataset.X[:: max(len(dataset.X) // 5, 1)])
    return {"dictionary": rows / np.linalg.norm(rows, axis=1, keepdims=True)}


def _column_members(dataset: Dataset) -> dict[str, Any]:
    if dataset.name == "mixed frame":
        return {
            "transformers": [
                ("words", make_pipeline(*_columns_words()), ["city", "tier"]),
                ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), ["age", "visits"]),
                ("member", "passthrough", ["member"]),
            ]
        }
    return {"transformers": [("a", StandardScaler(), [0]), ("b", MinMaxScaler(), slice(1, None))]}


def _columns_words() -> tuple[Any, Any]:
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return SimpleImputer(strategy="most_frequent"), encoder


def _missing(dataset: Dataset) -> dict[str, Any]:
    """All columns, so that some are always there."""
    del dataset
    return {"features": "all"}


def _frozen(dataset: Dataset) -> dict[str, Any]:
    """Fitted before it is frozen, where the rows are numbers."""
    model = _logistic()
    if isinstance(dataset.X, np.ndarray) and not np.isnan(dataset.X).any() and dataset.y.ndim == 1:
        model.fit(dataset.X, dataset.y)
    return {"estimator": model}


_FROM_DATA: Mapping[str, Callable[[Dataset], dict[str, Any]]] = {
    "ColumnTransformer": _column_members,
    "FrozenEstimator": _frozen,
    "MissingIndicator": _missing,
    "RadiusNeighborsClassifier": _radius_or_label,
    "RadiusNeighborsRegressor": _radius,
    "RadiusNeighborsTransformer": _radius,
    "SparseCoder": _dictionary,
}

_CLASSIFIERS = [
    ("tree", DecisionTreeClassifier(max_depth=4, random_state=0)),
    ("nb", GaussianNB()),
]
_REGRESSORS = [
    ("tree", DecisionTreeRegressor(max_depth=4, random_state=0)),
    ("ridge", Ridge()),
]
_ON_LOGISTIC = {"estimator": _logistic()}
_DENSE = {"sparse_output": False}

_SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "CCA": {"n_components": 1},
    "ClassifierChain": _ON_LOGISTIC,
    "DictionaryLearning": {"transform_algorithm": "threshold", "n_components": 3, "max_iter": 20},
    "FeatureUnion": {"transformer_list": [("pca", PCA(1)), ("scale", StandardScaler())]},
    "FixedThresholdClassifier": {**_ON_LOGISTIC, "threshold": 0.3},
    "GenericUnivariateSelect": {"mode": "percentile", "param": 60},
    "HalvingGridSearchCV": {**_ON_LOGISTIC, "param_grid": {"C": [0.1, 1.0]}},
    "HalvingRandomSearchCV": {**_ON_LOGISTIC, "param_distributions": {"C": [0.1, 1.0]}},
    "GridSearchCV": {**_ON_LOGISTIC, "param_grid": {"C": [0.1, 1.0]}},
    "HashingVectorizer": {"n_features": 64},
    "HistGradientBoostingClassifier": {"max_iter": 20},
    "HistGradientBoostingRegressor": {"max_iter": 20},
    "KBinsDiscretizer": {"encode": "onehot-dense", "quantile_method": "averaged_inverted_cdf"},
    "LocalOutlierFactor": {"novelty": True},
    "LogisticRegressionCV": {"Cs": 3, "max_iter": 200},
    "MLPClassifier": {"max_iter": 60},
    "MLPRegressor": {"max_iter": 60},
    "MiniBatchDictionaryLearning": {"transform_algorithm": "threshold", "n_components": 3},
    "MultiOutputClassifier": _ON_LOGISTIC,
    "MultiOutputRegressor": {"estimator": Ridge()},
    "OneHotEncoder": _DENSE,
    "OneVsOneClassifier": _ON_LOGISTIC,
    "OneVsRestClassifier": _ON_LOGISTIC,
    "OutputCodeClassifier": _ON_LOGISTIC,
    "PLSCanonical": {"n_components": 1},
    "PLSRegression": {"n_components": 1},
    "PLSSVD": {"n_components": 1},
    "Pipeline": {"steps": [("scale", StandardScaler()), ("model", _logistic())]},
    "RFE": _ON_LOGISTIC,
    "RFECV": _ON_LOGISTIC,
    "RandomTreesEmbedding": {**_DENSE, "n_estimators": 20},
    "RandomizedSearchCV": {
        **_ON_LOGISTIC,
        "param_distributions": {"C": [0.1, 1.0]},
        "n_iter": 2,
    },
    "RegressorChain": {"estimator": Ridge()},
    "SelectFromModel": _ON_LOGISTIC,
    "SelfTrainingClassifier": _ON_LOGISTIC,
    "SequentialFeatureSelector": {**_ON_LOGISTIC, "n_features_to_select": 2, "cv": 2},
    "GaussianRandomProjection": {"n_components": 3},
    "SparseCoder": {"transform_algorithm": "threshold"},
    "SparseRandomProjection": {"n_components": 3, "dense_output": True},
    "StackingClassifier": {"estimators": _CLASSIFIERS},
    "StackingRegressor": {"estimators": _REGRESSORS},
    "TunedThresholdClassifierCV": _ON_LOGISTIC,
    "VotingClassifier": {"estimators": _CLASSIFIERS},
    "VotingRegressor": {"estimators": _REGRESSORS},
}
