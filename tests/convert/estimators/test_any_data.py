"""One estimator of each family on drawn data: any size of columns, duplicates, few classes.

Examples are drawn from a fixed seed, so that a run can be repeated. Scores lie within 1e-9 of the
largest; labels are equal wherever the two best scores are farther apart than that.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn import (
    cluster,
    covariance,
    cross_decomposition,
    decomposition,
    discriminant_analysis,
    dummy,
    ensemble,
    feature_selection,
    gaussian_process,
    isotonic,
    kernel_approximation,
    kernel_ridge,
    linear_model,
    mixture,
    multiclass,
    naive_bayes,
    neighbors,
    neural_network,
    preprocessing,
    svm,
    tree,
)
from sklearn.pipeline import make_pipeline

FAMILIES = {
    "linear classifier": linear_model.LogisticRegression(max_iter=50),
    "stochastic gradient": linear_model.SGDClassifier(loss="log_loss", random_state=0),
    "linear regressor": linear_model.Ridge(),
    "generalized linear": linear_model.PoissonRegressor(max_iter=30),
    "discriminant": discriminant_analysis.LinearDiscriminantAnalysis(),
    "naive Bayes": naive_bayes.GaussianNB(),
    "dummy": dummy.DummyRegressor(strategy="quantile", quantile=0.3),
    "tree": tree.DecisionTreeRegressor(random_state=0),
    "forest": ensemble.RandomForestClassifier(5, random_state=0),
    "boosting": ensemble.GradientBoostingRegressor(n_estimators=5, random_state=0),
    "histogram boosting": ensemble.HistGradientBoostingRegressor(max_iter=5, min_samples_leaf=3),
    "adaptive boosting": ensemble.AdaBoostRegressor(n_estimators=3, random_state=0),
    "bagging": ensemble.BaggingRegressor(linear_model.Ridge(), 3, random_state=0),
    "isolation": ensemble.IsolationForest(n_estimators=5, random_state=0),
    "support vectors": svm.SVR(),
    "neighbours": neighbors.KNeighborsRegressor(3),
    "neural network": neural_network.MLPRegressor(
        hidden_layer_sizes=(5,), max_iter=20, random_state=0
    ),
    "Gaussian process": gaussian_process.GaussianProcessRegressor(alpha=1.0),
    "kernel": kernel_ridge.KernelRidge(kernel="rbf"),
    "multi-class": multiclass.OneVsRestClassifier(linear_model.LogisticRegression(max_iter=50)),
    "clusters": cluster.KMeans(2, n_init=1, random_state=0),
    "mixture": mixture.GaussianMixture(2, covariance_type="diag", random_state=0, max_iter=5),
    "covariance": covariance.EllipticEnvelope(random_state=0, support_fraction=0.9),
    "decomposition": decomposition.PCA(2),
    "cross decomposition": cross_decomposition.PLSRegression(1),
    "scaling": preprocessing.RobustScaler(),
    "power": preprocessing.PowerTransformer(),
    "quantiles": preprocessing.QuantileTransformer(n_quantiles=9),
    "discretization": preprocessing.KBinsDiscretizer(
        3, encode="onehot-dense", quantile_method="averaged_inverted_cdf"
    ),
    "splines": preprocessing.SplineTransformer(),
    "expansion": preprocessing.PolynomialFeatures(2),
    "kernel approximation": kernel_approximation.RBFSampler(n_components=5, random_state=0),
    "selection": feature_selection.SelectKBest(k=1),
    "isotonic": isotonic.IsotonicRegression(out_of_bounds="clip"),
}
ONE_COLUMN = ("isotonic",)


@st.composite
def tables(draw):
    """X `(n, f)` of at most four columns of unequal size, and whole positive targets."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, f = draw(st.integers(24, 60)), draw(st.integers(2, 4))
    X = rng.normal(size=(n, f)) * 10.0 ** np.array(
        draw(st.lists(st.integers(-1, 1), min_size=f, max_size=f))
    )
    if draw(st.booleans()):
        X = np.concatenate([X, X[: n // 4]])
    y = 1 + (X[:, 0] > np.median(X[:, 0])) + (X[:, 1] > np.median(X[:, 1]))
    return X, y.astype(np.int64), rng


@pytest.mark.parametrize("family", FAMILIES)
@given(table=tables())
@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_family_on_any_data(family, table, side_by_side):
    X, y, rng = table
    X = X[:, :1] if family in ONE_COLUMN else X
    estimator = FAMILIES[family]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator = make_pipeline(estimator).fit(X, y)
    rows = np.concatenate([X, X + rng.normal(size=X.shape) * np.abs(X).std() * 0.1])
    both = side_by_side(estimator, X.shape[1])
    decided = np.ones(len(rows), dtype=bool)
    for verb, name in both.outputs.items():
        if name != "label":
            both.assert_close(verb, rows)
            decided &= _apart(both.want(verb, rows))
    if "label" in both.outputs.values():
        got, want = both.got("predict", rows), both.want("predict", rows)
        np.testing.assert_array_equal(got[decided], want[decided])
        assert decided.sum() > len(rows) // 2


def _apart(scores):
    """bool `(n,)`: the two best scores, or one score and 0, differ beyond rounding."""
    if scores.ndim == 1 or scores.shape[1] == 1:
        scores = scores.reshape(-1)
        return np.abs(scores) > 1e-9 * np.abs(scores).max()
    best = np.sort(scores, axis=1)
    return best[:, -1] - best[:, -2] > 1e-9 * np.abs(scores).max()
