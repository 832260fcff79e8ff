"""Lists without numpy are held to the dtype that numpy would give them."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from edge_infer.contract import Input
from edge_infer.errors import BadInput
from edge_infer.plain_rows import flat_row, flat_rows
from edge_infer.rows import check_rows

DOUBLES = Input("X", "float64", (None, 2), ("a", "b"), ("float64",), False, False, None)
INTEGERS = dataclasses.replace(DOUBLES, accepts=("float64", "int64"))
BOOLS = dataclasses.replace(DOUBLES, accepts=("float64", "bool"))

FORMS: list[Any] = [
    [[1, 2]], [[1, 2], [3, 4.5]], [[1, 2.0]], [[True, False]], [[True, 2]], [[True, 2.0]],
    {"a": [1, 2], "b": [1.0, 2.0]}, {"a": [1.0], "b": [2.5]}, {"a": [True], "b": [2]},
]  # fmt: skip


@pytest.mark.parametrize("wanted", [DOUBLES, INTEGERS, BOOLS], ids=lambda w: w.accepts[-1])
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_lists_are_taken_and_refused_as_with_numpy(form: Any, wanted: Input) -> None:
    try:
        want = check_rows(form, wanted).reshape(-1).tolist()
    except BadInput:
        with pytest.raises(BadInput, match="not proven"):
            flat_rows(form, wanted)
    else:
        assert flat_rows(form, wanted).tolist() == want


def test_one_row_of_integers_is_refused_with_what_to_do() -> None:
    with pytest.raises(BadInput, match="not proven") as caught:
        flat_row([1, 2], DOUBLES)
    assert "float(value)" in str(caught.value.hint)
    assert flat_row([1, 2], INTEGERS).tolist() == [1.0, 2.0]
    assert flat_row([1, 2.5], DOUBLES).tolist() == [1.0, 2.5]
