"""Gaussian processes, kernel ridge, label propagation and models that wrap a linear one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import erf
from sklearn.datasets import load_diabetes, load_iris
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import (
    RBF,
    ConstantKernel,
    DotProduct,
    Exponentiation,
    ExpSineSquared,
    Matern,
    PairwiseKernel,
    RationalQuadratic,
    WhiteKernel,
)
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import (
    PassiveAggressiveClassifier,
    PassiveAggressiveRegressor,
    RANSACRegressor,
)
from sklearn.semi_supervised import LabelPropagation, LabelSpreading
from sklearn.tree import DecisionTreeRegressor

from convert.errors import Unsupported
from convert.estimators import special_functions
from convert.graph.builder import Graph
from convert.graph.emit import emit_model
from convert.graph.emitted import EmittedOutput
from convert.graph.onnx_model import to_onnx

IRIS = load_iris(return_X_y=True)
X, Y = (part[:150] for part in load_diabetes(return_X_y=True))
X = X * 20

KERNELS = [
    None,
    RBF(1.5) + WhiteKernel(1.0),
    RBF([1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 4.0]),
    Matern(2.0, nu=0.5),
    Matern(2.0, nu=1.5) * ConstantKernel(3.0),
    Matern(2.0, nu=2.5),
    Matern(2.0, nu=np.inf),
    RationalQuadratic(2.0, alpha=0.7),
    ExpSineSquared(0.5, periodicity=30.0) + WhiteKernel(50.0),
    DotProduct(1.3) ** 2 + WhiteKernel(10.0),
    Exponentiation(RBF(2.0) + ConstantKernel(0.5), 3),
    PairwiseKernel(metric="laplacian", gamma=0.3),
    PairwiseKernel(metric="rbf", gamma=0.2),
]


@pytest.mark.parametrize("kernel", KERNELS, ids=repr)
@pytest.mark.parametrize("normalize", [False, True])
def test_regressors_of_every_kernel(kernel, normalize, side_by_side):
    estimator = GaussianProcessRegressor(kernel, alpha=0.1, optimizer=None, normalize_y=normalize)
    rows = np.concatenate([X, X * 1.1, -X])
    side_by_side(estimator.fit(X, Y), 10).assert_all_close(rows)
    side_by_side(estimator.fit(X, np.c_[Y, X[:, 0]]), 10).assert_all_close(rows)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("multi_class", ["one_vs_rest", "one_vs_one"])
@pytest.mark.parametrize(
    "kernel", [RBF(1.0), Matern(nu=1.5) + ConstantKernel(0.5), DotProduct()], ids=repr
)
def test_classifiers(multi_class, kernel, side_by_side):
    rows, y = IRIS
    names = np.array(["c", "a", "b"])
    estimator = GaussianProcessClassifier(kernel, optimizer=None, multi_class=multi_class)
    side_by_side(estimator.fit(rows, names[y]), 4).assert_all_close(rows * 1.05)
    side_by_side(estimator.fit(rows, names[(y > 1) * 1]), 4).assert_all_close(rows * 1.05)


@pytest.mark.parametrize("kernel", [Matern(nu=0.7), ConstantKernel() * Matern(nu=3.0)])
def test_a_matern_of_unusual_smoothness_is_refused(kernel):
    estimator = GaussianProcessRegressor(kernel, alpha=0.1, optimizer=None).fit(X, Y)
    with pytest.raises(Unsupported, match="Bessel"):
        emit_model(estimator, 10)


def test_error_function_to_a_few_ulp():
    import onnxruntime

    g = Graph("X")
    outputs = [EmittedOutput("transform", "y", "float64", (None, 1), "score")]
    tensors = {"y": special_functions.erf(g, g.x)}
    onnx = to_onnx(KernelRidge(), g, tensors, outputs, n_features=1)
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    values = np.concatenate([np.linspace(-9, 9, 5001), np.geomspace(1e-300, 1e300, 500)])[:, None]
    got = session.run(["y"], {"X": values})[0]
    np.testing.assert_allclose(got, erf(values), rtol=4 * np.finfo(float).eps)


@pytest.mark.parametrize("kernel", ["linear", "poly", "rbf", "laplacian", "sigmoid", "cosine"])
def test_kernel_ridge(kernel, side_by_side):
    estimator = KernelRidge(kernel=kernel, alpha=10.0, gamma=0.01)
    side_by_side(estimator.fit(X, Y), 10).assert_all_close(X * 1.1)
    side_by_side(estimator.fit(X, np.c_[Y, -Y]), 10).assert_all_close(X * 1.1)


def test_a_precomputed_kernel(side_by_side):
    estimator = KernelRidge(kernel="precomputed").fit(X @ X.T, Y)
    side_by_side(estimator, len(X)).assert_all_close(X @ X.T)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("family", [LabelPropagation, LabelSpreading])
@pytest.mark.parametrize("kernel", ["rbf", "knn"])
def test_labels_that_spread(family, kernel, side_by_side):
    rows, y = IRIS
    y = np.where(np.arange(len(y)) % 3 == 0, y, -1)
    estimator = family(kernel=kernel, gamma=2.0).fit(rows, y)
    side_by_side(estimator, 4).assert_all_close(rows + 0.03)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_passive_aggressive_models_and_ransac(side_by_side):
    rows, y = IRIS
    classifier = PassiveAggressiveClassifier(random_state=0)
    side_by_side(classifier.fit(rows, y), 4).assert_all_close(rows)
    side_by_side(classifier.fit(rows, y > 1), 4).assert_all_close(rows)
    side_by_side(PassiveAggressiveRegressor().fit(X, Y), 10).assert_all_close(X)
    side_by_side(RANSACRegressor(random_state=0).fit(X, Y), 10).assert_all_close(X)
    side_by_side(RANSACRegressor(random_state=0).fit(X, Y[:, None]), 10).assert_all_close(X)
    trees = RANSACRegressor(DecisionTreeRegressor(), min_samples=50, random_state=0)
    side_by_side(trees.fit(X, Y), 10).assert_all_close(X)
