"""Sums whose terms cancel: tried on purpose, held to their rounding, and counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import Birch
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.decomposition import MiniBatchSparsePCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import BaggingRegressor, RandomForestRegressor, StackingRegressor
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    SGDOneClassSVM,
)
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, PowerTransformer, StandardScaler
from sklearn.svm import SVC, SVR, OneClassSVM
from sklearn.tree import DecisionTreeClassifier

from convert import NotExact, export
from convert.graph.emit import emit_model
from convert.prove.reference import Reference
from convert.prove.rounding import EPS, UNITS, Rounding
from convert.prove.rounding.band import score_bounds
from convert.prove.rounding.moved import filled, is_continuous, with_moved_weights

X, Y = load_diabetes(return_X_y=True)
WINE, KINDS = load_wine(return_X_y=True)
IRIS, SPECIES = load_iris(return_X_y=True)

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.usefixtures("shorter"),
]


def tried(certificate, kind="cancelling sum"):
    return sum(count.rows for count in certificate.probes if count.kind == kind)


@pytest.mark.parametrize(
    ("model", "rows", "target"),
    [
        (LinearRegression(), X, Y),
        (make_pipeline(StandardScaler(), Ridge()), WINE, KINDS),
        (Ridge(), X, np.stack([Y, Y[::-1]], axis=1)),
        (MultiOutputRegressor(Ridge()), X, np.stack([Y, Y[::-1]], axis=1)),
        (BaggingRegressor(Ridge(), 3, random_state=0), X, Y),
        (StackingRegressor([("a", Ridge()), ("b", LinearRegression())]), X, Y),
        (SVR(kernel="linear", max_iter=2000), IRIS, SPECIES),
        (make_pipeline(StandardScaler(), KernelRidge()), WINE, KINDS),
        (MLPRegressor(max_iter=20, random_state=0), X, Y),
        (LogisticRegression(max_iter=300), WINE, KINDS),
        (SVC(kernel="linear"), WINE, KINDS),
        (SGDOneClassSVM(), WINE, None),
        (MiniBatchSparsePCA(random_state=0), IRIS, None),
    ],
    ids=lambda value: str(value)[:40] if hasattr(value, "fit") else "",
)
def test_rows_along_which_terms_cancel_are_tried_and_counted(model, rows, target):
    certificate = export(model.fit(rows, target), rows).contract.certificate
    assert tried(certificate) >= 8
    assert all(parity.differ == 0 for parity in certificate.parity)
    assert any(parity.undecided for parity in certificate.parity)


def test_the_device_is_within_the_rounding_of_the_dot_product(loaded):
    """Large rows orthogonal to the weights, which no proof has seen."""
    model = LinearRegression().fit(X, Y)
    device = loaded(export(model, X))
    rng = np.random.default_rng(5)
    far = rng.normal(size=(500, X.shape[1])) * 10.0 ** rng.uniform(2, 12, size=(500, 1))
    weights = model.coef_ / np.linalg.norm(model.coef_)
    rows = far - np.outer(far @ weights, weights)
    terms = np.abs(rows) @ np.abs(model.coef_) + abs(model.intercept_)
    difference = np.abs(device.predict(rows) - model.predict(rows))
    assert (difference > 1e-9 * np.abs(model.predict(X)).max()).any(), "nothing cancels"
    assert (difference <= UNITS * EPS * terms).all()


def test_a_weight_off_in_its_thirteenth_digit_is_found_where_the_others_cancel(tamper):
    """Scores of the samples' size agree to 1e-13, far within the tolerance."""
    model = LinearRegression().fit(X, Y)

    def change(graph):
        (product,) = tamper.nodes(graph, "MatMul")
        tamper.set_constant(graph, product.input[1], lambda w: w * (1 + 1e-13 * np.arange(len(w))))

    wrong = tamper.rewritten(emit_model(model, X.shape[1]), change)
    refusal = tamper.refused(model, wrong, X)
    assert "a cancelling sum row" in refusal.what


