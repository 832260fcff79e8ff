"""Every estimator of the installed scikit-learn, by kind, ready to fit."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal

from sklearn.utils import all_estimators

Kind = Literal["classifier", "regressor", "clusterer", "outlier", "transformer", "other"]

_WORDS: dict[Kind, str] = {
    "classifier": "classifier",
    "regressor": "regressor",
    "clusterer": "cluster",
    "transformer": "transformer",
}


@dataclass(frozen=True)
class Candidate:
    """One public estimator class and its kind."""

    name: str
    estimator: type
    kind: Kind


def candidates() -> list[Candidate]:
    """Every public estimator that predicts or transforms, once for each kind that it is of."""
    from sklearn.base import OutlierMixin

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        everything = dict(all_estimators())
        found = [
            Candidate(name, estimator, kind)
            for kind, word in _WORDS.items()
            for name, estimator in all_estimators(word)
            if kind != "clusterer" or hasattr(estimator, "predict")
        ]
    found += [
        Candidate(name, estimator, "outlier")
        for name, estimator in everything.items()
        if issubclass(estimator, OutlierMixin)
    ]
    known = {candidate.name for candidate in found}
    found += [
        Candidate(name, estimator, "other")
        for name, estimator in everything.items()
        if name not in known and (hasattr(estimator, "predict") or hasattr(estimator, "transform"))
    ]
    return sorted(found, key=lambda one: (one.kind, one.name))


def build(candidate: Candidate) -> Any:
    """An instance with scikit-learn's defaults, small and seeded where it can be.

    Raises:
        KeyError: the class needs arguments that are not known here: classify it.
    """
    from inspect import Parameter, signature

    parameters = signature(candidate.estimator).parameters
    given = dict(_REQUIRED.get(candidate.name, {}))
    needed = [
        name
        for name, parameter in parameters.items()
        if parameter.default is Parameter.empty
        and parameter.kind is not Parameter.VAR_KEYWORD
        and name not in given
    ]
    if needed:
        raise KeyError(f"{candidate.name} needs {', '.join(needed)}")
    if "random_state" in parameters:
        given.setdefault("random_state", 0)
    for name, value in _SMALLER.get(candidate.name, {}).items():
        given.setdefault(name, value)
    return candidate.estimator(**{name: _fresh(value) for name, value in given.items()})


def _fresh(value: Any) -> Any:
    return value() if callable(value) and not isinstance(value, type) else value


def _logistic() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=200)


def _ridge() -> Any:
    from sklearn.linear_model import Ridge

    return Ridge()


def _classifier_members() -> Any:
    from sklearn.naive_bayes import GaussianNB
    from sklearn.tree import DecisionTreeClassifier

    return [("tree", DecisionTreeClassifier(max_depth=4, random_state=0)), ("nb", GaussianNB())]


def _regressor_members() -> Any:
    from sklearn.tree import DecisionTreeRegressor

    return [("tree", DecisionTreeRegressor(max_depth=4, random_state=0)), ("ridge", _ridge())]


def _transformer_members() -> Any:
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    return [("pca", PCA(1)), ("scale", StandardScaler())]


def _column_members() -> Any:
    from sklearn.preprocessing import MinMaxScaler, StandardScaler

    return [("a", StandardScaler(), [0]), ("b", MinMaxScaler(), slice(1, None))]


def _steps() -> Any:
    from sklearn.preprocessing import StandardScaler

    return [("scale", StandardScaler()), ("model", _logistic())]


_GRID_CLASSIFIER = {"estimator": _logistic, "param_grid": {"C": [0.1, 1.0]}}
_REQUIRED: dict[str, dict[str, Any]] = {
    "ClassifierChain": {"estimator": _logistic},
    "ColumnTransformer": {"transformers": _column_members},
    "FeatureUnion": {"transformer_list": _transformer_members},
    "FixedThresholdClassifier": {"estimator": _logistic, "threshold": 0.3},
    "FrozenEstimator": {"estimator": _logistic},
    "GridSearchCV": _GRID_CLASSIFIER,
    "HalvingGridSearchCV": _GRID_CLASSIFIER,
    "HalvingRandomSearchCV": {
        "estimator": _logistic,
        "param_distributions": {"C": [0.1, 1.0, 10.0]},
    },
    "MultiOutputClassifier": {"estimator": _logistic},
    "MultiOutputRegressor": {"estimator": _ridge},
    "OneVsOneClassifier": {"estimator": _logistic},
    "OneVsRestClassifier": {"estimator": _logistic},
    "OutputCodeClassifier": {"estimator": _logistic},
    "Pipeline": {"steps": _steps},
    "RFE": {"estimator": _logistic},
    "RFECV": {"estimator": _logistic},
    "RandomizedSearchCV": {
        "estimator": _logistic,
        "param_distributions": {"C": [0.1, 1.0]},
        "n_iter": 2,
    },
    "RegressorChain": {"estimator": _ridge},
    "SelectFromModel": {"estimator": _logistic},
    "SelfTrainingClassifier": {"estimator": _logistic},
    "SequentialFeatureSelector": {"estimator": _logistic, "n_features_to_select": 2},
    "SparseCoder": {"dictionary": lambda: __import__("numpy").eye(4)},
    "StackingClassifier": {"estimators": _classifier_members},
    "StackingRegressor": {"estimators": _regressor_members},
    "TunedThresholdClassifierCV": {"estimator": _logistic},
    "VotingClassifier": {"estimators": _classifier_members},
    "VotingRegressor": {"estimators": _regressor_members},
}
_SMALLER: dict[str, dict[str, Any]] = {
    "HistGradientBoostingClassifier": {"max_iter": 20},
    "HistGradientBoostingRegressor": {"max_iter": 20},
    "MLPClassifier": {"max_iter": 60},
    "MLPRegressor": {"max_iter": 60},
    "LogisticRegressionCV": {"Cs": 3, "max_iter": 200},
}
