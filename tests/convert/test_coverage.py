"""Every estimator class of the installed scikit-learn is classified: exact, or refused and why.

A class that a new release adds is in no table of `benchmarks/coverage/refused.py`, so it has to
have a converter and to be exact on the smallest data set that suits it. All data sets, and plain
skl2onnx beside ours, are `make coverage`.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from sklearn.utils import all_estimators

from benchmarks.coverage import datasets
from benchmarks.coverage.building import build
from benchmarks.coverage.estimators import KINDS, candidates
from benchmarks.coverage.measure import SELF_DISAGREEMENT, Case, measure, suitable
from benchmarks.coverage.refused import NO_NEW_ROWS, NOT_ROWS, REFUSED, is_expected
from benchmarks.coverage.report import problems
from benchmarks.coverage.slowest import AIM_SECONDS, COUNT, SLACK, section, slowest, too_slow
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
ONCE = list({one.name: one for one in reversed(MEASURED)}.values())[::-1]
"""Each class as the first of its kinds."""
FEW = Bounds(probes=(120, 160), alone=(4, 6), engine=(12, 16), row_buffers=8)


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


@pytest.mark.parametrize("one", ONCE, ids=identify)
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


PAGE = (Path(__file__).parents[2] / "docs" / "coverage.md").read_text("utf-8")


def lines_of_page():
    """(title of the kind, class) to its cells: exact on, refused, plain skl2onnx."""
    found = {}
    for part in PAGE.split("\n## ")[1:]:
        title, _, rest = part.partition("\n")
        for line in rest.splitlines()[3:]:
            name, *cells = (cell.strip() for cell in line.strip("|").split(" | "))
            found[title, name.removesuffix(", before Ridge").strip("| ")] = cells
    return found


def test_the_page_has_every_class_and_nothing_is_left_to_be_measured():
    listed = {(KINDS[one.kind], one.name) for one in CANDIDATES}
    assert lines_of_page().keys() == listed
    assert "Still to be measured" not in PAGE


@pytest.mark.parametrize("one", MEASURED, ids=identify)
def test_every_refusal_on_the_page_is_explained_by_the_tables(one):
    exact, refused, _ = lines_of_page()[KINDS[one.kind], one.name]
    held, fitted = (int(number) for number in exact.split(" of "))
    assert bool(held) != (one.name in REFUSED)
    reasons = [said.partition(": ")[::2] for said in refused.split("; ") if said]
    named = [(dataset, why) for sets, why in reasons for dataset in datasets_of(sets)]
    assert len(named) == fitted - held
    for dataset, why in named:
        own = why.startswith(SELF_DISAGREEMENT)
        outcome = "self-disagreement" if own else "unsupported"
        assert is_expected(one.name, dataset, outcome, why), f"on {dataset}: {why}"


def datasets_of(sets):
    """Names between commas, one of which has a comma itself."""
    return [
        name.replace("/", ",")
        for name in sets.replace("diabetes, two", "diabetes/ two").split(", ")
    ]


def test_the_totals_of_the_page_are_those_of_its_lines():
    lines = lines_of_page()
    for kind, title in KINDS.items():
        (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| {title} |")]
        classes, exact, refused, none = (int(cell) for cell in row.split("|")[2:6])
        mine = [one for one in CANDIDATES if one.kind == kind]
        assert (classes, classes) == (len(mine), exact + refused + none)
        assert none == sum(one.name in NOT_ROWS for one in mine)
        names = [one.name for one in mine if one.name not in NOT_ROWS]
        refusals = {name: lines[title, name][1].replace(SELF_DISAGREEMENT, "") for name in names}
        assert refused == sum(is_refused(said) for said in refusals.values())


def is_refused(said):
    """Whether anything but scikit-learn's own disagreement is said, which has no reason left."""
    return any(part.partition(": ")[2].strip() for part in said.split("; "))


def test_what_is_refused_without_a_reason_in_the_tables_is_a_problem():
    def case(outcome, reason="", name="LinearRegression", dataset="diabetes"):
        return Case(name, "regressor", dataset, outcome, reason, 0.0)

    assert problems([case("exact"), case("self-disagreement"), case("does not fit")]) == []
    for outcome in ("not exact", "unsupported", "error"):
        assert problems([case("exact"), case(outcome, "why")]) != []
    assert problems([case("does not fit")]) == ["LinearRegression is exact on no data set"]
    assert problems([case("exact", name="NMF")]) != []
    assert problems([case("unsupported", "by chance", name="NMF")]) != []
    assert problems([case("unsupported", REFUSED["NMF"], name="NMF")]) == []


def timed(seconds, name="SVC", kind="classifier", dataset="iris"):
    return Case(name, kind, dataset, "exact", "", seconds)


def test_the_slowest_are_ten_classes_and_one_of_every_kind():
    cases = [timed(40 - at, f"C{at}") for at in range(COUNT + 5)]
    cases += [timed(39.5, "C0", dataset="wine"), timed(2.0, "R0", "regressor")]
    cases += [timed(1.5, "R1", "regressor"), timed(0.1, "T0", "transformer")]
    found = slowest(reversed(cases))
    assert [case.estimator for case in found] == [*(f"C{at}" for at in range(COUNT)), "R0", "T0"]
    assert (found[0].dataset, found[0].seconds) == ("iris", 40)


def test_a_case_over_three_times_the_aim_is_a_problem_once():
    most = AIM_SECONDS * SLACK
    assert too_slow([timed(0.0), timed(most)]) == []
    (said,) = too_slow([timed(most + 4.0, "NuSVC", dataset="digits")] * 2)
    assert said.startswith(f"NuSVC on digits: {most + 4.0} s of one core")
    assert str(AIM_SECONDS) in said


def test_the_page_has_the_slowest_of_every_kind_and_none_is_too_slow():
    head = section([]).splitlines()
    start = PAGE.index("\n".join(head))
    table = PAGE[start:].split("\n\n## ")[0].splitlines()[len(head) :]
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in table]
    known = {(one.name, KINDS[one.kind]) for one in CANDIDATES}
    assert known >= {(name, kind) for name, kind, _, _ in rows}
    assert {kind for _, kind, _, _ in rows} == set(KINDS.values())
    seconds = [float(row[3]) for row in rows]
    assert len(seconds) >= COUNT
    assert seconds == sorted(seconds, reverse=True)
    assert seconds[0] <= AIM_SECONDS * SLACK