def test_a_decision_off_by_a_millionth_is_no_matter_of_cancellation(tamper):
    model = SVC(kernel="linear").fit(IRIS[:100], SPECIES[:100])

    def change(graph):
        add = tamper.nodes(graph, "Add")[0]
        constants = {tensor.name for tensor in graph.initializer}
        name = next(name for name in add.input if name in constants)
        tamper.set_constant(graph, name, lambda b: b * (1 + 1e-6))

    wrong = tamper.rewritten(emit_model(model, 4), change)
    refusal = tamper.refused(model, wrong, IRIS[:100])
    assert "of the exported graph differs" in refusal.what


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_where_ties_are_broken_a_row_is_undecided_beside_the_meeting_decisions(kernel):
    """Labels change where two one-vs-rest decisions meet, far from any vote."""
    model = SVC(kernel=kernel, break_ties=True).fit(WINE, KINDS)
    label, _ = export(model, WINE).contract.certificate.parity
    assert label.undecided > 0


def test_votes_are_no_stand_in_for_broken_ties(tamper):
    """Three pairs that each another class wins leave the first class to votes alone."""
    rows, kinds = np.random.default_rng(0).normal(size=(200, 2)), np.arange(200) % 4
    model = SVC(C=10.0, break_ties=True).fit(rows, kinds)
    voting = SVC(C=10.0, break_ties=False).fit(rows, kinds)
    assert tamper.refused(model, emit_model(voting, 2), rows).what.startswith("predict")


def test_the_decision_of_a_linear_machine_on_unscaled_columns_is_proven():
    cancer, sick = load_breast_cancer(return_X_y=True)
    certificate = export(SVC(kernel="linear").fit(cancer, sick), cancer).contract.certificate
    assert certificate.parity[1].undecided > 0


def test_a_sigmoid_of_a_sum_that_cancels_may_be_anything(loaded):
    """x·s of a huge row and whole support vectors is 0 or its rounding, and tanh of that ±1."""
    digits = load_digits().data[:300]
    model = OneClassSVM(kernel="sigmoid").fit(digits)
    artifact = export(model, digits)
    device = loaded(artifact)
    rows = 1e300 * np.random.default_rng(0).choice([-1.0, 1.0], size=(500, digits.shape[1]))
    outputs = artifact.contract.outputs
    reference = Reference(model, [replace(o, target=None) for o in outputs], None)
    band = Rounding(reference, digits).band(rows)
    assert band.undecided.any()
    differ = device.predict(rows) != model.predict(rows)
    assert not (differ & ~band.undecided).any()
    low, high = band.bounds["decision"]
    got = device.decision_function(rows)
    assert ((got >= low) & (got <= high)).all()


def test_scores_that_jump_have_no_span():
    forest = RandomForestRegressor(2).fit(X, Y)
    binned = make_pipeline(KBinsDiscretizer(2, strategy="uniform"), Ridge())
    stacked = StackingRegressor([("a", Ridge()), ("b", forest)])
    tree = DecisionTreeClassifier(max_depth=2)
    calibrated = CalibratedClassifierCV(tree, cv=2).fit(WINE, KINDS)
    for model in (forest, binned.fit(X, Y), stacked.fit(X, Y), calibrated):
        assert not is_continuous(model)
    assert is_continuous(make_pipeline(StandardScaler(), Ridge()).fit(X, Y))
    assert tried(export(forest, X).contract.certificate) == 0


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_a_step_that_overflows_far_from_the_samples_is_no_reason_to_refuse():
    """Beyond them a power of a power is infinite, on which the next step raises."""
    cancer, sick = load_breast_cancer(return_X_y=True)
    model = make_pipeline(PowerTransformer(), LinearDiscriminantAnalysis()).fit(cancer, sick)
    assert all(parity.differ == 0 for parity in export(model, cancer).contract.certificate.parity)


def test_moved_weights_leave_the_estimator_alone():
    model = PoissonRegressor().fit(X, Y)
    before = model.coef_.copy()
    moved = with_moved_weights(model, 1e-3, np.random.default_rng(0))
    np.testing.assert_array_equal(model.coef_, before)
    np.testing.assert_allclose(moved.coef_, before, rtol=1.1e-3)
    assert (moved.coef_ != before).all()


