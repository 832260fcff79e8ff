"""Settings other than the defaults are read from pickles; code of one's own is called that."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor
from sklearn.experimental import enable_halving_search_cv, enable_iterative_imputer  # noqa: F401
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import (
    RBF,
    CompoundKernel,
    ConstantKernel,
    DotProduct,
    ExpSineSquared,
    Matern,
    PairwiseKernel,
    RationalQuadratic,
    WhiteKernel,
)
from sklearn.impute import IterativeImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    RepeatedStratifiedKFold,
    TimeSeriesSplit,
)
from sklearn.neighbors import KernelDensity, KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from convert.unpickle.allowlist import read_allow_list
from convert.unpickle.audit import audit, check_audit
from convert.unpickle.collect import globals_of
from edge_infer.errors import Untrusted

ALLOWED = read_allow_list()
RNG = np.random.default_rng(0)
X = np.abs(RNG.normal(size=(60, 4))) + 0.1
Y = np.repeat([0, 1, 2], 20)
T = X[:, 0] * 3 + 1
GRID = {"max_depth": [1, 2]}

SETTINGS = {
    "imputer": lambda: IterativeImputer(max_iter=2).fit(X),
    "imputer of another": lambda: make_pipeline(
        IterativeImputer(Ridge(), max_iter=2, random_state=0), LogisticRegression()
    ).fit(X, Y),
    "halving grid": lambda: HalvingGridSearchCV(DecisionTreeClassifier(), GRID).fit(X, Y),
    "halving random": lambda: HalvingRandomSearchCV(DecisionTreeClassifier(), GRID).fit(X, Y),
    "splitter": lambda: GridSearchCV(
        DecisionTreeClassifier(), GRID, cv=RepeatedStratifiedKFold(n_splits=2, n_repeats=2)
    ).fit(X, Y),
    "splits in time": lambda: GridSearchCV(
        DecisionTreeClassifier(), GRID, cv=TimeSeriesSplit(2), scoring=["accuracy"], refit=False
    ).fit(X, Y),
    "own splits": lambda: HalvingGridSearchCV(
        DecisionTreeClassifier(), GRID, cv=[(np.arange(40), np.arange(40, 60))]
    ).fit(X, Y),
    "temperature": lambda: CalibratedClassifierCV(LinearSVC(), method="temperature").fit(X, Y),
    "mahalanobis": lambda: KNeighborsClassifier(
        metric="mahalanobis", metric_params={"VI": np.eye(4)}, algorithm="ball_tree"
    ).fit(X, Y),
    "seuclidean": lambda: KernelDensity(
        metric="seuclidean", metric_params={"V": np.ones(4)}
    ).fit(X),
    "haversine": lambda: KNeighborsClassifier(metric="haversine").fit(X[:, :2], Y),
    "gradient boosting": lambda: GradientBoostingRegressor(
        loss="huber", n_estimators=2, init="zero"
    ).fit(X, T),
    "dtype": lambda: OneHotEncoder(dtype=np.dtype("float32")).fit(X),
    "float32": lambda: make_pipeline(StandardScaler(), KNeighborsClassifier()).fit(
        X.astype(np.float32), Y
    ),
    **{
        f"boosting of {loss}": lambda loss=loss: HistGradientBoostingRegressor(
            loss=loss, quantile=0.3, max_iter=2, early_stopping=True
        ).fit(X, T)
        for loss in ("squared_error", "absolute_error", "gamma", "poisson", "quantile")
    },
    **{
        f"kernel {kernel}": lambda kernel=kernel: GaussianProcessRegressor(
            kernel, optimizer=None, alpha=50.0
        ).fit(X, T)
        for kernel in (
            ConstantKernel() * RBF([1.0] * 4) + WhiteKernel(), Matern(nu=0.5) ** 2,
            RationalQuadratic(), ExpSineSquared(), DotProduct(), PairwiseKernel(metric="poly"),
        )
    },
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", SETTINGS)
def test_a_pickle_names_nothing_outside_the_list(case: str) -> None:
    assert globals_of(SETTINGS[case]()) - ALLOWED.pairs == set()


def test_a_kernel_of_kernels_is_listed() -> None:
    assert globals_of(CompoundKernel([RBF(), Matern()])) - ALLOWED.pairs == set()


class Shouting(LogisticRegression):
    """A class of the user's own."""


def refusal(value: object) -> Untrusted:
    with pytest.raises(Untrusted) as caught:
        check_audit(audit(pickle.dumps(value)), ALLOWED)
    return caught.value


def test_a_class_of_ones_own_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    import types

    for name in ("__main__", "mine", "xgboost"):
        module = types.ModuleType(name)
        vars(module)["Shouting"] = Shouting
        monkeypatch.setitem(sys.modules, name, module)
        monkeypatch.setattr(Shouting, "__module__", name)
        told = refusal(make_pipeline(StandardScaler(), Shouting()))
        assert "own, which is not in scikit-learn" in told.what
        assert told.actual == f"{name}.Shouting"
        assert "scikit-learn's own classes" in str(told.hint)
        assert "convert.register" in str(told.hint)


def test_attack_beside_a_class_of_ones_own_is_told_first(malicious) -> None:
    told = refusal([Shouting(), malicious])
    assert "does not need" in told.what
    assert str(told.actual).startswith(("posix.system", "os.system", "nt.system"))
    assert "do not load this file" in str(told.hint)
