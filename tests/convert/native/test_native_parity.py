"""Compiled models beside scikit-learn and the graph, over generated models of each family."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA, FactorAnalysis
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.kernel_approximation import RBFSampler
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.naive_bayes import BernoulliNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestCentroid
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
)
from sklearn.svm import SVC, SVR, LinearSVC
from sklearn.tree import DecisionTreeClassifier

TOLERANCE = 1e-9

FAMILIES = {
    "linear": lambda: LogisticRegression(max_iter=50),
    "sgd": lambda: SGDClassifier(loss="log_loss", max_iter=20, tol=None),
    "discriminant": lambda: LinearDiscriminantAnalysis(),
    "regression": lambda: LinearRegression(),
    "tree": lambda: DecisionTreeClassifier(random_state=0),
    "forest": lambda: RandomForestClassifier(11, random_state=0),
    "shallow forest": lambda: RandomForestClassifier(9, max_depth=2, random_state=0),
    "extra trees": lambda: ExtraTreesClassifier(9, random_state=0),
    "forest regressor": lambda: RandomForestRegressor(9, random_state=0),
    "boosting": lambda: GradientBoostingClassifier(n_estimators=5, random_state=0),
    "histogram boosting": lambda: HistGradientBoostingClassifier(max_iter=5, random_state=0),
    "histogram regressor": lambda: HistGradientBoostingRegressor(max_iter=5, random_state=0),
    "boosted median": lambda: AdaBoostRegressor(n_estimators=5, random_state=0),
    "isolation": lambda: IsolationForest(n_estimators=7, random_state=0),
    "network": lambda: MLPClassifier((7,), activation="tanh", max_iter=20, random_state=0),
    "support vectors": lambda: SVC(),
    "polynomial kernel": lambda: SVC(kernel="poly"),
    "support regression": lambda: SVR(),
    "bayes": lambda: GaussianNB(),
    "counts": lambda: make_pipeline(MinMaxScaler(clip=True), MultinomialNB()),
    "neighbours": lambda: KNeighborsClassifier(3),
    "neighbours by distance": lambda: KNeighborsRegressor(3, weights="distance"),
    "clusters": lambda: KMeans(3, n_init=1, random_state=0),
    "scaler and forest": lambda: make_pipeline(
        StandardScaler(), RandomForestClassifier(7, random_state=0)
    ),
    "projection": lambda: PCA(2),
    "imputer": lambda: make_pipeline(
        SimpleImputer(add_indicator=True), LogisticRegression(max_iter=50)
    ),
    "calibration": lambda: CalibratedClassifierCV(GaussianNB(), cv=2, method="isotonic"),
    "power": lambda: PowerTransformer(),
    "quantiles": lambda: QuantileTransformer(n_quantiles=9, output_distribution="normal"),
    "splines": lambda: SplineTransformer(n_knots=4),
    "random features": lambda: RBFSampler(n_components=12, random_state=0),
    "one hot": lambda: OneHotEncoder(sparse_output=False, handle_unknown="ignore"),
    "margins": lambda: LinearSVC(max_iter=200, tol=1e-2),
    "ridge": lambda: RidgeClassifier(),
    "network regression": lambda: MLPRegressor(
        hidden_layer_sizes=(9,), max_iter=20, random_state=0
    ),
    "logistic network": lambda: MLPClassifier(
        (20,), activation="logistic", max_iter=9, random_state=0
    ),
    "bits": lambda: BernoulliNB(),
    "centroids": lambda: NearestCentroid(),
    "boosted votes": lambda: AdaBoostClassifier(n_estimators=4, random_state=0),
    "soft votes": lambda: VotingClassifier(
        [("a", LogisticRegression(max_iter=50)), ("b", GaussianNB())], voting="soft"
    ),
    "bags": lambda: BaggingClassifier(n_estimators=4, random_state=0),
    "robust scaler": lambda: make_pipeline(RobustScaler(), LogisticRegression(max_iter=50)),
    "polynomials": lambda: PolynomialFeatures(2),
    "bins": lambda: KBinsDiscretizer(
        3, encode="onehot-dense", quantile_method="averaged_inverted_cdf"
    ),
    "factors": lambda: FactorAnalysis(2),
    "small batches": lambda: MiniBatchKMeans(3, n_init=1, random_state=0),
}


def _rows(rng, features, scale, *, whole):
    X = rng.normal(size=(90, features)) * scale
    return np.round(X) if whole else X


ALWAYS = (
    "linear",
    "tree",
    "shallow forest",
    "boosting",
    "histogram regressor",
    "network",
    "support vectors",
    "bayes",
    "neighbours",
    "clusters",
    "scaler and forest",
    "imputer",
    "one hot",
)
"""One of each way in which graphs are compiled; the others are tried in depth."""


def _drawn(examples):
    """Generated models: the same ones in every run."""
    return lambda test: settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )(
        given(
            seed=st.integers(0, 2**31),
            features=st.integers(2, 9),
            classes=st.integers(2, 4),
            scale=st.sampled_from([1.0, 50.0]),
            text=st.booleans(),
        )(test)
    )


@pytest.mark.sampled(2)
@pytest.mark.parametrize("family", ALWAYS)
@_drawn(2)
def test_compiled_is_graph_is_scikit_learn(compiled, family, seed, features, classes, scale, text):
    _agree(compiled, family, seed, features, classes, scale, text)


@pytest.mark.deep
@pytest.mark.parametrize("family", FAMILIES)
@_drawn(3)
def test_more_are_graph_and_scikit_learn(compiled, family, seed, features, classes, scale, text):
    _agree(compiled, family, seed, features, classes, scale, text)


def _agree(compiled, family, seed, features, classes, scale, text):
    rng = np.random.default_rng(seed)
    X = _rows(rng, features, scale, whole=family == "one hot")
    y = np.argsort(np.argsort(X @ rng.normal(size=features))) * classes // len(X)
    if "regress" in family or family in ("boosted median", "neighbours by distance"):
        y = y + rng.normal(size=len(y))
    elif text and family not in ("clusters", "isolation", "small batches"):
        y = np.array(["ant", "bee", "crow", "dünn"])[y]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator = FAMILIES[family]().fit(X, y)
    model = compiled(estimator, features)
    rows = np.ascontiguousarray(np.concatenate([X[:40], _rows(rng, features, scale, whole=False)]))
    if family == "one hot":
        rows = np.round(rows)
    native, graph = model.native(rows), model.graph(rows)
    for output in model.contract.outputs:
        got, same = native[output.name], graph[output.name]
        want = getattr(estimator, output.verb)(rows)
        assert got.shape == same.shape == want.shape
        if output.kind == "label":
            decided = _decided(estimator, rows)
            assert (got == same)[decided].all()
            assert (got == want)[decided].all()
        else:
            bound = TOLERANCE * max(np.abs(want).max(), 1e-300)
            assert np.abs(got - same).max() <= bound
            assert np.abs(got - want).max() <= bound
    alone = [model.native(rows[i : i + 1]) for i in range(12)]
    for name, batch in native.items():
        assert np.concatenate([one[name] for one in alone]).tolist() == batch[:12].tolist()


def _decided(estimator, rows):
    """Rows whose best two scores are further apart than rounding; trees are always decided."""
    for verb in ("decision_function", "predict_proba"):
        if hasattr(estimator, verb) and "Forest" not in type(estimator).__name__:
            scores = getattr(estimator, verb)(rows)
            if scores.ndim == 1:
                return np.abs(scores) > 1e-12 * np.abs(scores).max()
            best = np.sort(scores, axis=1)
            return best[:, -1] - best[:, -2] > 1e-12 * np.abs(scores).max()
    return np.ones(len(rows), dtype=bool)


def test_rows_on_the_thresholds_of_trees_and_nan_go_where_scikit_learn_sends_them(compiled):
    rng = np.random.default_rng(5)
    X = rng.normal(size=(200, 4))
    X[rng.random(X.shape) < 0.1] = np.nan
    y = rng.integers(0, 3, size=200)
    forest = RandomForestClassifier(13, random_state=0).fit(X, y)
    model = compiled(forest, 4)
    rows = []
    for tree in forest.estimators_:
        inner = tree.tree_
        # A split of NaN against all else stands at infinity.
        for node in np.flatnonzero((inner.feature >= 0) & np.isfinite(inner.threshold))[:20]:
            for value in (
                inner.threshold[node],
                np.nextafter(inner.threshold[node], -np.inf),
                np.nextafter(inner.threshold[node], np.inf),
                float(np.nextafter(np.float32(inner.threshold[node]), np.float32(np.inf))),
                np.nan,
            ):
                row = X[rng.integers(200)].copy()
                row[inner.feature[node]] = value
                rows.append(row)
    rows = np.array(rows)
    got = model.native(rows)
    np.testing.assert_array_equal(got["label"], forest.predict(rows))
    np.testing.assert_array_equal(got["probabilities"], forest.predict_proba(rows))


@pytest.mark.parametrize(
    "estimator",
    [
        SVR(epsilon=9.0),
        make_pipeline(StandardScaler(), SVR(epsilon=9.0, kernel="poly")),
        make_pipeline(SimpleImputer(add_indicator=True), SVR()),
    ],
    ids=["no support vector", "no power of one", "no missing column"],
)
def test_nothing_is_compiled_to_nothing(compiled, estimator):
    """C has no array without an element."""
    X, _ = load_iris(return_X_y=True)
    estimator.fit(X, X[:, 0])
    model = compiled(estimator, 4)
    (got,), want = model.native(X).values(), estimator.predict(X)
    np.testing.assert_allclose(got, want, rtol=TOLERANCE, atol=TOLERANCE)


def test_layers_of_a_leaf_are_walked_once(compiled):
    """Depth-limited trees are written once per class; their size here grows with leaves alone."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(400, 5))
    y = rng.integers(0, 8, size=400)
    forest = RandomForestClassifier(40, max_depth=5, random_state=0).fit(X, y)
    model = compiled(forest, 5)
    assert len(model.shared_object) < 0.4 * len(model.onnx)
    np.testing.assert_array_equal(model.native(X)["probabilities"], forest.predict_proba(X))
