"""Linear models, scalers, projections: labels from decision scores, scores within 1e-9."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import linear_model, preprocessing
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

DIGITS = load_digits(return_X_y=True)
CANCER = load_breast_cancer(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)
IRIS = load_iris(return_X_y=True)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SGD_LOSSES = [
    "hinge",
    "log_loss",
    "modified_huber",
    "squared_hinge",
    "perceptron",
    "squared_error",
    "huber",
    "epsilon_insensitive",
    "squared_epsilon_insensitive",
]


@pytest.mark.parametrize("data", [DIGITS, CANCER, IRIS], ids=["digits", "cancer", "iris"])
@pytest.mark.parametrize("loss", SGD_LOSSES)
def test_sgd_of_every_loss_on_unscaled_columns(loss, data, side_by_side):
    X, y = data
    estimator = linear_model.SGDClassifier(loss=loss, random_state=0, max_iter=30).fit(X, y)
    both = side_by_side(estimator, X.shape[1])
    both.assert_all_close(X)
    assert ("predict_proba" in both.outputs) == (loss in ("log_loss", "modified_huber"))


def test_saturated_probabilities_do_not_decide_the_label(side_by_side):
    X, y = DIGITS
    estimator = linear_model.SGDClassifier(loss="log_loss", random_state=0).fit(X, y)
    both = side_by_side(estimator, X.shape[1])
    by_probability = both.want("predict_proba", X).argmax(axis=1)
    assert (by_probability != both.want("predict", X)).any(), "the case no longer shows it"
    np.testing.assert_array_equal(both.got("predict", X), both.want("predict", X))


@pytest.mark.parametrize("loss", ["log_loss", "modified_huber"])
def test_a_row_that_no_class_claims_is_uniform(loss, side_by_side):
    X, y = IRIS
    estimator = linear_model.SGDClassifier(loss=loss, random_state=0).fit(X, y)
    estimator.coef_[:] = -1e4
    both = side_by_side(estimator, 4)
    assert np.allclose(both.want("predict_proba", X), 1 / 3)
    both.assert_all_close(X)


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["no", "ja", "ünï"]),
        np.array([-5, 0, 2**40]),
        np.array([-2.0, 0.0, 3.0]),
    ],
    ids=["text", "negative", "float"],
)
def test_labels_of_every_type(labels, side_by_side):
    X, y = IRIS
    side_by_side(
        linear_model.LogisticRegression(max_iter=300).fit(X, labels[y]), 4
    ).assert_all_close(X)


def test_boolean_labels_come_as_zero_and_one(side_by_side):
    X, y = CANCER
    both = side_by_side(linear_model.RidgeClassifier().fit(X, y.astype(bool)), X.shape[1])
    assert both.got("predict", X).dtype == np.int64
    np.testing.assert_array_equal(both.got("predict", X).astype(bool), both.want("predict", X))


@pytest.mark.parametrize("data", [DIGITS, CANCER], ids=["multiclass", "binary"])
@pytest.mark.parametrize(
    "estimator",
    [
        linear_model.LogisticRegression(max_iter=30),
        LinearSVC(max_iter=100),
        linear_model.Perceptron(max_iter=20),
        linear_model.RidgeClassifier(),
        LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.1),
    ],
    ids=str,
)
def test_linear_classifiers(estimator, data, side_by_side):
    X, y = data
    side_by_side(estimator.fit(X, y), X.shape[1]).assert_all_close(X)


@pytest.mark.parametrize(
    "estimator",
    [
        linear_model.LinearRegression(),
        linear_model.Ridge(),
        linear_model.Lasso(),
        linear_model.ElasticNet(),
        linear_model.SGDRegressor(random_state=0),
        linear_model.HuberRegressor(max_iter=20),
        linear_model.BayesianRidge(),
        linear_model.ARDRegression(max_iter=5),
        linear_model.Lars(),
        linear_model.OrthogonalMatchingPursuit(),
        linear_model.QuantileRegressor(),
    ],
    ids=str,
)
def test_linear_regressors(estimator, side_by_side):
    X, y = DIABETES
    side_by_side(estimator.fit(X, y), X.shape[1]).assert_all_close(X)


def test_several_targets_and_no_intercept(side_by_side):
    X, y = DIABETES
    targets = np.c_[y, -2 * y]
    side_by_side(linear_model.Ridge().fit(X, targets), 10).assert_all_close(X)
    flat = linear_model.LinearRegression(fit_intercept=False).fit(X, y)
    side_by_side(flat, 10).assert_all_close(X)
    column = linear_model.LinearRegression().fit(X, y[:, None])
    side_by_side(column, 10).assert_all_close(X)


def test_weights_that_were_sparsified_or_trained_in_float32(side_by_side):
    X, y = DIGITS
    sparse = linear_model.SGDClassifier(penalty="l1", random_state=0).fit(X, y).sparsify()
    side_by_side(sparse, X.shape[1]).assert_all_close(X)
    single = linear_model.LogisticRegression(max_iter=20).fit(X.astype(np.float32), y)
    assert single.coef_.dtype == np.float32
    side_by_side(single, X.shape[1]).assert_all_close(X)


@pytest.mark.parametrize(
    "scaler",
    [
        preprocessing.StandardScaler(),
        preprocessing.StandardScaler(with_mean=False),
        preprocessing.StandardScaler(with_std=False),
        preprocessing.MinMaxScaler((-3, 7)),
        preprocessing.MinMaxScaler(clip=True),
        preprocessing.MaxAbsScaler(),
        preprocessing.RobustScaler(),
    ],
    ids=str,
)
def test_scalers_to_the_last_bit(scaler, side_by_side):
    X, _ = DIGITS
    rows = np.vstack([X[:50], X[:50] * 1e30, X[:50] * -3.7, np.full((1, 64), np.nan)])
    side_by_side(scaler.fit(X), 64).assert_same_bits("transform", rows)


@pytest.mark.parametrize("norm", ["l1", "l2", "max"])
def test_normalizer_with_zero_and_tiny_rows(norm, side_by_side):
    X, _ = DIGITS
    rows = np.vstack([X[:200], np.zeros((1, 64)), np.full((1, 64), 1e-18), -X[:10]])
    both = side_by_side(preprocessing.Normalizer(norm=norm).fit(X), 64)
    both.assert_close("transform", rows, relative=1e-15)


@pytest.mark.parametrize(
    "projection",
    [PCA(7), PCA(7, whiten=True), PCA(0.9), TruncatedSVD(5, random_state=0)],
    ids=str,
)
def test_projections_alone_and_before_a_classifier(projection, side_by_side):
    X, y = DIGITS
    side_by_side(projection.fit(X), 64).assert_all_close(X)
    chain = make_pipeline(
        preprocessing.StandardScaler(), projection, linear_model.LogisticRegression(max_iter=30)
    )
    side_by_side(chain.fit(X, y), 64).assert_all_close(X)


def test_a_pipeline_with_passthrough_steps(side_by_side):
    X, y = IRIS
    chain = make_pipeline("passthrough", preprocessing.StandardScaler(), None)
    chain.steps[-1] = ("last", linear_model.LogisticRegression())
    side_by_side(chain.fit(X, y), 4).assert_all_close(X)


def beside_the_boundary(estimator, X, rng, *, pairs=150):
    """Rows next to where scikit-learn's label changes: bisected, and 2^-50 to 2^-46 beyond.

    Only those on which a row alone and in a batch get one label: shape (n, f), float64.
    """
    labels = estimator.predict(X)
    first, second = rng.integers(len(X), size=(2, pairs))
    apart = labels[first] != labels[second]
    low, high, label = X[first[apart]], X[second[apart]], labels[first[apart]]
    way = high - low
    for _ in range(60):
        middle = low + (high - low) / 2
        same = (estimator.predict(middle) == label)[:, None]
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    steps = [sign * 2.0**-power for power in (50, 48, 46) for sign in (1, -1)]
    rows = np.concatenate([low, high, *(low + way * step for step in steps)])
    alone = np.array([estimator.predict(row[None])[0] for row in rows])
    return rows[alone == estimator.predict(rows)]


def test_two_maps_in_a_row_round_as_the_estimator_does(side_by_side):
    """Their product is smaller, nearer to the truth, and gives a fifth of these another label."""
    rng = np.random.default_rng(3)
    z = rng.standard_normal((300, 1))
    X = np.hstack([z + 1e-3 * rng.standard_normal((300, 1)) for _ in range(6)])
    y = (X[:, 0] > X[:, 1]).astype(int)
    logistic = linear_model.LogisticRegression(C=1e12, max_iter=3000)
    both = side_by_side(make_pipeline(PCA(5), logistic).fit(X, y), 6)
    rows = beside_the_boundary(both.estimator, X, rng)
    assert len(rows) > 200
    wrong = both.got("predict", rows) != both.want("predict", rows)
    assert wrong.mean() < 0.02, f"{wrong.sum()} of {len(rows)}"
