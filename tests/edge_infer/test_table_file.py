"""Text in CSV files: no row is lost, and no cell is read otherwise than by pandas."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from edge_infer.commands.rows_file import PANDAS_MISSING
from edge_infer.commands.table_file import read_documents, read_table
from edge_infer.contract import Input
from edge_infer.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

CITY = Input("city", "str", (None, 1), ("city",), ("str",), True, False, None, "\x1fmissing\x1f")
AGE = Input("age", "float64", (None, 1), ("age",), ("float64",), True, False, None)
TEXT = Input("text", "float64", (None, 9), None, ("str",), False, False, None, "\x1fmissing\x1f")


def write(folder: Path, text: str) -> str:
    path = folder / "rows.csv"
    path.write_text(text)
    return str(path)


def test_the_words_for_missing_are_those_of_pandas() -> None:
    from pandas._libs.parsers import STR_NA_VALUES

    assert set(STR_NA_VALUES) - {""} == PANDAS_MISSING
    for word in PANDAS_MISSING:
        assert pd.read_csv(io.StringIO(f"city\n{word}\nRome\n"))["city"].isna().tolist() == [
            True,
            False,
        ]


@pytest.mark.parametrize("word", sorted(PANDAS_MISSING))
def test_a_text_that_pandas_takes_as_missing_is_refused(tmp_path: Path, word: str) -> None:
    """A model trained on what pandas read saw a missing value where a device would see text."""
    source = write(tmp_path, f"city,age\nRome,1\n{word},2\n")
    with pytest.raises(BadInput, match="line 3, column 'city'") as refused:
        read_table(source, (CITY, AGE))
    assert "pandas.read_csv" in refused.value.what
    assert "leave the cell empty" in str(refused.value.hint)
    with pytest.raises(BadInput, match="pandas"):
        read_documents(write(tmp_path, f"text\n{word}\n"), TEXT)


def test_cells_are_those_of_pandas(tmp_path: Path) -> None:
    text = 'age,city\n1, Rome\n,"Oslo, N"\nnan,\n3,na\n4,none \n'
    found = read_table(write(tmp_path, text), (CITY, AGE))
    want = pd.read_csv(io.StringIO(text)).astype(object)
    want = want.where(want.notna(), None)
    assert found["city"] == want["city"].tolist()
    assert [None if v != v else v for v in found["age"]] == want["age"].tolist()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Rome,1\nOslo,2\n", "city,age"),
        ("Rome,1\n", "city,age"),
        ("city, age\nRome,1\n", "'age'"),
        ("city ,age\nRome,1\n", "'city'"),
    ],
)
def test_a_table_without_its_names_says_which(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput, match="first line") as refused:
        read_table(write(tmp_path, text), (CITY, AGE))
    assert said in str(refused.value.expected)
    assert refused.value.hint


@pytest.mark.parametrize(
    "text", ["Der Zug\n", "Der Zug\nDie Bahn\n", "Der Zug, der\n", "\ntext\nx\n", "review\nx\n"]
)
def test_the_first_document_is_never_taken_for_a_header(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput, match="no header") as refused:
        read_documents(write(tmp_path, text), TEXT)
    assert refused.value.expected == "text"
    assert "write text as the first line" in str(refused.value.hint)


def test_documents_below_their_header(tmp_path: Path) -> None:
    found = read_documents(write(tmp_path, 'text\n"a, b"\n\n text\n'), TEXT)
    assert found == ["a, b", "", " text"]
    for text in ("text\n", ""):
        with pytest.raises(BadInput, match="no rows"):
            read_documents(write(tmp_path, text), TEXT)
    with pytest.raises(BadInput, match="several cells"):
        read_documents(write(tmp_path, "text\na, b\n"), TEXT)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("2.0", "write 2:"),
        ("-3.00", "write -3:"),
        ("2.5", "train it on floats"),
        ("1e300", "train it on floats"),
        ("", "leave the row out"),
        ("NA", "leave the row out"),
        ("two", "digits alone"),
    ],
)
def test_no_integer_in_a_column_of_integers_is_told_what_to_do(
    tmp_path: Path, cell: str, said: str
) -> None:
    """pandas writes 2 as 2.0 where the column has a hole, which training did not know."""
    visits = Input("visits", "float64", (None, 1), ("visits",), ("int64",), False, False, None)
    with pytest.raises(BadInput, match="line 3, column 'visits'") as refused:
        read_table(write(tmp_path, f"visits,age\n1,1\n{cell},1\n"), (visits, AGE))
    assert said in str(refused.value.hint)
