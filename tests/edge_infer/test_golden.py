"""`golden.bin` is read back bit by bit, and hostile descriptions of it are refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_infer.contract import Tensor
from edge_infer.contract.golden import read_tensor, read_tensors, tensor_bytes, write_tensors
from edge_infer.errors import BadInput, Incompatible

ARRAYS = {
    "flags": np.array([[True, False, True]]),
    "labels": np.array([-1, 2**62, 0]),
    "small": np.array([1.5, np.nan, -np.inf], dtype=np.float32),
    "scores": np.array([[1e-300, -0.0], [np.nan, np.inf]]),
    "names": np.array([["null", ""], ["Üİ", "a\0b"]], dtype=object),
    "empty": np.zeros((0, 4)),
}


def test_every_dtype_comes_back_bit_by_bit() -> None:
    tensors, data = write_tensors(ARRAYS)
    back = read_tensors(tensors, data)
    assert list(back) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert back[name].shape == array.shape
        assert back[name].dtype == array.dtype
        if array.dtype == object:
            assert back[name].tolist() == array.tolist()
        else:
            assert back[name].tobytes() == array.tobytes()
    assert all(tensor.offset_bytes % 8 == 0 for tensor in tensors)


def test_two_writes_share_one_file() -> None:
    inputs, first = write_tensors({"X": np.arange(3)})
    outputs, second = write_tensors({"label": np.arange(2)}, start_bytes=len(first))
    assert read_tensors(outputs, first + second)["label"].tolist() == [0, 1]
    assert read_tensors(inputs, first + second)["X"].tolist() == [0, 1, 2]


def test_the_bytes_are_little_endian_in_c_order() -> None:
    _, data = write_tensors({"x": np.asfortranarray([[1, 2], [3, 4]]).astype(">i8")})
    assert data == b"".join(value.to_bytes(8, "little") for value in (1, 2, 3, 4))
    _, data = write_tensors({"s": np.array(["é"])})
    assert data == b"\2\0\0\0\xc3\xa9\0\0"


@pytest.mark.parametrize(
    "change",
    [
        {"offset_bytes": -8},
        {"offset_bytes": 8},
        {"offset_bytes": 2**70},
        {"size_bytes": -24},
        {"size_bytes": 16},
        {"shape": (4,)},
        {"shape": (-3,)},
        {"shape": (-1, -3)},
        {"shape": (2**40, 2**40)},
        {"shape": (0, 2**60)},
        {"shape": (0, 2**70), "size_bytes": 0},
        {"shape": (3, *[1] * 100)},
        {"dtype": "float16"},
        {"dtype": "object"},
        {"dtype": "str"},
        {"dtype": "str", "shape": (1,)},
    ],
)
def test_hostile_descriptions_are_refused(change: dict[str, object]) -> None:
    (tensor,), data = write_tensors({"x": np.array([2**40, 2, 3])})
    with pytest.raises(Incompatible, match="does not fit"):
        read_tensor(dataclasses.replace(tensor, **change), data)  # type: ignore[arg-type]


def test_bytes_behind_the_end_are_refused_without_numpy() -> None:
    with pytest.raises(Incompatible, match="within the 8 bytes"):
        tensor_bytes(Tensor("x", "bool", (4,), 5, 4), bytes(8))


@pytest.mark.parametrize(
    "content", [b"\1\0\0\0", b"\xff\xff\xff\xffa", b"\1\0\0\0\xff", b"\0\0\0\0trailing", b""]
)
def test_hostile_strings_are_refused(content: bytes) -> None:
    with pytest.raises(Incompatible, match="does not fit"):
        read_tensor(Tensor("s", "str", (1,), 0, len(content)), content)


def test_a_bool_is_0_or_1() -> None:
    with pytest.raises(Incompatible, match="does not fit"):
        read_tensor(Tensor("b", "bool", (1,), 0, 1), b"\2")


def test_a_name_stands_once() -> None:
    (tensor,), data = write_tensors({"x": np.arange(1)})
    with pytest.raises(Incompatible, match="twice"):
        read_tensors([tensor, tensor], data)


@pytest.mark.parametrize(
    "array", [np.zeros(1, complex), np.array([b"x"]), np.array([1, "x"], object)]
)
def test_other_dtypes_are_refused_when_written(array: np.ndarray) -> None:
    with pytest.raises(BadInput):
        write_tensors({"x": array})


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=5), max_size=8))
def test_any_text_comes_back(values: list[str]) -> None:
    array = np.array(values, dtype=object)
    tensors, data = write_tensors({"s": array})
    assert read_tensors(tensors, data)["s"].tolist() == values