def test_terms_that_overflow_bound_nothing():
    low, high = score_bounds(np.array([1.0, 1.0]), np.array([2.0, np.inf]))
    assert low[0] < 1.0 < high[0]
    assert np.isnan([low[1], high[1]]).all()
    nothing = np.array([np.nan, 3.0])
    merged = filled({"y": (nothing, nothing)}, {"y": (np.array([1.0, 9.0]), np.array([2.0, 9.0]))})
    np.testing.assert_array_equal(merged["y"], [[1.0, 3.0], [2.0, 3.0]])


def test_another_engine_is_not_held_to_sums_that_cancel():
    """A compiled model adds in another order, with no estimator beside it to ask."""
    artifact = export(LinearRegression().fit(X, Y), X)
    assert tried(artifact.contract.certificate) > 0
    every = sum(count.rows for count in artifact.contract.certificate.probes)
    assert len(artifact.probes) == every - tried(artifact.contract.certificate)


@pytest.mark.deep
def test_more_pairs_of_classes_may_be_open_at_once_than_are_asked_for_each_way():
    """45 pairs of ten classes: the votes of those that are open bound a class's sum."""
    rows, digits = load_digits(return_X_y=True)
    estimator = SVC(kernel="sigmoid").fit(rows[:300], digits[:300])
    assert tried(export(estimator, rows[:300]).contract.certificate) > 0


def test_a_kernel_that_decides_on_its_samples_alone_is_held_to_them():
    """A billionth of 1e30 is far from every sample, where all classes are as likely."""
    rows = IRIS * np.array([1.0, 1.0, 1e-30, 1e30])
    artifact = export(GaussianProcessClassifier().fit(rows, SPECIES), rows)
    assert artifact.contract.golden.rows >= 10


def test_a_linear_kernel_may_add_its_training_rows_up_in_any_order():
    """Far rows orthogonal to what the training rows add up to: 8 eps of all terms, no draws."""
    cancer, sick = load_breast_cancer(return_X_y=True)
    cancer = StandardScaler().fit_transform(cancer)
    model = KernelRidge().fit(cancer, sick)
    weights = model.dual_coef_ @ cancer
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, cancer.shape[1])) * 10.0 ** rng.uniform(6, 14, size=(300, 1))
    rows -= (rows @ weights / (weights @ weights))[:, None] * weights
    reference = Reference(model, emit_model(model, cancer.shape[1]).outputs, None)
    rounding = Rounding(reference, cancer)
    low, high = rounding.band(rows).bounds["prediction"]
    size = np.abs(rows) @ np.abs(cancer).T @ np.abs(model.dual_coef_)
    np.testing.assert_allclose((high - low) / 2, UNITS * EPS * size, rtol=1e-6)
    terms = (rows @ cancer.T) * model.dual_coef_
    for _ in range(20):
        found = terms[:, rng.permutation(len(cancer))].cumsum(axis=1)[:, -1]
        assert ((low <= found) & (found <= high)).all()


def test_a_refusal_says_that_terms_cancel():
    """Polynomials of columns that are not scaled: 1e9 is subtracted from 1e9."""
    cancer, sick = load_breast_cancer(return_X_y=True)
    model = KernelRidge(kernel="poly", degree=2).fit(cancer, sick)
    with pytest.raises(NotExact) as refusal:
        export(model, cancer)
    assert "StandardScaler" in refusal.value.hint


def test_no_prediction_of_a_sample_is_excused():
    """On columns up to a thousand 1e-7 of the score hangs on which training row is added first."""
    cancer, sick = load_breast_cancer(return_X_y=True)
    with pytest.raises(NotExact, match="scikit-learn disagrees with itself") as refusal:
        export(KernelRidge().fit(cancer, sick), cancer)
    assert "StandardScaler" in refusal.value.hint


def test_distances_of_samples_to_themselves_are_counted():
    """Birch keeps samples as centres: |x|^2 - 2 x.x + |x|^2 is rounding, and it takes the root."""
    label, distances = export(Birch(n_clusters=None).fit(WINE), WINE).contract.certificate.parity
    assert label.differ == distances.differ == 0
    assert distances.undecided > 0
