"""Support vector machines and perceptrons of several layers."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, NuSVC

from convert.graph.emit import emit_model

DIGITS = load_digits(return_X_y=True)
CANCER = load_breast_cancer(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)
IRIS = load_iris(return_X_y=True)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("kernel", ["linear", "poly", "rbf", "sigmoid"])
@pytest.mark.parametrize("data", [IRIS, CANCER], ids=["multiclass", "binary"])
def test_svc_of_every_kernel(kernel, data, side_by_side):
    X, y = data
    chain = make_pipeline(StandardScaler(), SVC(kernel=kernel, coef0=0.5)).fit(X, y)
    side_by_side(chain, X.shape[1]).assert_all_close(X)


@pytest.mark.parametrize("degree", [0, 1, 2, 5, 6])
def test_polynomials_of_every_degree(degree, side_by_side):
    X, y = IRIS
    side_by_side(SVC(kernel="poly", degree=degree, coef0=1).fit(X, y), 4).assert_all_close(X)


def test_a_narrow_kernel_does_not_cancel(side_by_side):
    X, y = IRIS
    far = X + 1e6
    side_by_side(SVC(gamma=50.0).fit(far, y), 4).assert_all_close(far)


@pytest.mark.parametrize("shape", ["ovo", "ovr"])
@pytest.mark.parametrize("break_ties", [False, True])
def test_votes_and_how_ties_are_broken(shape, break_ties, side_by_side):
    if shape == "ovo" and break_ties:
        with pytest.raises(ValueError, match="break_ties"):
            SVC(decision_function_shape=shape, break_ties=True).fit(*IRIS).predict(IRIS[0])
        return
    X, y = DIGITS
    estimator = SVC(C=0.05, decision_function_shape=shape, break_ties=break_ties)
    side_by_side(estimator.fit(X[:300], y[:300]), 64).assert_all_close(X)


def test_nu_svc_svr_and_a_precomputed_kernel(side_by_side):
    X, y = IRIS
    side_by_side(NuSVC(nu=0.2).fit(X, y), 4).assert_all_close(X)
    side_by_side(SVC(kernel="precomputed").fit(X @ X.T, y), len(X)).assert_all_close(X @ X.T)
    X, y = DIABETES
    side_by_side(SVR(C=10).fit(X, y), 10).assert_all_close(X)


def test_probabilities_of_an_svc_are_refused_by_name():
    X, y = IRIS
    with pytest.warns(FutureWarning, match="probability"):
        estimator = SVC(probability=True, random_state=0).fit(X, y)
    emitted = emit_model(estimator, 4)
    assert [output.verb for output in emitted.outputs] == ["predict", "decision_function"]
    assert any("predict_proba" in note for note in emitted.notes)


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("data", [DIGITS, CANCER], ids=["multiclass", "binary"])
def test_perceptrons_of_every_activation(activation, data, side_by_side):
    X, y = data
    estimator = MLPClassifier((20, 10), activation=activation, max_iter=10, random_state=0)
    side_by_side(estimator.fit(X / X.max(), y), X.shape[1]).assert_all_close(X / X.max())


def test_perceptron_regressors(side_by_side):
    X, y = DIABETES
    side_by_side(MLPRegressor(max_iter=20).fit(X, y), 10).assert_all_close(X)
    side_by_side(MLPRegressor(max_iter=20).fit(X, np.c_[y, -y]), 10).assert_all_close(X)
