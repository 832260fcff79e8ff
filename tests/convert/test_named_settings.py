"""What a training may look like beside its defaults: each is proven, whole, whatever the class."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import Birch, KMeans
from sklearn.datasets import load_iris
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
)
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import (
    Lasso,
    LogisticRegression,
    Perceptron,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
    SGDOneClassSVM,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.random_projection import SparseRandomProjection
from sklearn.svm import SVC, SVR, LinearSVC, NuSVC, NuSVR, OneClassSVM
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import convert
from convert.prove.effort import Bounds

X, Y = load_iris(return_X_y=True)
HOLLOW = np.where(np.random.default_rng(0).random(X.shape) < 0.4, 0.0, X)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(autouse=True)
def few_rows(monkeypatch):
    few = Bounds(probes=(200, 300), alone=(12, 16), engine=(30, 60), row_buffers=20)
    monkeypatch.setattr("convert.prove.effort.BOUNDS", few)


def assert_proven(model, rows):
    parities = convert.export(model, rows).contract.certificate.parity
    assert parities
    assert all(parity.differ == 0 for parity in parities)


@pytest.mark.sampled(5)
@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_array])
@pytest.mark.parametrize(
    "model",
    [
        SVC(),
        SVC(kernel="linear", max_iter=1000),
        SVC(kernel="poly"),
        SVC(kernel="sigmoid"),
        NuSVC(nu=0.2),
        SVR(),
        NuSVR(kernel="linear", max_iter=1000),
        OneClassSVM(),
        SGDOneClassSVM(),
        LinearSVC(max_iter=300),
        LogisticRegression(max_iter=100),
        Ridge(),
        Lasso(0.1),
        DecisionTreeClassifier(max_depth=4),
        RandomForestClassifier(3),
        GradientBoostingClassifier(n_estimators=2),
        AdaBoostClassifier(n_estimators=2),
        BernoulliNB(),
        KernelRidge(kernel="rbf"),
        KMeans(2, n_init=1),
        TruncatedSVD(2),
        IsolationForest(n_estimators=3),
        CalibratedClassifierCV(RidgeClassifier(), cv=2),
        OneVsRestClassifier(RidgeClassifier()),
    ],
    ids=str,
)
def test_trained_on_sparse_rows(model, kind):
    assert_proven(model.fit(kind(HOLLOW), Y), HOLLOW)


@pytest.mark.parametrize(
    "model",
    [LogisticRegression(max_iter=100), SGDClassifier(random_state=0), Perceptron()],
    ids=lambda model: type(model).__name__,
)
def test_weights_that_were_made_sparse(model):
    assert_proven(model.fit(X, Y).sparsify(), X)


@pytest.mark.parametrize(
    "model",
    [
        SGDClassifier(loss="log_loss", random_state=0),
        LogisticRegression(max_iter=100),
        SVC(),
        DecisionTreeClassifier(max_depth=4),
        RandomForestClassifier(3),
        HistGradientBoostingClassifier(max_iter=2),
        RidgeClassifier(),
    ],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.parametrize("weights", ["balanced", {0: 1.0, 1: 5.0, 2: 0.3}], ids=["balanced", "own"])
@pytest.mark.sampled(5)
def test_weighted_classes(model, weights):
    assert_proven(model.set_params(class_weight=weights).fit(X, Y), X)


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["a", "ü", "日本"])[Y],
        Y - 1,
        Y * 7 - 9,
        Y > 0,
        (Y > 0).astype(str),
        Y.astype(np.int8),
        Y.astype(np.uint8),
        Y.astype(float),
    ],
    ids=["text", "negative", "far apart", "bool", "text of bool", "int8", "uint8", "float"],
)
@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(max_iter=100),
        SVC(),
        RandomForestClassifier(3),
        GaussianNB(),
        KNeighborsClassifier(),
        HistGradientBoostingClassifier(max_iter=2),
        MLPClassifier((5,), max_iter=20),
        BaggingClassifier(n_estimators=2),
    ],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.sampled(9)
def test_labels_of_every_kind(model, labels):
    assert_proven(model.fit(X, labels), X)


MANY = np.random.default_rng(1).normal(size=(60, 5000))
KINDS = (MANY[:, 0] > 0).astype(int) + (MANY[:, 1] > 1)


@pytest.mark.sampled(5)
@pytest.mark.parametrize("width", [1, 5000])
@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(max_iter=20),
        SVC(),
        SVR(),
        Ridge(),
        RandomForestClassifier(3),
        DecisionTreeRegressor(),
        GradientBoostingClassifier(n_estimators=2),
        GaussianNB(),
        MLPClassifier((5,), max_iter=5),
        KMeans(2, n_init=1),
        Birch(n_clusters=2),
        OneClassSVM(),
        SparseRandomProjection(1, dense_output=True, random_state=0),
    ],
    ids=lambda model: type(model).__name__,
)
def test_one_column_and_five_thousand(model, width):
    assert_proven(model.fit(MANY[:, :width], KINDS), MANY[:, :width])
