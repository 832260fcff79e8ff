from __future__ import annotations

import bz2
import gzip
import lzma
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convert.unpickle.compression import MIB, Bounds, decompress, detect
from edge_infer.errors import BadInput

PICKLE = b"\x80\x05N."


@given(st.binary(max_size=5000), st.integers(0, 9))
def test_gzip_and_zlib_give_back_what_went_in(data: bytes, level: int) -> None:
    assert decompress(gzip.compress(data, level)) == data
    assert decompress(zlib.compress(data, level)) == data


def test_a_plain_pickle_passes_as_it_is() -> None:
    assert decompress(PICKLE) == PICKLE


def test_the_name_of_the_file_decides_nothing() -> None:
    assert detect(gzip.compress(PICKLE)) == "gzip"
    assert detect(zlib.compress(PICKLE)) == "zlib"
    assert detect(PICKLE) == "none"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("bz2", bz2.compress(PICKLE)),
        ("xz", lzma.compress(PICKLE)),
        ("lzma", lzma.compress(PICKLE, format=lzma.FORMAT_ALONE)),
        ("lz4", b"\x04\x22\x4d\x18" + PICKLE),
        ("zstd", b"\x28\xb5\x2f\xfd" + PICKLE),
        ("zip", b"PK\x03\x04" + PICKLE),
    ],
)
def test_other_compressions_are_refused_by_name(name: str, data: bytes) -> None:
    with pytest.raises(BadInput, match=f"compressed as {name}") as refused:
        decompress(data)
    assert refused.value.actual == name
    assert "joblib.dump" in str(refused.value.hint)


def test_a_gzip_bomb_never_takes_more_than_its_bound() -> None:
    bomb = gzip.compress(b"\0" * (400 * MIB), 9)
    assert len(bomb) < MIB
    limit = Bounds().limit(len(bomb))
    tracemalloc.start()
    try:
        with pytest.raises(BadInput, match="grows beyond its bound"):
            decompress(bomb)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert limit == 64 * MIB
    assert peak < 2 * limit


@pytest.mark.parametrize("excess", [-1, 0, 1])
def test_the_bound_is_exact(excess: int) -> None:
    bounds = Bounds(floor_bytes=1000, ratio=1)
    data = gzip.compress(b"\0" * (1000 + excess))
    if excess > 0:
        with pytest.raises(BadInput, match="bound"):
            decompress(data, bounds=bounds)
    else:
        assert len(decompress(data, bounds=bounds)) == 1000 + excess


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress])
def test_trailing_data_is_refused(compress: object) -> None:
    data = compress(PICKLE)  # type: ignore[operator]
    for tail in (b"x", compress(PICKLE), b"\0" * 8):  # type: ignore[operator]
        with pytest.raises(BadInput, match="other data follows"):
            decompress(data + tail)


def test_trailing_data_on_the_border_of_a_piece_is_refused() -> None:
    random = bytes(i * 7919 % 251 for i in range(3 * MIB))
    data = gzip.compress(random, 0)
    with pytest.raises(BadInput, match="other data follows"):
        decompress(data + b"\0" * (4 * MIB - len(data)) + b"tail")


@pytest.mark.parametrize("kept", [3, 12, -9, -1])
def test_a_truncated_stream_is_refused(kept: int) -> None:
    with pytest.raises(BadInput, match=r"cut short|damaged"):
        decompress(gzip.compress(PICKLE * 100)[:kept])


def test_every_flipped_byte_is_refused_or_harmless() -> None:
    data = gzip.compress(PICKLE * 20, mtime=0)
    for position in range(10, len(data)):
        broken = bytearray(data)
        broken[position] ^= 1
        with pytest.raises(BadInput):
            decompress(bytes(broken))


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"cos\nsystem\n", b"{}"])
def test_what_is_no_pickle_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput, match="not a pickle of protocol 3 or newer"):
        decompress(data)
