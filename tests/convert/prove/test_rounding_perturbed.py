"""Composites without known terms: rounding members are excused, trees and wrong graphs are not."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.multiclass import OneVsOneClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from convert import NotExact, export
from convert.graph.emit import emit_model
from convert.graph.emitted import EmittedOutput
from convert.prove.bisection import bisect_rows
from convert.prove.compare import compare
from convert.prove.reference import Reference
from convert.prove.rounding import EPS, Rounding
from convert.prove.rounding.perturbed import Perturbed, is_made_of_trees

IRIS = load_iris(return_X_y=True)
CANCER = load_breast_cancer(return_X_y=True)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def linear():
    return LogisticRegression(max_iter=300)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("composite", "data"),
    [
        (FixedThresholdClassifier(linear(), threshold=0.3), CANCER),
        (OneVsOneClassifier(linear()), IRIS),
        (VotingClassifier([("a", linear()), ("b", LogisticRegression(C=0.1))]), IRIS),
        (BaggingClassifier(linear(), 5, random_state=0), IRIS),
    ],
    ids=lambda case: type(case).__name__,
)
def test_composites_whose_members_round_are_proven(composite, data):
    X, y = data
    certificate = export(composite.fit(X, y), X).contract.certificate
    assert sum(parity.differ for parity in certificate.parity) == 0
    assert any("8 eps of the columns" in note for note in certificate.notes)


@pytest.mark.parametrize(
    "composite",
    [
        AdaBoostClassifier(n_estimators=10, random_state=0),
        BaggingClassifier(n_estimators=5, random_state=0),
        VotingClassifier([("a", DecisionTreeClassifier(max_depth=3))]),
        make_pipeline(StandardScaler(), BaggingClassifier(n_estimators=3)),
    ],
    ids=str,
)
def test_composites_of_trees_have_no_band(composite):
    X, y = IRIS
    assert is_made_of_trees(composite.fit(X, y), 4)
    certificate = export(composite, X).contract.certificate
    assert sum(parity.undecided for parity in certificate.parity) == 0


@pytest.mark.parametrize(
    "composite",
    [
        BaggingClassifier(linear(), 3),
        VotingClassifier([("a", DecisionTreeClassifier(max_depth=3)), ("b", linear())]),
        OneVsOneClassifier(DecisionTreeClassifier(max_depth=3)),
    ],
    ids=str,
)
def test_a_member_that_rounds_makes_the_whole_round(composite):
    assert not is_made_of_trees(composite.fit(*IRIS), 4)


def test_a_threshold_that_is_off_by_a_millionth_is_found(monkeypatch):
    from convert.estimators import thresholds
    from convert.graph.builder import Graph

    X, y = CANCER
    composite = FixedThresholdClassifier(linear(), threshold=0.3).fit(X, y)
    op = Graph.op

    def wrong(self, op_type, *operands, **attributes):
        moved = tuple(
            operand + 3e-7 if isinstance(operand, float) and operand == 0.3 else operand
            for operand in operands
        )
        return op(self, op_type, *moved, **attributes)

    assert thresholds
    monkeypatch.setattr(Graph, "op", wrong)
    with pytest.raises(NotExact, match="predict"):
        export(composite, np.asarray(X))


def test_of_several_labels_no_other_passes_where_one_of_them_is_undecided():
    """The likeliest label's number, 0, is no label that [1, 0, 1] would have in it."""
    X, y = IRIS
    labels = np.stack([X[:, 0] > 4, y == 0, y == 1], axis=1).astype(int)
    model = MLPClassifier((20,), max_iter=300, random_state=0).fit(X, labels)
    reference = Reference(model, emit_model(model, 4).outputs, None)
    output = next(o for o in reference.outputs if o.kind == "label")

    def is_first_kind(rows):
        return model.predict(rows)[:, 1] == 1

    low, high = X[is_first_kind(X)][:40], X[~is_first_kind(X)][:40]
    rows = np.concatenate(bisect_rows(low, high, is_first_kind, straight_steps=40))
    rounding = Rounding(reference, X)
    band = rounding.refine(rounding.band(rows), rows, np.arange(len(rows)))
    assert band.undecided.any()
    want = model.predict(rows)
    wrong = want.copy()
    wrong[:, 2] = 1 - wrong[:, 2]
    seen = compare(output, wrong, want, scale=0.0, band=band)
    assert seen.differ.all()


class AddsOtherwiseAlone(RegressorMixin, BaseEstimator):
    """A sum of two columns that is 40 eps of them more where the row is alone."""

    def predict(self, X):
        more = 40.0 * EPS * np.abs(X).sum(axis=1) if len(X) == 1 else 0.0
        return X.sum(axis=1) + more


def test_what_scikit_learn_says_of_a_row_alone_is_among_what_rounding_makes_of_it():
    """Where terms cancel to a few ulp its answers are few, and draws may miss one."""
    output = EmittedOutput("predict", "prediction", "float64", (None,), "score")
    samples = np.array([[1.0, 2.0], [2.0, 3.0]])
    reference = Reference(AddsOtherwiseAlone(), (output,), None)
    rows = np.array([[1e12, -1e12], [1.0, 2.0]])
    band = Perturbed(reference, samples).spans(rows, np.arange(2))
    low, high = band["prediction"]
    alone = reference.one_by_one(rows)["prediction"]
    assert low[0] <= alone[0] <= high[0]
    assert np.isnan(low[1])
