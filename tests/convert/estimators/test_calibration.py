"""Calibrated classifiers, and the interpolation behind isotonic ones."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.impute import KNNImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from convert.errors import NotExact, Unsupported
from convert.estimators.interpolation import clipped_interpolation
from convert.export import export
from convert.graph.builder import Graph
from convert.graph.emit import emit_model
from convert.graph.emitted import EmittedOutput
from convert.graph.onnx_model import to_onnx

IRIS, KIND = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[KIND]
CANCER, SICK = load_breast_cancer(return_X_y=True)

BY_DECISION = LinearSVC(dual=False, random_state=0)
BY_PROBABILITY = RandomForestClassifier(5, random_state=0)


@pytest.mark.parametrize("inner", [BY_DECISION, BY_PROBABILITY], ids=["decision", "probability"])
@pytest.mark.parametrize("ensemble", [True, False])
@pytest.mark.parametrize("method", ["sigmoid", "isotonic", "temperature"])
@pytest.mark.parametrize(
    ("X", "y"),
    [pytest.param(IRIS, NAMES, id="three"), pytest.param(CANCER, SICK == 1, id="two classes")],
)
def test_calibration(X, y, method, ensemble, inner, side_by_side):
    if method == "temperature" and y.dtype == bool:
        # scikit-learn 1.9.1 takes numbers for indices of columns there, -7 too:
        # what it then reads of others' memory made 1 fit in 20 fail.
        y = y.astype(int)
    estimator = CalibratedClassifierCV(inner, method=method, ensemble=ensemble, cv=3)
    with np.errstate(over="ignore"):  # scikit-learn's own search for a temperature
        estimator.fit(X, y)
    side_by_side(estimator, X.shape[1]).assert_all_close(X)


@pytest.mark.parametrize("y", [NAMES, np.where(SICK, "b", "a")], ids=["three", "two"])
def test_isotonic_ties_go_to_the_first_class(y, side_by_side):
    X = IRIS if len(y) == len(IRIS) else CANCER
    tree = DecisionTreeClassifier(max_depth=2, random_state=0)
    estimator = CalibratedClassifierCV(tree, method="isotonic", cv=4).fit(X, y)
    pair = side_by_side(estimator, X.shape[1])
    pair.assert_same_bits("predict_proba", X)
    pair.assert_same_bits("predict", X)


def test_a_frozen_estimator(side_by_side):
    inner = FrozenEstimator(make_pipeline(StandardScaler(), LogisticRegression()).fit(IRIS, NAMES))
    for method in ("sigmoid", "isotonic", "temperature"):
        estimator = CalibratedClassifierCV(inner, method=method).fit(IRIS, NAMES)
        side_by_side(estimator, 4).assert_all_close(IRIS)


def test_a_class_that_a_frozen_estimator_never_saw(side_by_side):
    two = FrozenEstimator(LogisticRegression().fit(IRIS[:100], NAMES[:100]))
    for method in ("sigmoid", "isotonic"):
        estimator = CalibratedClassifierCV(two, method=method, ensemble=True)
        estimator.fit(IRIS, NAMES)
        side_by_side(estimator, 4).assert_all_close(IRIS)


def test_decisions_that_look_like_probabilities_are_taken_for_them(side_by_side):
    """scikit-learn asks the whole batch, so one row is answered otherwise alone."""
    estimator = CalibratedClassifierCV(BY_DECISION, method="temperature", cv=3).fit(IRIS, KIND)
    for fold in estimator.calibrated_classifiers_:
        fold.estimator.coef_ = np.eye(3, 4)
        fold.estimator.intercept_ = np.zeros(3)
    pair = side_by_side(estimator, 4)
    alike = np.array([[0.2, 0.3, 0.5, 9.0], [1.0, 0.0, 0.0, 1.0]])
    beyond = np.array([[2.0, -1.0, 0.0, 1.0]])
    within = np.array([[0.3, 0.2, 0.1, 1.0]])
    for rows in (alike, np.r_[alike, IRIS], alike[:1], IRIS[:1], beyond, within):
        pair.assert_close("predict_proba", rows)
    batch = pair.want("predict_proba", np.r_[alike, IRIS])[:2]
    assert (np.abs(batch - pair.want("predict_proba", alike)) > 1e-3).any()


def test_a_probability_above_1_by_rounding_is_1(side_by_side):
    linear = FrozenEstimator(LinearSVC(dual=False).fit(CANCER[:, :1], SICK))
    linear.estimator.coef_[:], linear.estimator.intercept_[:] = 1.0, 0.0
    estimator = CalibratedClassifierCV(linear, method="isotonic").fit(CANCER[:, :1], SICK)
    (isotonic,) = estimator.calibrated_classifiers_[0].calibrators
    rng = np.random.default_rng(0)
    for _ in range(10_000):
        knots = np.array([-rng.random(), rng.random() / 1000])
        values = np.array([rng.random() / 1000, 1.0])
        x = np.nextafter(knots[1], -np.inf)
        if np.interp(x, knots, values) > 1:
            break
    assert np.interp(x, knots, values) > 1
    isotonic.X_thresholds_, isotonic.y_thresholds_ = knots, values
    isotonic.X_min_, isotonic.X_max_ = knots
    isotonic._build_f(knots, values)
    side_by_side(estimator, 1).assert_same_bits("predict_proba", np.array([[x]]))


def test_the_path_of_the_calibrated_estimator_is_named():
    inner = make_pipeline(KNNImputer(weights=abs), LogisticRegression())
    estimator = CalibratedClassifierCV(inner, cv=2).fit(IRIS, KIND)
    path = r"calibrated_classifiers_\[0\]\.estimator: pipeline step 'knnimputer'"
    with pytest.raises(Unsupported, match=path):
        emit_model(estimator, 4)


def interpolated(knots, values, x):
    graph = Graph("X")
    found = clipped_interpolation(graph, graph.x, knots, values)
    output = EmittedOutput("transform", "y", "float64", (None, len(knots)), "score")
    onnx = to_onnx(StandardScaler(), graph, {"y": found}, [output], n_features=len(knots))
    return onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"]).run(
        None, {"X": x}
    )[0]


@pytest.mark.parametrize("count", [1, 2, 3, 100])
def test_interpolation_at_and_beside_every_knot(count):
    rng = np.random.default_rng(count)
    knots = [np.unique(rng.normal(size=count)), np.unique(rng.normal(size=count) * 1e-300)]
    knots[0][0] = min(knots[0][0], 0.0) if count == 1 else knots[0][0]
    values = [rng.random(count), np.sort(rng.random(count))]
    points = []
    for own in knots:
        beside = [own, np.nextafter(own, -np.inf), np.nextafter(own, np.inf), own + rng.random()]
        points.append(np.concatenate([*beside, [0.0, -0.0, 1e300, -1e300, 5e-324]]))
    x = np.stack(points, axis=1)
    want = [np.interp(x[:, j], knots[j], values[j]) for j in range(2)]
    np.testing.assert_array_equal(interpolated(knots, values, x), np.stack(want, axis=1))


def test_knots_too_near_to_have_a_slope():
    with pytest.raises(Unsupported, match="overflows"):
        interpolated([np.array([0.0, 5e-324])], [np.array([0.0, 1.0])], np.zeros((1, 1)))


@pytest.mark.parametrize("folds", [3, 5])
def test_a_calibration_that_is_steeper_than_a_probability_is_exact_says_so(folds):
    """Knots a few ulp below 1, as of naive Bayes on columns that are not scaled.

    Of five folds two rows of several thousand beside the samples differ by a millionth, and none of
    the probes.
    """
    model = CalibratedClassifierCV(GaussianNB(), method="isotonic", cv=folds).fit(CANCER, SICK)
    with pytest.raises(NotExact, match="steep") as refusal:
        export(model, CANCER)
    assert "method='sigmoid'" in refusal.value.hint


def test_a_steep_calibration_of_exact_probabilities_is_exact():
    """Naive Bayes that is sure of less, and trees, whose probabilities are fractions."""
    for inner in (GaussianNB(), DecisionTreeClassifier(max_depth=3, random_state=0)):
        model = CalibratedClassifierCV(inner, method="isotonic", cv=3).fit(IRIS, NAMES)
        assert export(model, IRIS).contract.golden.rows > 10
