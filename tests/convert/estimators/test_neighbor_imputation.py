"""KNNImputer: the same values as scikit-learn, and no answer where it has several."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from sklearn.impute import KNNImputer

from convert.errors import Unsupported
from convert.graph.emit import emit_model

RNG = np.random.default_rng(0)
NUMBERS = RNG.normal(3, 2, size=(120, 6))
WHOLE = RNG.integers(0, 40, size=(120, 6)).astype(float)


def with_holes(X, share=0.15, placeholder=np.nan):
    found = X.copy()
    found[np.random.default_rng(1).random(X.shape) < share] = placeholder
    return found


def assert_equal_where_answered(checked, rows, *, refused_at_most):
    """Within 1e-9 of the largest value; returns which rows are refused."""
    got, refused = checked.run(rows)
    want = checked.estimator.transform(rows)
    assert got.shape == want.shape
    bound = 1e-9 * np.maximum(np.abs(want), np.abs(want).max())
    assert (np.abs(got - want) <= bound)[~refused].all()
    assert refused.mean() <= refused_at_most
    return refused


@pytest.mark.parametrize("train", [NUMBERS, with_holes(NUMBERS)], ids=["full", "holes"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"n_neighbors": 1},
        {"n_neighbors": 500, "add_indicator": True},
        {"n_neighbors": 3, "keep_empty_features": True},
    ],
    ids=str,
)
def test_the_mean_of_the_nearest_donors(settings, train, with_checks):
    checked = with_checks(KNNImputer(**settings).fit(train), 6)
    rows = np.vstack([with_holes(NUMBERS), with_holes(10 * NUMBERS, 0.5), train[:20]])
    assert_equal_where_answered(checked, rows, refused_at_most=0.02)
    alone = np.concatenate([checked.run(row[None])[0] for row in rows[:40]])
    np.testing.assert_array_equal(alone.shape, checked.run(rows[:40])[0].shape)
    np.testing.assert_allclose(alone, checked.run(rows[:40])[0], rtol=1e-12)


@pytest.mark.parametrize("train", [WHOLE, with_holes(WHOLE)], ids=["full", "holes"])
def test_donors_weighed_by_distance(train, with_checks):
    """Whole numbers have distances without rounding, zero among them."""
    checked = with_checks(KNNImputer(weights="distance", n_neighbors=4).fit(train), 6)
    rows = np.vstack([with_holes(WHOLE), with_holes(WHOLE + 1)])
    assert_equal_where_answered(checked, rows, refused_at_most=0.4)


def test_weights_that_are_rounding_alone_are_refused(with_checks):
    """Next to a training row |x|² - 2 x·y + |y|² leaves nothing but rounding."""
    checked = with_checks(KNNImputer(weights="distance").fit(NUMBERS), 6)
    rows = NUMBERS[:20].copy()
    rows[:, 2] = np.nan
    assert checked.run(rows)[1].all()


@pytest.mark.filterwarnings("ignore:Skipping features")
@pytest.mark.parametrize("keep", [False, True])
def test_a_column_without_any_value_at_fit(keep, with_checks):
    train = with_holes(NUMBERS)
    train[:, 2] = np.nan
    checked = with_checks(KNNImputer(keep_empty_features=keep, add_indicator=True).fit(train), 6)
    assert_equal_where_answered(checked, with_holes(NUMBERS, 0.3), refused_at_most=0.02)
    nothing = np.full((1, 6), np.nan)
    assert_equal_where_answered(checked, nothing, refused_at_most=0.0)


def test_a_number_that_stands_for_missing(with_checks):
    train = with_holes(WHOLE, placeholder=-1)
    checked = with_checks(KNNImputer(missing_values=-1, n_neighbors=2).fit(train), 6)
    assert_equal_where_answered(checked, train, refused_at_most=0.3)


def test_training_in_single_precision(with_checks):
    train = with_holes(NUMBERS).astype(np.float32)
    checked = with_checks(KNNImputer().fit(train), 6)
    rows = with_holes(NUMBERS, 0.6)
    rows[0] = np.nan
    assert_equal_where_answered(checked, rows, refused_at_most=0.1)


TIED = np.array([[0.0, 5.0], [2.0, 7.0], [9.0, 1.0]])


def test_a_tie_is_refused_where_it_shows_and_nowhere_else(with_checks):
    one = with_checks(KNNImputer(n_neighbors=1).fit(TIED), 2)
    between = np.array([[1.0, np.nan], [1.0, 3.0], [1.25, np.nan], [8.0, np.nan]])
    assert assert_equal_where_answered(one, between, refused_at_most=1).tolist() == [
        True,
        False,
        False,
        False,
    ]
    both = with_checks(KNNImputer(n_neighbors=2).fit(TIED), 2)
    assert not both.run(between)[1].any()
    alike = TIED.copy()
    alike[1, 1] = 5.0
    assert not with_checks(KNNImputer(n_neighbors=1).fit(alike), 2).run(between)[1].any()


def test_a_tie_but_for_rounding_is_refused(with_checks):
    """0.1 + 0.2 from one side and 0.3 from the other."""
    train = np.array([[0.7, 1.0], [1.3, 2.0]])
    checked = with_checks(KNNImputer(n_neighbors=1).fit(train), 2)
    assert checked.run(np.array([[1.0, np.nan]]))[1].all()
    assert not checked.run(np.array([[1.001, np.nan]]))[1].any()


def test_squares_that_overflow_are_refused(with_checks):
    checked = with_checks(KNNImputer().fit(with_holes(NUMBERS)), 6)
    row = np.full((1, 6), 1e200)
    assert not checked.run(row)[1].any()
    row[0, 1] = np.nan
    assert checked.run(row)[1].all()


def test_more_equally_far_donors_than_are_looked_at(with_checks):
    """Fifty equal rows with two values; whichever are taken, the answer is another."""
    train = np.column_stack([np.zeros(50), np.arange(50.0) % 2])
    checked = with_checks(KNNImputer(n_neighbors=5).fit(train), 2)
    assert checked.run(np.array([[0.0, np.nan]]))[1].all()


@pytest.mark.parametrize(
    "imputer",
    [KNNImputer(weights=lambda d: d), KNNImputer(metric=lambda a, b, **_: 0.0)],
    ids=["weights", "metric"],
)
def test_functions_of_the_users_own_are_refused(imputer):
    with pytest.raises(Unsupported, match="callable") as refusal:
        emit_model(imputer.fit(NUMBERS), 6)
    assert refusal.value.hint


PARTITIONED = """
import numpy as np
values = np.random.default_rng(0).integers(0, 4, (200, 2000)).astype(float)
print(np.argpartition(values, 4, axis=1)[:, :5].sum())
"""


def test_the_choice_among_equally_far_donors_differs_from_processor_to_processor():
    """numpy with and without the vector instructions that this processor has."""
    from numpy._core._multiarray_umath import __cpu_features__ as features

    wide = [name for name in ("X86_V4", "X86_V3", "AVX512_SKX", "AVX2") if features.get(name)]
    if not wide:
        pytest.skip("numpy takes one way only: this needs a processor with AVX2")
    found = set()
    for off in ("", " ".join(name for name in wide if name != "X86_V2")):
        environment = {**os.environ, "NPY_DISABLE_CPU_FEATURES": off}
        command = [sys.executable, "-W", "ignore", "-c", PARTITIONED]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        found.add(done.stdout)
    assert len(found) == 2
