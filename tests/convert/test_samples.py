from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from convert.samples import read_samples, samples_of_bytes
from edge_infer.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

X = np.array([[1.5, 2.0], [3.0, -4.0]])


@pytest.mark.parametrize(
    "array",
    [X, X.astype(np.float32), X.astype(np.int64), X > 2, X.astype(">f8"), np.asfortranarray(X)],
)
def test_npy_and_npz_become_doubles(array: np.ndarray, tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", array)
    np.savez_compressed(tmp_path / "one.npz", rows=array)
    np.savez(tmp_path / "two.npz", X=array, y=np.zeros(2))
    for name in ("X.npy", "one.npz", "two.npz"):
        found = read_samples(tmp_path / name)
        assert found.X.dtype == np.float64
        assert found.X.dtype.isnative
        assert found.X.flags.c_contiguous
        assert np.array_equal(found.X, array)
        assert np.array_equal(np.load(io.BytesIO(found.to_npy())), array)


def test_csv_with_and_without_a_header(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1.5,2\n3,-4\n\n")
    (tmp_path / "b.csv").write_text("\ufeffheight,width\r\n1.5,2\r\n3,-4\r\n", newline="")
    a, b = read_samples(tmp_path / "a.csv"), read_samples(tmp_path / "b.csv")
    assert np.array_equal(a.X, X)
    assert np.array_equal(b.X, X)
    assert (a.columns, b.columns) == (None, ("height", "width"))


def test_an_empty_cell_is_nan_and_infinities_are_kept(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1,\nnan,-inf\n")
    found = read_samples(str(tmp_path / "a.csv")).X
    assert np.array_equal(found, [[1, np.nan], [np.nan, -np.inf]], equal_nan=True)


def test_words_for_missing_among_numbers_are_nan_as_in_pandas(tmp_path: Path) -> None:
    text = "a,b\nNA,1\n2,\nnull,NaN\n"
    (tmp_path / "a.csv").write_text(text)
    found = samples_of_bytes(read_samples(tmp_path / "a.csv").to_bytes())
    pd.testing.assert_frame_equal(found, pd.read_csv(io.StringIO(text)))


def test_names_stand_as_in_pandas_with_their_spaces(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("height, width\n1,2\n")
    assert read_samples(tmp_path / "a.csv").columns == ("height", " width")


@pytest.mark.parametrize(
    ("text", "hint"),
    [("0,1\n1.5,2\n", "header=False"), ("NA,NA\n1,2\n", "")],
    ids=["columns that pandas counted", "a first row that is missing"],
)
def test_a_first_line_that_may_be_a_row_is_not_passed_over(
    tmp_path: Path, text: str, hint: str
) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(BadInput) as refused:
        read_samples(tmp_path / "a.csv")
    assert hint in str(refused.value.hint)


@pytest.mark.parametrize("dtype", [str, object])
def test_documents_in_npy_are_told_to_go_as_csv(tmp_path: Path, dtype: type) -> None:
    np.save(tmp_path / "docs.npy", np.array(["a b", "c"], dtype=dtype), allow_pickle=True)
    with pytest.raises(BadInput) as refused:
        read_samples(tmp_path / "docs.npy")
    assert "to_csv('samples.csv', index=False)" in str(refused.value.hint)


def test_a_data_frame_keeps_its_columns() -> None:
    found = read_samples(pd.DataFrame(X, columns=["height", "width"]))
    assert found.columns == ("height", "width")
    assert np.array_equal(found.X, X)


@pytest.mark.parametrize(
    "rows",
    [
        np.zeros(3),
        np.zeros((0, 3)),
        np.zeros((3, 0)),
        np.zeros((1, 2, 3)),
        np.array([["a", "b"]]),
        np.array([[1j]]),
        [],
        5,
    ],
)
def test_what_is_no_matrix_of_numbers_is_refused(rows: Any) -> None:
    with pytest.raises(BadInput, match="no rows of numbers"):
        read_samples(rows)


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("X.txt", b"1,2", "no file of samples"),
        ("X", b"1,2", "no file of samples"),
        ("X.npy", b"", "cannot be read as numpy"),
        ("X.npy", b"\x93NUMPY\x01\x00", "cannot be read as numpy"),
        ("X.npy", b"\x80\x05N.", "cannot be read as numpy"),
        ("X.npz", b"PK\x03\x04junk", "cannot be read as numpy"),
        ("X.csv", b"", "no rows"),
        ("X.csv", b"a,b\n", "no rows"),
        ("X.csv", b"1,2\n3\n", "not a table"),
        ("X.csv", b"1,2\n3,x\n", "not a table"),
        ("X.csv", b"\xff\xfe1", "not UTF-8"),
    ],
)
def test_a_file_that_holds_none_is_refused(
    tmp_path: Path, name: str, content: bytes, match: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=match):
        read_samples(tmp_path / name)


def test_samples_are_never_unpickled(tmp_path: Path) -> None:
    class Canary:
        def __reduce__(self) -> Any:
            return (tmp_path / "canary").touch, ()

    np.save(tmp_path / "X.npy", np.array([[Canary()]], dtype=object), allow_pickle=True)
    with pytest.raises(BadInput):
        read_samples(tmp_path / "X.npy")
    assert not (tmp_path / "canary").exists()


def test_several_arrays_without_an_x_are_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "X.npz", a=X, b=X)
    with pytest.raises(BadInput, match="several") as refused:
        read_samples(tmp_path / "X.npz")
    assert refused.value.actual == "a, b"


def test_a_missing_file_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        read_samples(tmp_path / "X.npy")
