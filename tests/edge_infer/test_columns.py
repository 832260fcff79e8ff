"""Rows of named columns: what is taken, and what is refused by row and column."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from edge_infer.columns import check_columns, one_record
from edge_infer.contract import Input
from edge_infer.errors import BadInput

CITY = Input("city", "str", (None, 1), ("city",), ("str",), True, False, None, "\x1fmissing\x1f")
AGE = Input("age_", "float64", (None, 1), ("age",), ("float64",), True, False, 1e6)
MEMBER = Input("member", "float64", (None, 1), ("member",), ("bool",), False, False, None)
VISITS = Input("visits", "float64", (None, 1), ("visits",), ("int64",), False, False, None)
INPUTS = (CITY, AGE, MEMBER, VISITS)
ROWS = {"city": ["Rome", None], "age": [3.5, 4], "member": [True, False], "visits": [1, 2]}


def fed(X, inputs=INPUTS):
    feeds = check_columns(X, inputs)
    assert all(column.shape == (len(column), 1) for column in feeds.values())
    return {name: column.ravel().tolist() for name, column in feeds.items()}


WANTED = {
    "city": ["Rome", "\x1fmissing\x1f"],
    "age_": [3.5, 4.0],
    "member": [1.0, 0.0],
    "visits": [1.0, 2.0],
}


@pytest.mark.parametrize(
    "X",
    [
        ROWS,
        dict(reversed(ROWS.items())),
        pd.DataFrame(ROWS),
        pd.DataFrame(ROWS).astype({"city": object}),
        pd.DataFrame(ROWS).astype({"city": "category"}),
        [dict(zip(ROWS, row, strict=True)) for row in zip(*ROWS.values(), strict=True)],
        {**ROWS, "city": np.array(["Rome", np.nan], dtype=object)},
        {**ROWS, "city": pd.array(["Rome", pd.NA], dtype="string")},
    ],
    ids=["mapping", "other order", "frame", "objects", "category", "records", "NaN", "NA"],
)
def test_every_way_to_hand_rows_over(X):
    assert fed(X) == WANTED


def test_fixed_width_text_and_subclasses_of_str():
    class Word(str):
        __slots__ = ()

    assert fed({"city": np.array(["Rome", "é"])}, (CITY,)) == {"city": ["Rome", "é"]}
    (word,) = fed({"city": [Word("Rome")]}, (CITY,))["city"]
    assert type(word) is str


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"city": ["Rome", 3]}, "row 1, column 'city'"),
        ({"city": ["Rome", b"Oslo"]}, "row 1, column 'city'"),
        ({"city": ["\ud800", "Rome"]}, "row 0, column 'city'"),
        ({"city": ["Rome", "\x1fmissing\x1f"]}, "row 1, column 'city'"),
        ({"city": "Rome"}, "column 'city'"),
        ({"city": [["Rome"], ["Oslo"]]}, "column 'city'"),
        ({"city": ["Rome"]}, "different lengths"),
        ({"age": [1.0, np.inf]}, "row 1, column 'age'"),
        ({"age": [1.0, 2e6]}, "row 1, column 'age'"),
        ({"age": [1.0, None]}, "column 'age'"),
        ({"age": ["1.0", "2.0"]}, "column 'age'"),
        ({"age": [2**60, 1]}, "column 'age'"),
        ({"member": [0, 1]}, "column 'member'"),
        ({"member": [True, None]}, "column 'member'"),
        ({"visits": [1.0, 2.0]}, "column 'visits'"),
        ({"visits": [True, False]}, "column 'visits'"),
        ({"town": ["Rome", "Oslo"]}, "unknown: town"),
    ],
)
def test_a_bad_value_is_refused_by_row_and_column(change, where):
    with pytest.raises(BadInput, match=re.escape(where)):
        check_columns({**ROWS, **change}, INPUTS)


def test_a_missing_text_is_refused_where_scikit_learn_refuses_it():
    with pytest.raises(BadInput, match="row 1, column 'city'"):
        check_columns({"city": ["Rome", None]}, (replace(CITY, nan=False),))


@pytest.mark.parametrize(
    "X",
    [
        np.array([["Rome", 3.5, True, 1]], dtype=object),
        np.ones((2, 4)),
        [["Rome", 3.5, True, 1]],
        [],
        "Rome",
        {name: [] for name in ROWS},
        {name: ROWS[name] for name in ("city", "age")},
        [{"city": "Rome"}, {"age": 3.0}],
    ],
    ids=["objects", "matrix", "lists", "nothing", "text", "no rows", "fewer", "other keys"],
)
def test_what_is_no_table_is_refused(X):
    with pytest.raises(BadInput):
        check_columns(X, INPUTS)


def test_sparse_and_masked_columns_are_refused():
    from scipy.sparse import csr_array

    for strange in (csr_array(np.ones((2, 1))), np.ma.masked_array([1.0, 2.0], [True, False])):
        for column in ("age", "city"):
            with pytest.raises(BadInput, match=column):
                check_columns({**ROWS, column: strange}, INPUTS)


def test_one_record_is_a_mapping_or_values_in_order():
    wanted = {"city": ["Rome"], "age": [3.5], "member": [True], "visits": [1]}
    assert one_record(["Rome", 3.5, True, 1], INPUTS) == wanted
    assert one_record({"age": 3.5, "city": "Rome", "member": True, "visits": 1}, INPUTS) == wanted
    series = pd.DataFrame(ROWS).iloc[0]
    assert fed(one_record(series, INPUTS))["city"] == ["Rome"]
    for wrong in (["Rome"], "Rome", []):
        with pytest.raises(BadInput, match="one row"):
            one_record(wrong, INPUTS)
