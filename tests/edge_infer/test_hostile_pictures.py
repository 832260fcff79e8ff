"""Pictures that are made to exhaust memory or to break a decoder: refused, and nothing else."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest
from picture_files import AS_IS, COLOUR, GREY, encode, png
from PIL import Image as Pillow

from edge_infer import images
from edge_infer.errors import BadInput
from edge_infer.images import read_image


def test_attack_a_hundred_megapixels_are_refused_before_they_are_decoded() -> None:
    data = png(0, 8, b"\0", width=10_000, height=10_000)
    tracemalloc.start()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(BadInput, match="too large") as caught:
            read_image(data, AS_IS)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "100000000 pixels" in str(caught.value.actual)
    assert peak_bytes < 10_000_000
    with pytest.raises(BadInput, match="too large"):
        read_image(Pillow.new("1", (10_000, 10_000)), AS_IS)


STRIP = """
import sys
sys.path[:0] = sys.argv[1:3]
from artifact_builder import digits_image
from edge_infer.errors import BadInput
from edge_infer.images import read_image
for data in (open(sys.argv[3], "rb").read(), open(sys.argv[4], "rb").read()):
    try:
        read_image(data, digits_image(resample="lanczos"))
    except BadInput as error:
        assert "too large" in str(error), error
    else:
        sys.exit("accepted")
print(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])
"""


def test_attack_a_strip_of_20_million_pixels_does_not_grow_on_its_way_to_64(tmp_path: Path) -> None:
    """39 kB of PNG took 1.1 GB: resampling keeps weights and rows for the whole of a side."""
    for name, width, height in (("tall", 1, images.MAX_PIXELS), ("wide", images.MAX_PIXELS, 1)):
        rows = (b"\0" + bytes((width + 7) // 8)) * height
        (tmp_path / name).write_bytes(png(0, 1, rows, width=width, height=height))
    here = Path(__file__).parent
    command = [sys.executable, "-c", STRIP, here, here.parents[1], tmp_path / "tall"]
    done = subprocess.run([*command, tmp_path / "wide"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 256 << 10


def test_a_tall_picture_is_not_made_wide_beyond_the_bound() -> None:
    wide = dataclasses.replace(AS_IS, width=1000, height=2)
    with pytest.raises(BadInput, match="too large"):
        read_image(Pillow.new("L", (2, 40_000)), wide)
    assert read_image(Pillow.new("L", (2, 10_000)), wide).shape == (1, 2000)


def test_attack_an_endless_file_is_read_no_further_than_the_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "MAX_BYTES", 1000)
    path = tmp_path / "large.png"
    path.write_bytes(encode(Pillow.fromarray(GREY)) + bytes(1000))
    for source in (path, path.read_bytes(), "/dev/zero"):
        with pytest.raises(BadInput, match="too large"):
            read_image(source, AS_IS)


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"%PDF-1.7", b"RIFF\0\0\0\0WAVE", b"BM", b"P6", b"P5 8 8", b"GIF89a", b"II*\0",
     b"P5 -1 -1 255\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"<svg/>", b"\0\0\1\0"],
)  # fmt: skip
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        read_image(data, AS_IS)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "PPM", "WEBP", "GIF", "TIFF"])
def test_a_truncated_picture_is_refused_at_every_length(form: str) -> None:
    data = encode(Pillow.fromarray(COLOUR), form)
    # What stands behind the pixels of a PNG, TIFF or GIF may be missing without harm.
    whole = read_image(data, AS_IS)
    refused = 0
    for length in range(0, len(data), 7):
        try:
            row = read_image(data[:length], AS_IS)
        except BadInput:
            refused += 1
        else:
            assert np.array_equal(row, whole)
    assert refused > len(data) // 7 * 0.5


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "PPM", "WEBP", "GIF", "TIFF"])
def test_broken_pictures_never_raise_anything_else(form: str) -> None:
    data = encode(Pillow.fromarray(COLOUR), form)
    rng = np.random.default_rng(3)
    for _ in range(150):
        broken = bytearray(data)
        broken[rng.integers(len(data))] ^= 1 << rng.integers(8)
        try:
            row = read_image(bytes(broken), AS_IS)
        except BadInput:
            continue
        assert row.shape == (1, 64)
