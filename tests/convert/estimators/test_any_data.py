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
    calibration,
    cluster,
    compose,
    covariance,
    cross_decomposition,
    decomposition,
    discriminant_analysis,
    dummy,
    ensemble,
    feature_selection,
    gaussian_process,
    impute,
    isotonic,
    kernel_approximation,
    kernel_ridge,
    linear_model,
    manifold,
    mixture,
    multiclass,
    naive_bayes,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    random_projection,
    semi_supervised,
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
    "passive-aggressive": linear_model.SGDRegressor(
        loss="epsilon_insensitive", penalty=None, learning_rate="pa1", eta0=1.0, random_state=0
    ),
    "consensus": linear_model.RANSACRegressor(min_samples=5, random_state=0),
    "transformed target": compose.TransformedTargetRegressor(
        linear_model.Ridge(), transformer=preprocessing.StandardScaler()
    ),
    "calibration": calibration.CalibratedClassifierCV(naive_bayes.GaussianNB(), cv=2),
    "voting": ensemble.VotingRegressor(
        [("ridge", linear_model.Ridge()), ("tree", tree.DecisionTreeRegressor(max_depth=2))]
    ),
    "stacking": ensemble.StackingRegressor(
        [("ridge", linear_model.Ridge()), ("tree", tree.DecisionTreeRegressor(max_depth=2))], cv=2
    ),
    "self-training": semi_supervised.SelfTrainingClassifier(naive_bayes.GaussianNB()),
    "label propagation": semi_supervised.LabelPropagation(gamma=0.1),
    "neighbours within a radius": neighbors.RadiusNeighborsRegressor(100.0, weights="distance"),
    "centroids": neighbors.NearestCentroid(),
    "outlier factor": neighbors.LocalOutlierFactor(5, novelty=True),
    "support vectors of one class": svm.OneClassSVM(),
    "means shifted": cluster.MeanShift(bandwidth=5.0),
    "cluster tree": cluster.Birch(n_clusters=2),
    "agglomerated columns": cluster.FeatureAgglomeration(2),
    "kernel projection": decomposition.KernelPCA(2, kernel="rbf", gamma=0.1, random_state=0),
    "independent components": decomposition.FastICA(2, random_state=0, max_iter=20),
    "sparse codes": decomposition.SparseCoder(np.eye(2), transform_algorithm="threshold"),
    "sparse components": decomposition.SparsePCA(2, random_state=0, max_iter=20),
    "local embedding": manifold.LocallyLinearEmbedding(n_neighbors=4, random_state=0),
    "geodesics": manifold.Isomap(n_neighbors=6),
    "random projection": random_projection.GaussianRandomProjection(2, random_state=0),
    "machine of Boltzmann": neural_network.BernoulliRBM(3, n_iter=2, random_state=0),
    "tree embedding": ensemble.RandomTreesEmbedding(3, sparse_output=False, random_state=0),
    "union": pipeline.make_union(decomposition.PCA(1), preprocessing.StandardScaler()),
    "imputation": impute.SimpleImputer(strategy="median", add_indicator=True),
    "indicator columns": preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    "codes": preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    "means of targets": preprocessing.TargetEncoder(cv=2, random_state=0),
}
"""Of text and of labels there are drawn tests beside these, as there are of typed columns."""
NEEDS_TWO = ("sparse codes",)
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


@pytest.mark.sampled(2)
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
    X = X[:, :1] if family in ONE_COLUMN else X[:, :2] if family in NEEDS_TWO else X
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
