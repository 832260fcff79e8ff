"""Every estimator class of the installed scikit-learn is classified: exact, or refused and why.

A class that a new release adds is in no table of `benchmarks/coverage/refused.py`, so it has to
have a converter and to be exact on the smallest data set that suits it. All data sets, and plain
skl2onnx beside ours, are `make coverage`.
"""

from __future__ import annotations

import warnings

import pytest
from sklearn.utils import all_estimators

from benchmarks.coverage import datasets
from benchmarks.coverage.building import build
from benchmarks.coverage.estimators import candidates
from benchmarks.coverage.measure import measure, suitable
from benchmarks.coverage.refused import NO_NEW_ROWS, NOT_ROWS, REFUSED
from convert.estimators.dispatch import COMPOSITES, EMITTERS
from convert.prove.effort import Bounds

SMALL_FIRST = (
    datasets.iris,
    datasets.labels,
    datasets.one_column,
    datasets.duplicated_rows,
    datasets.counts,
    datasets.kernel_matrix,
    datasets.several_labels,
    datasets.wine,
)
CANDIDATES = candidates()
MEASURED = [one for one in CANDIDATES if one.name not in NOT_ROWS]
FEW = Bounds(probes=(200, 300), alone=(8, 10), engine=(30, 40), row_buffers=20)


def identify(one):
    return f"{one.kind}-{one.name}"


def smallest_first(candidate):
    every = suitable(candidate)
    return [*(make for make in SMALL_FIRST if make in every), *every]


def test_no_class_is_left_unclassified():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        everything = {name for name, _ in all_estimators()}
    known = {one.name for one in CANDIDATES} | NO_NEW_ROWS.keys()
    assert everything - known == set(), "neither measured nor in a table"


@pytest.mark.parametrize("one", CANDIDATES, ids=identify)
def test_it_has_a_converter_or_a_reason(one):
    converted = one.estimator in EMITTERS or one.estimator in COMPOSITES
    assert converted != (one.name in NOT_ROWS)
    if converted:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            build(one, suitable(one)[0]())


def test_the_tables_name_estimators_that_there_are():
    names = {one.name for one in CANDIDATES}
    assert names >= NOT_ROWS.keys() | REFUSED.keys()
    assert not names & NO_NEW_ROWS.keys()


def test_nothing_that_predicts_is_refused():
    predict = {one.name for one in CANDIDATES if hasattr(one.estimator, "predict")}
    assert not predict & (NOT_ROWS.keys() | REFUSED.keys())


@pytest.mark.sampled(2)
@pytest.mark.parametrize("one", MEASURED, ids=identify)
def test_it_is_exact_or_refused(one, monkeypatch):
    monkeypatch.setattr("convert.prove.effort.BOUNDS", FEW)
    for make in smallest_first(one):
        case = measure(one, make())
        if case.outcome != "does not fit":
            break
    if one.name in REFUSED:
        assert case.outcome == "unsupported"
        assert REFUSED[one.name] in case.reason
    else:
        assert case.outcome == "exact", f"on {case.dataset}: {case.outcome}: {case.reason}"
