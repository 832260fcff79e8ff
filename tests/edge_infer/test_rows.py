"""`check_rows`: every way in which rows come right, or are refused with what to do."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge_infer.contract import Input
from edge_infer.errors import BadInput
from edge_infer.rows import check_row, check_rows, check_values

PLAIN = Input("X", "float64", (None, 3), None, ("float64",), False, False, None)
NAMED = dataclasses.replace(PLAIN, columns=("a", "b", "c"))
WIDE = dataclasses.replace(PLAIN, accepts=("float64", "float32"), nan=True, infinite=True)
INTEGERS = dataclasses.replace(
    PLAIN,
    accepts=(
        "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool",
    ),
)  # fmt: skip
LIMITED = dataclasses.replace(PLAIN, limit=1000.0)

X = np.array([[1.0, 2.0, 3.0], [-4.0, 0.5, 1e-300]])


def test_what_comes_out_is_native_contiguous_float64() -> None:
    forms = [
        X,
        X.astype(">f8"),
        np.asfortranarray(X),
        np.repeat(np.repeat(X, 2, axis=0), 2, axis=1)[::2, ::2],
        X[::-1][::-1],
        X.tolist(),
        tuple(map(tuple, X)),
        list(X),
    ]
    for form in forms:
        rows = check_rows(form, PLAIN)
        assert rows.dtype == np.float64
        assert rows.dtype.isnative
        assert rows.flags.c_contiguous
        assert rows.tolist() == X.tolist()


@pytest.mark.parametrize("dtype", ["i1", "i8", "u1", ">i4", "u8", "?"])
def test_integers_and_bools_are_exact(dtype: str) -> None:
    rows = check_rows(np.array([[1, 0, 1]], dtype=dtype), INTEGERS)
    assert rows.dtype == np.float64
    assert rows.tolist() == [[1.0, 0.0, 1.0]]


@pytest.mark.parametrize("value", [2**53 + 1, -(2**53) - 1, 2**62, -(2**63), 2**64 - 1])
def test_integers_beyond_a_double_are_refused(value: int) -> None:
    array = np.array([[value, 0, 0]], dtype="u8" if value > 2**63 else "i8")
    with pytest.raises(BadInput, match="cannot hold"):
        check_rows(array, INTEGERS)


@pytest.mark.parametrize("dtype", ["i1", "i8", "u1", ">i4", "u8", "?"])
def test_integers_and_bools_only_where_parity_was_proven(dtype: str) -> None:
    """numpy squares uint8 modulo 256, so scikit-learn may answer as on no double."""
    array = np.array([[1, 0, 1]], dtype=dtype)
    others = tuple(name for name in INTEGERS.accepts if name != array.dtype.name)
    for form in (array, array.tolist()) if dtype in ("i8", "?") else (array,):
        with pytest.raises(BadInput, match="not proven") as caught:
            check_rows(form, dataclasses.replace(PLAIN, accepts=others))
        assert "astype(float)" in str(caught.value.hint)


def test_columns_of_several_dtypes_need_the_one_that_holds_them_all() -> None:
    columns = {"a": np.int8([1]), "b": np.int16([2]), "c": np.uint16([3])}
    small = dataclasses.replace(NAMED, accepts=("float64", "int8", "int16", "uint16"))
    with pytest.raises(BadInput, match="not proven") as caught:
        check_rows(columns, small)
    assert str(caught.value.actual) == "int32"
    assert check_rows(columns, dataclasses.replace(small, accepts=INTEGERS.accepts)).tolist() == [
        [1.0, 2.0, 3.0]
    ]


@pytest.mark.parametrize(
    "form",
    [
        [[2**53 + 1, 0.5, 0.0]],
        [[0.5, -(2**53) - 1, 0.0]],
        [[2**63 + 1, -1, 0]],
        [[1.0, 2.0, 3.0], (0.5, 2**60 + 1, 0.0)],
        [np.array([2**53 + 1, 0, 0]), np.array([0.5, 0.0, 0.0])],
        [[np.int64(2**53 + 1), 0.5, 0.0]],
    ],
    ids=str,
)
def test_integers_beyond_a_double_are_refused_beside_floats(form: Any) -> None:
    with pytest.raises(BadInput, match="cannot hold"):
        check_rows(form, INTEGERS)


def test_large_floats_in_a_list_are_no_integers() -> None:
    assert check_rows([[1e300, 2.0**60, 2**53]], PLAIN).tolist() == [[1e300, 2.0**60, 2.0**53]]


def test_a_list_of_masked_rows_does_not_lose_its_mask() -> None:
    with pytest.raises(BadInput, match="masked"):
        check_rows([np.ma.masked_array(row, mask=row > 2) for row in X], PLAIN)


@pytest.mark.filterwarnings("ignore:Warning. converting a masked element")
def test_a_masked_value_is_no_nan() -> None:
    with pytest.raises(BadInput, match="masked"):
        check_rows([[1.0, np.ma.masked, 2.0]], WIDE)


@pytest.mark.parametrize("value", [2**53, -(2**53)])
def test_the_largest_exact_integers_pass(value: int) -> None:
    assert check_rows([[value, 0, 0]], INTEGERS)[0, 0] == value
    assert check_rows([[value, 0.5, 0]], PLAIN)[0, 0] == value


def test_float32_only_where_parity_was_proven() -> None:
    for dtype in ("f4", ">f4"):
        rows = X.astype(dtype)
        with pytest.raises(BadInput, match="dtype") as caught:
            check_rows(rows, PLAIN)
        assert "astype('float64')" in str(caught.value.hint)
        assert np.array_equal(check_rows(rows, WIDE), X.astype("f4").astype("f8"))


@pytest.mark.parametrize(
    "form",
    [
        X.astype("f2"), X.astype("c16"), X.astype(object), X.astype("U8"), X.astype("S8"),
        X.astype("U8").astype(np.dtypes.StringDType()),
        X.astype(np.longdouble), X.astype("i8").astype("M8[s]"), [["1", "2", "3"]],
        [[1.0, None, 3.0]], [[1.0, "a", 3.0]], [[1.0, 2.0], [1.0]], "abc", None, object(),
        np.ma.masked_array(X, mask=X > 2), {1.0, 2.0, 3.0},
    ],
    ids=lambda form: str(getattr(form, "dtype", type(form).__name__)),
)  # fmt: skip
def test_other_types_are_refused(form: Any) -> None:
    for wanted in (PLAIN, WIDE):
        with pytest.raises(BadInput):
            check_rows(form, wanted)


def test_a_sparse_matrix_is_refused_with_what_to_do() -> None:
    scipy_sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(BadInput, match="sparse") as caught:
        check_rows(scipy_sparse.csr_matrix(X), PLAIN)
    assert "toarray" in str(caught.value.hint)


@pytest.mark.parametrize("shape", [(3,), (), (1, 1, 3), (2, 3, 1)])
def test_rows_have_two_dimensions(shape: tuple[int, ...]) -> None:
    with pytest.raises(BadInput, match="matrix") as caught:
        check_rows(np.zeros(shape), PLAIN)
    assert ("reshape(1, -1)" in str(caught.value)) == (len(shape) == 1)


@pytest.mark.parametrize("shape", [(2, 2), (2, 4), (2, 0), (0, 4)])
def test_the_number_of_columns(shape: tuple[int, ...]) -> None:
    with pytest.raises(BadInput, match="columns") as caught:
        check_rows(np.zeros(shape), PLAIN)
    assert "3 columns" in str(caught.value)


@pytest.mark.parametrize("empty", [np.zeros((0, 3)), np.zeros((0, 3), dtype=int)])
def test_an_empty_batch_is_refused_as_scikit_learn_does(empty: np.ndarray) -> None:
    with pytest.raises(BadInput, match="no rows"):
        check_rows(empty, INTEGERS)
    with pytest.raises(BadInput):
        check_rows([], PLAIN)


COLUMNS = {"a": [1.0, -4.0], "b": [2.0, 0.5], "c": [3.0, 1e-300]}


@pytest.mark.parametrize(
    "form",
    [
        COLUMNS,
        {name: COLUMNS[name] for name in "cab"},
        pd.DataFrame(COLUMNS),
        pd.DataFrame(COLUMNS)[["b", "c", "a"]],
        {name: np.array(values, ">f8") for name, values in COLUMNS.items()},
        {name: pd.Series(values, index=[7, 3]) for name, values in COLUMNS.items()},
    ],
)
def test_columns_are_ordered_by_name(form: Any) -> None:
    rows = check_rows(form, NAMED)
    assert rows.tolist() == X.tolist()
    assert rows.flags.c_contiguous


@pytest.mark.parametrize(
    ("form", "part"),
    [
        ({"a": [1.0], "b": [1.0]}, "missing: c"),
        ({**COLUMNS, "d": [1.0, 2.0]}, "unknown: d"),
        ({"a": [1.0], "b": [1.0], "C": [1.0]}, "unknown: C"),
        (pd.DataFrame([[1.0] * 4], columns=list("abca")), "twice: a"),
        (pd.DataFrame(X), "unknown: 0, 1, 2"),
        ({"a": [1.0], "b": [1.0, 2.0], "c": [1.0]}, "shape (2,)"),
        ({"a": 1.0, "b": 2.0, "c": 3.0}, "shape ()"),
        ({"a": ["1"], "b": [1.0], "c": [1.0]}, "column 'a'"),
        (pd.DataFrame({"a": pd.array([1, None]), "b": [1.0, 1.0], "c": [1.0, 1.0]}), "column 'a'"),
        ({"a": np.float32([1]), "b": [1.0], "c": [1.0]}, "float32"),
        ({"a": [], "b": [], "c": []}, "no rows"),
        ({}, "missing: a, b, c"),
    ],
    ids=str,
)
def test_columns_that_are_not_those_of_training(form: Any, part: str) -> None:
    with pytest.raises(BadInput) as caught:
        check_rows(form, NAMED)
    assert part in str(caught.value)


def test_named_columns_without_names_in_the_contract_are_refused() -> None:
    with pytest.raises(BadInput, match="without column names") as caught:
        check_rows(pd.DataFrame(COLUMNS), PLAIN)
    assert "to_numpy" in str(caught.value.hint)


def test_one_row_by_name() -> None:
    assert check_row({"c": 3.0, "a": 1.0, "b": 2.0}, NAMED).tolist() == [[1.0, 2.0, 3.0]]
    assert check_row(pd.Series({"c": 3.0, "a": 1.0, "b": 2.0}), NAMED).tolist() == [[1.0, 2.0, 3.0]]
    with pytest.raises(BadInput, match="not those of training"):
        check_row({"a": 1.0, "b": 2.0}, NAMED)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_scikit_learn_refuses_are_named_by_row_and_column(value: float) -> None:
    for rows in (2, 3000):
        array = np.ones((rows, 3))
        array[-1, 1] = value
        with pytest.raises(BadInput, match=f"row {rows - 1}, column 1"):
            check_rows(array, PLAIN)
        with pytest.raises(BadInput, match=f"row {rows - 1}, column 'b'"):
            check_rows(array, NAMED)
        assert np.array_equal(check_rows(array, WIDE), array, equal_nan=True)


def test_nan_and_infinity_are_separate_policies() -> None:
    nan_only = dataclasses.replace(PLAIN, nan=True)
    infinite_only = dataclasses.replace(PLAIN, infinite=True)
    check_rows([[np.nan, 1.0, 2.0]], nan_only)
    check_rows([[np.inf, 1.0, 2.0]], infinite_only)
    with pytest.raises(BadInput):
        check_rows([[np.inf, np.nan, 2.0]], nan_only)
    with pytest.raises(BadInput):
        check_rows([[np.inf, np.nan, 2.0]], infinite_only)


@pytest.mark.parametrize("columns", [1, 5000])
def test_the_limit_is_held_to_the_last_bit(columns: int) -> None:
    wanted = dataclasses.replace(LIMITED, shape=(None, columns))
    array = np.zeros((1, columns))
    array[0, -1] = 1000.0
    check_rows(array, wanted)
    array[0, -1] = -np.nextafter(1000.0, 2000.0)
    with pytest.raises(BadInput, match=f"column {columns - 1}") as caught:
        check_rows(array, wanted)
    assert "1000.0" in str(caught.value.expected)
    with pytest.raises(BadInput):
        check_rows(np.full((1, columns), np.inf), wanted)


def naive(row: list[float], wanted: Input) -> bool:
    limit = np.inf if wanted.limit is None else wanted.limit
    return all(
        wanted.nan if np.isnan(x) else wanted.infinite if np.isinf(x) else abs(x) <= limit
        for x in row
    )


@given(
    row=st.lists(st.floats(), min_size=3, max_size=3),
    limit=st.none() | st.floats(min_value=0, max_value=1e308),
    nan=st.booleans(),
    infinite=st.booleans(),
)
@example(row=[1e200, -1e200, 0.0], limit=None, nan=False, infinite=False)
@example(row=[1e200, 0.0, 0.0], limit=1e200, nan=False, infinite=False)
@example(row=[1e-180, 0.0, 0.0], limit=2.7e-194, nan=False, infinite=False)
@example(row=[1.6e-154, 0.0, 0.0], limit=1.5e-154, nan=False, infinite=False)
@example(row=[5e-324, 0.0, 0.0], limit=0.0, nan=False, infinite=False)
@example(row=[800.0, 800.0, 0.0], limit=1000.0, nan=False, infinite=False)
def test_the_quick_check_decides_as_the_slow_one(
    row: list[float], limit: float | None, nan: bool, infinite: bool
) -> None:
    wanted = dataclasses.replace(PLAIN, limit=limit, nan=nan, infinite=infinite)
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        if naive(row, wanted):
            check_values(np.array([row]), wanted)
        else:
            with pytest.raises(BadInput):
                check_values(np.array([row]), wanted)


def test_only_the_limit_of_float32_is_laid_on_scikit_learn() -> None:
    for limit, said in ((1000.0, "proven"), (float(np.finfo(np.float32).max), "scikit-learn")):
        wanted = dataclasses.replace(PLAIN, limit=limit)
        with pytest.raises(BadInput) as caught:
            check_rows([[2 * limit, 0.0, 0.0]], wanted)
        assert said in str(caught.value.hint)
        assert ("scikit-learn" in str(caught.value.hint)) == (said == "scikit-learn")
        assert ("where the estimator itself takes" in str(caught.value.hint)) == (said == "proven")
