"""The band: as wide as rounding, never wider, and no third label inside it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import CategoricalNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, SplineTransformer, StandardScaler
from sklearn.svm import SVC

from convert.graph.emitted import EmittedOutput
from convert.prove.bisection import ROWS_PER_PAIR
from convert.prove.compare import compare
from convert.prove.policy import Policy
from convert.prove.reference import Reference
from convert.prove.rounding import EPS, UNITS, Rounding
from convert.prove.rounding.band import Band, class_band
from convert.prove.rows import Context, thresholds

LABEL = EmittedOutput("predict", "label", "int64", (None,), "label")
SCORES = EmittedOutput("predict_proba", "probabilities", "float64", (None, 3), "score")


def rounding_of(estimator, X, outputs=(LABEL,)):
    return Rounding(Reference(estimator, outputs, None), X)


def test_unit_of_a_binary_linear_model_is_the_sum_of_absolute_terms():
    X, y = load_iris(return_X_y=True)
    model = LogisticRegression().fit(X, y > 0)
    band = rounding_of(model, X).band(X)
    terms = np.abs(X) @ np.abs(model.coef_[0]) + abs(model.intercept_[0])
    np.testing.assert_allclose(band.unit, UNITS * EPS * terms, rtol=1e-12)
    np.testing.assert_array_equal(band.margin, np.abs(model.decision_function(X)))


def test_unit_of_two_classes_carries_both_sums():
    X, y = load_iris(return_X_y=True)
    model = LogisticRegression(max_iter=1000).fit(X, y)
    band = rounding_of(model, X).band(X)
    terms = np.abs(X) @ np.abs(model.coef_).T + np.abs(model.intercept_)
    assert (band.unit <= UNITS * EPS * np.sort(terms, axis=1)[:, 1:].sum(axis=1) * (1 + 1e-9)).all()
    assert (band.unit > UNITS * EPS * terms.min(axis=1)).all()
    assert not band.undecided.any()


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(StandardScaler(), LogisticRegression()),
        make_pipeline(Normalizer(), PCA(3), LogisticRegression()),
        MLPClassifier((8,), max_iter=400, random_state=0),
        MLPClassifier((8,), activation="tanh", max_iter=400, random_state=0),
        SVC(),
        SVC(kernel="linear", break_ties=True),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_band_holds_what_scikit_learn_disagrees_with_itself_about_and_little_more(model):
    """The same row alone and in a batch: never further apart than the unit, nor much closer."""
    X, y = load_iris(return_X_y=True)
    model.fit(X, y)
    rounding = rounding_of(model, X)
    rows = X + np.random.default_rng(0).normal(scale=0.3, size=X.shape)
    verb = model.predict_proba if hasattr(model, "predict_proba") else model.decision_function
    alone = np.concatenate([verb(row[None]) for row in rows])
    spread = np.abs(alone - verb(rows)).max(axis=1)
    band = rounding.band(rows)
    assert (spread <= band.unit).all()
    assert (band.unit < 1e-10).all()
    assert rounding.method.startswith("8 eps times")


def test_trees_have_no_band_behind_steps_that_do_not_round():
    X, y = load_iris(return_X_y=True)
    forest = RandomForestClassifier(5, random_state=0)
    for model in (forest, make_pipeline(StandardScaler(), forest)):
        rounding = rounding_of(model.fit(X, y), X)
        assert not rounding.band(X).unit.any()
        assert rounding.method == "none, for trees have none"


def test_thresholds_behind_pca_have_the_band_of_the_projection():
    """Rows bisected onto a threshold are undecided; a hair further, they are decided."""
    X, y = load_iris(return_X_y=True)
    model = make_pipeline(PCA(2), RandomForestClassifier(5, random_state=0)).fit(X, y)
    reference = Reference(model, (LABEL,), None)
    context = Context(reference, Policy(False, False, None), X, None, 0)
    near = thresholds(context, 60)
    ends = len(near) * 2 // ROWS_PER_PAIR
    undecided = Rounding(reference, X).band(near).undecided
    assert undecided[:ends].all()
    assert undecided[ends:].mean() < 0.1, "a pair may lie along the threshold"


def test_unknown_estimators_are_measured_against_themselves():
    X, y = load_iris(return_X_y=True)
    X = X.round()
    model = CategoricalNB().fit(X, y)
    rounding = rounding_of(model, X)
    assert "own difference" in rounding.method
    band = rounding.refine(rounding.band(X), X, np.arange(10))
    assert (band.unit[10:] == 0).all()
    assert (band.unit[:10] < 1e-12).all()


def test_a_decision_that_does_not_give_the_labels_is_not_trusted(monkeypatch):
    X, y = load_iris(return_X_y=True)
    model = LogisticRegression(max_iter=1000).fit(X, y)
    monkeypatch.setattr(
        "convert.prove.rounding.decide.linear_band",
        lambda estimator, x, error, classes, outputs: class_band(
            -estimator.decision_function(x), np.ones((len(x), 3)), classes
        ),
    )
    assert "own difference" in rounding_of(model, X).method


def test_votes_that_do_not_give_the_labels_are_not_trusted(monkeypatch):
    X, y = load_iris(return_X_y=True)
    model = SVC().fit(X, y)
    monkeypatch.setattr(
        "convert.prove.rounding.svm._indices", lambda estimator, x: np.zeros(len(x), dtype=int)
    )
    assert "own difference" in rounding_of(model, X).method


def test_third_label_is_refused_where_two_tie():
    scores = np.array([[1.0, 1.0 - 1e-16, 0.0]])
    band = class_band(scores, np.ones((1, 3)), np.array([4, 5, 6]))
    assert band.undecided.all()
    for got, passes in ((4, True), (5, True), (6, False)):
        seen = compare(LABEL, np.array([got]), np.array([4]), scale=0.0, band=band)
        assert seen.differ[0] == (not passes)


def test_margin_just_outside_the_unit_is_decided():
    unit = UNITS * EPS
    for margin, undecided in ((0.99 * unit, True), (1.0 * unit, False), (1.01 * unit, False)):
        band = class_band(np.array([margin]), np.ones(1), np.array([0, 1]))
        assert band.undecided[0] == undecided
        seen = compare(LABEL, np.array([0]), np.array([1]), scale=0.0, band=band)
        assert seen.differ[0] == (not undecided)


def test_exact_tie_without_a_unit_is_decided():
    band = class_band(np.array([[0.5, 0.5]]), np.zeros((1, 2)), np.array([0, 1]))
    assert not band.undecided.any()
    assert compare(LABEL, np.array([1]), np.array([0]), scale=0.0, band=band).differ[0]


def test_infinite_unit_excuses_nothing():
    band = class_band(np.array([1e300]), np.array([np.inf]), np.array([0, 1]))
    assert not band.undecided.any()
    assert compare(LABEL, np.array([0]), np.array([1]), scale=0.0, band=band).differ[0]


def test_scores_are_never_excused_by_a_margin():
    band = Band(np.zeros(1), np.ones(1), np.ones((1, 3), dtype=bool), np.arange(3))
    got, want = np.array([[0.3, 0.3, 0.4]]), np.array([[0.3, 0.4, 0.3]])
    assert compare(SCORES, got, want, scale=1.0, band=band).differ[0]


@pytest.mark.parametrize(
    ("got", "want", "scale", "passes"),
    [
        (1.0 + 0.9e-9, 1.0, 0.0, True),
        (1.0 + 1.1e-9, 1.0, 0.0, False),
        (0.9e-9, 0.0, 1.0, True),
        (1.1e-9, 0.0, 1.0, False),
        (1e-30, 0.0, 0.0, False),
        (0.0, 0.0, 0.0, True),
        (np.nan, np.nan, 1.0, True),
        (np.nan, 0.0, 1.0, False),
        (0.0, np.nan, 1.0, False),
        (np.inf, np.inf, 1.0, True),
        (-np.inf, np.inf, 1.0, False),
        (1e308, np.inf, 1.0, False),
        (np.inf, 1e308, 1.0, False),
        (1.7e308, -1.7e308, 1.0, False),
    ],
)
def test_bound_of_scores(got, want, scale, passes):
    band = Band(np.full(1, np.inf), np.zeros(1))
    seen = compare(SCORES, np.array([[got]]), np.array([[want]]), scale=scale, band=band)
    assert seen.differ[0] == (not passes)


def test_terms_that_end_at_other_rows_than_the_samples_are_asked_for():
    """Splines pass on what is exact: the one sample is PCA's mean, any other row is not."""
    rng = np.random.default_rng(0)
    X = rng.integers(-5, 6, size=(40, 2)).astype(float)
    X[1::2] = -X[::2]
    y = (X[:, 0] > 0).astype(int)
    model = make_pipeline(PCA(), SplineTransformer(n_knots=4), RandomForestClassifier(3)).fit(X, y)
    rounding = rounding_of(model, np.zeros((1, 2)))
    band = rounding.band(X)
    assert not band.undecided.any()
    assert rounding.method.startswith("what 8 eps of the columns move")
    refined = rounding.refine(band, X, np.arange(len(X)))
    assert len(refined.margin) == len(X)
