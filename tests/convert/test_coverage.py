"""Every estimator class of the installed scikit-learn: exact on a small data set, or refused.

A class that a new release adds is in neither table of `benchmarks/coverage/refused.py`, so it has
to be exact, or the test of it fails.
"""

from __future__ import annotations

import pytest

from benchmarks.coverage import datasets
from benchmarks.coverage.estimators import candidates
from benchmarks.coverage.measure import measure, suitable
from benchmarks.coverage.refused import NOT_ROWS, REFUSED

pytestmark = pytest.mark.usefixtures("shorter")

SMALL_FIRST = (
    datasets.iris,
    datasets.counts,
    datasets.one_column,
    datasets.several_labels,
    datasets.wine,
)
CANDIDATES = candidates()


def smallest_first(candidate):
    every = suitable(candidate)
    return [*(make for make in SMALL_FIRST if make in every), *every]


@pytest.mark.parametrize("one", CANDIDATES, ids=lambda one: f"{one.kind}-{one.name}")
def test_it_is_exact_or_refused(one):
    for make in smallest_first(one):
        case = measure(one, make())
        if case.outcome != "does not fit":
            break
    if one.name in NOT_ROWS:
        assert case.outcome in ("does not fit", "unsupported")
    elif one.name in REFUSED:
        assert case.outcome == "unsupported"
        assert REFUSED[one.name] in case.reason
    else:
        assert case.outcome == "exact", f"on {case.dataset}: {case.outcome}: {case.reason}"


def test_the_tables_name_estimators_that_there_are():
    names = {one.name for one in CANDIDATES}
    assert names >= NOT_ROWS.keys() | REFUSED.keys()


def test_nothing_that_predicts_is_refused():
    predict = {one.name for one in CANDIDATES if hasattr(one.estimator, "predict")}
    assert not predict & (NOT_ROWS.keys() | REFUSED.keys())
