"""Encoders and bins over numeric columns: known, unknown, missing, infrequent, at the edges."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
    TargetEncoder,
)

from convert.errors import Unsupported
from convert.graph.emit import emit_model

RNG = np.random.default_rng(3)
CATEGORIES = np.column_stack(
    [
        RNG.integers(-2, 3, 200),
        RNG.choice([0.0, -1.5, 7.25, 1e30, 5e-324], 200),
        RNG.geometric(0.3, 200),
        RNG.integers(0, 2, 200),
    ]
).astype(float)
HOLES = CATEGORIES.copy()
HOLES[::7, 1] = np.nan
HOLES[::9, 2] = np.nan
STRANGE = np.array([99.0, -0.5, 1e300, np.nan, 0.0, -0.0, 1.0, 4.9e-324, 2.0000000000000004])
UNKNOWN = np.vstack([np.where(np.arange(4) == i, STRANGE[:, None], HOLES[:1]) for i in range(4)])
ROWS = np.vstack([UNKNOWN, HOLES, np.column_stack([STRANGE] * 4)])

pytestmark = [
    pytest.mark.filterwarnings("ignore:Found unknown categories"),
    pytest.mark.filterwarnings("ignore:Bins whose width"),
    pytest.mark.filterwarnings("ignore:Feature 2 is constant"),
    pytest.mark.filterwarnings("ignore:Number of distinct clusters"),
]


@pytest.mark.parametrize("drop", [None, "first", "if_binary"])
@pytest.mark.parametrize("handle_unknown", ["ignore", "infrequent_if_exist", "warn"])
@pytest.mark.parametrize(
    "grouping",
    [{}, {"min_frequency": 20}, {"max_categories": 3}, {"min_frequency": 0.1}],
    ids=str,
)
def test_one_hot_encoder(grouping, handle_unknown, drop, side_by_side):
    encoder = OneHotEncoder(
        handle_unknown=handle_unknown, drop=drop, sparse_output=False, **grouping
    )
    side_by_side(encoder.fit(HOLES), 4).assert_same_bits("transform", ROWS)


def test_one_hot_encoder_with_given_categories_and_dtypes(side_by_side):
    given = [np.arange(-3.0, 9.0), np.unique(CATEGORIES[:, 1]), np.arange(1.0, 40.0), [0.0, 1.0]]
    for dtype in (np.float32, np.int64, bool):
        encoder = OneHotEncoder(
            categories=given, handle_unknown="ignore", sparse_output=False, dtype=dtype
        )
        both = side_by_side(encoder.fit(CATEGORIES), 4)
        both.assert_same_bits("transform", ROWS)
        assert both.got("transform", ROWS).dtype == dtype
    whole = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    whole.fit(np.rint(CATEGORIES[:, [0, 2]]).astype(np.int64))
    side_by_side(whole, 2).assert_same_bits("transform", ROWS[:, [0, 2]])


@pytest.mark.parametrize("drop", [None, "first", "if_binary"])
def test_one_hot_encoder_marks_the_rows_it_raises_on(drop, with_checks):
    encoder = OneHotEncoder(drop=drop, sparse_output=False).fit(HOLES)
    checked = with_checks(encoder, 4)
    checked.assert_refuses_what_scikit_learn_refuses(ROWS[:120])
    assert checked.messages == ("a category was not seen at fit",)


def test_sparse_output_is_for_the_next_step_only(side_by_side):
    encoder = OneHotEncoder(handle_unknown="ignore")
    with pytest.raises(Unsupported, match="sparse"):
        emit_model(encoder.fit(HOLES), 4)
    sparse = make_pipeline(encoder, StandardScaler(with_mean=False)).fit(HOLES)
    with pytest.raises(Unsupported, match="sparse"):
        emit_model(sparse, 4)
    y = (CATEGORIES[:, 2] > 2) + (CATEGORIES[:, 0] > 0)
    chain = make_pipeline(encoder, StandardScaler(with_mean=False), LogisticRegression())
    side_by_side(chain.fit(HOLES, y), 4).assert_all_close(ROWS)


def test_single_precision_rows_for_a_next_step_are_refused():
    encoder = OneHotEncoder(handle_unknown="ignore", dtype=np.float32)
    chain = make_pipeline(encoder, LogisticRegression()).fit(HOLES, CATEGORIES[:, 3])
    with pytest.raises(Unsupported, match="float32"):
        emit_model(chain, 4)


@pytest.mark.parametrize("unknown_value", [-1, np.nan, 7777])
@pytest.mark.parametrize("missing", [np.nan, -5])
@pytest.mark.parametrize("grouping", [{}, {"min_frequency": 20}, {"max_categories": 3}], ids=str)
def test_ordinal_encoder(grouping, missing, unknown_value, side_by_side):
    encoder = OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=unknown_value,
        encoded_missing_value=missing,
        **grouping,
    )
    side_by_side(encoder.fit(HOLES), 4).assert_same_bits("transform", ROWS)


def test_ordinal_encoder_marks_the_rows_it_raises_on(with_checks):
    encoder = OrdinalEncoder().fit(HOLES)
    with_checks(encoder, 4).assert_refuses_what_scikit_learn_refuses(ROWS[:120])
    y = CATEGORIES[:, 3]
    chain = make_pipeline(OrdinalEncoder(), LogisticRegression()).fit(CATEGORIES, y)
    emitted = emit_model(chain, 4)
    assert [check.message for check in emitted.checks] == ["a category was not seen at fit"]


def test_ordinal_encoder_of_whole_numbers(side_by_side):
    encoder = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1, dtype=np.int64
    ).fit(CATEGORIES)
    both = side_by_side(encoder, 4)
    both.assert_same_bits("transform", ROWS)
    assert both.got("transform", ROWS).dtype == np.int64


@pytest.mark.parametrize("target", ["continuous", "binary", "multiclass"])
def test_target_encoder(target, side_by_side):
    y = {
        "continuous": CATEGORIES[:, 2] * 0.37 + RNG.normal(size=200),
        "binary": CATEGORIES[:, 2] > 2,
        "multiclass": np.array(["low", "mid", "high"])[(CATEGORIES[:, 2] % 3).astype(int)],
    }[target]
    side_by_side(TargetEncoder().fit(HOLES, y), 4).assert_same_bits("transform", ROWS)


def test_categories_that_are_no_numbers_are_refused():
    encoder = OneHotEncoder(handle_unknown="ignore").fit(CATEGORIES.astype(str).astype(object))
    with pytest.raises(Unsupported, match="other than numbers"):
        emit_model(encoder, 4)


@pytest.mark.parametrize("dtype", [None, np.float32])
@pytest.mark.parametrize("encode", ["ordinal", "onehot-dense"])
@pytest.mark.parametrize("strategy", ["uniform", "quantile", "kmeans"])
def test_bins_at_and_around_every_edge(strategy, encode, dtype, side_by_side):
    X = np.column_stack([RNG.normal(size=300), RNG.integers(0, 4, 300), np.ones(300)])
    bins = KBinsDiscretizer(5, encode=encode, strategy=strategy, dtype=dtype).fit(X)
    edges = [np.clip(np.resize(e, 12), -1e6, 1e6) for e in bins.bin_edges_]
    at = np.column_stack(edges)
    rows = np.vstack([X, at, np.nextafter(at, -np.inf), np.nextafter(at, np.inf), 1e30 * X])
    side_by_side(bins, 3).assert_same_bits("transform", rows)


def test_sparse_bins_before_a_model(side_by_side):
    X, y = RNG.normal(size=(200, 3)), RNG.integers(0, 3, 200)
    bins = KBinsDiscretizer(4)
    chain = make_pipeline(bins, LogisticRegression()).fit(X, y)
    side_by_side(chain, 3).assert_all_close(X)
    with pytest.raises(Unsupported, match="sparse"):
        emit_model(bins.fit(X), 3)
