"""Pictures: prepared as the contract says, or refused with what to do."""

from __future__ import annotations

import io
import os
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from artifact_builder import digits_image
from picture_files import AS_IS, COLOUR, GREY, RNG, encode, png
from PIL import Image as Pillow

from edge_infer import images
from edge_infer.errors import BadInput, Unavailable
from edge_infer.images import read_image

if TYPE_CHECKING:
    from pathlib import Path

    from artifact_builder import Linear

    from edge_infer.model import Model


def test_pixels_come_row_by_row_in_the_declared_range() -> None:
    row = read_image(encode(Pillow.fromarray(GREY)), digits_image())
    assert row.shape == (1, 64)
    assert row.dtype == np.float64
    assert np.array_equal(row[0], GREY.reshape(-1) * 16.0 / 255)
    assert np.array_equal(read_image(encode(Pillow.fromarray(GREY)), AS_IS)[0], GREY.ravel())


def test_inverted_and_with_another_low() -> None:
    row = read_image(encode(Pillow.fromarray(GREY)), digits_image(invert=True, low=-1.0, high=1.0))
    assert np.array_equal(row[0], -1.0 + (255.0 - GREY.reshape(-1)) * 2.0 / 255)
    black = read_image(Pillow.new("L", (8, 8), 0), digits_image(invert=True))
    assert set(black[0]) == {16.0}


def test_colour_is_interleaved() -> None:
    row = read_image(encode(Pillow.fromarray(COLOUR)), digits_image(mode="RGB", high=255.0))
    assert np.array_equal(row[0], COLOUR.reshape(-1))


@pytest.mark.parametrize("form", ["PNG", "BMP", "PPM", "TIFF", "WEBP", "GIF"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_lossless_formats_agree(form: str, mode: str) -> None:
    if (form, mode) == ("GIF", "RGB"):
        picture = Pillow.fromarray(COLOUR).quantize(64).convert("RGB")
    else:
        picture = Pillow.fromarray(GREY if mode == "L" else COLOUR)
    data = encode(picture, form, **({"lossless": True} if form == "WEBP" else {}))
    image = digits_image(mode=mode, high=255.0)
    assert np.array_equal(read_image(data, image)[0], np.asarray(picture).reshape(-1))


def test_jpeg_is_pillow_s_decoding() -> None:
    data = encode(Pillow.fromarray(COLOUR), "JPEG", quality=95)
    want = np.asarray(Pillow.open(io.BytesIO(data)).convert("L"))
    assert np.array_equal(read_image(data, AS_IS)[0], want.reshape(-1))


@pytest.mark.parametrize("resample", images.RESAMPLE)
def test_resizing_uses_the_contract_s_filter(resample: str) -> None:
    large = Pillow.fromarray(RNG.integers(0, 256, (30, 50), dtype=np.uint8))
    want = large.resize((8, 8), Pillow.Resampling[resample.upper()])
    got = read_image(encode(large), digits_image(high=255.0, resample=resample))
    assert np.array_equal(got[0], np.asarray(want).reshape(-1))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_picture_is_turned_upright(orientation: int) -> None:
    turns = {
        1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud,
        5: np.transpose, 6: lambda a: np.rot90(a, 1),
        7: lambda a: np.rot90(np.transpose(a), 2), 8: lambda a: np.rot90(a, -1),
    }  # fmt: skip
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    stored = Pillow.fromarray(np.ascontiguousarray(turns[orientation](GREY)))
    assert np.array_equal(read_image(encode(stored, exif=exif), AS_IS)[0], GREY.reshape(-1))


def test_path_bytes_and_picture_agree(tmp_path: Path, model: Model, linear: Linear) -> None:
    picture = Pillow.fromarray(GREY)
    path = tmp_path / "seven.png"
    path.write_bytes(encode(picture))
    want = linear.predict(GREY.reshape(1, -1) * 16.0 / 255)[0]
    for source in (path, str(path), path.read_bytes(), bytearray(path.read_bytes()), picture):
        assert model.predict_image(source) == want


@pytest.mark.parametrize("mode", ["1", "P", "LA", "RGBA", "PA"])
def test_palettes_bitmaps_and_opaque_alpha_are_right(mode: str) -> None:
    picture = Pillow.fromarray(GREY).convert("1" if mode == "1" else "L")
    want = np.asarray(picture.convert("L")).reshape(-1)
    picture = picture.convert("P" if mode == "PA" else mode)
    assert np.array_equal(read_image(picture.convert(mode), AS_IS)[0], want)
    if mode != "PA":
        assert np.array_equal(read_image(encode(picture), AS_IS)[0], want)


def test_a_colour_palette_becomes_rgb() -> None:
    picture = Pillow.fromarray(COLOUR).quantize(16)
    row = read_image(encode(picture), digits_image(mode="RGB", high=255.0))
    assert np.array_equal(row[0], np.asarray(picture.convert("RGB")).reshape(-1))


def transparent(mode: str) -> bytes:
    if mode == "tRNS":
        return encode(Pillow.fromarray(GREY), transparency=int(GREY[3, 3]))
    if mode == "P":
        return encode(Pillow.fromarray(GREY).convert("P"), transparency=int(GREY[3, 3]))
    picture = Pillow.fromarray(GREY).convert(mode)
    alpha = Pillow.new("L", (8, 8), 255)
    alpha.putpixel((7, 7), 254)
    picture.putalpha(alpha)
    return encode(picture)


@pytest.mark.parametrize("mode", ["LA", "RGBA", "P", "tRNS"])
def test_one_transparent_pixel_is_refused(mode: str) -> None:
    with pytest.raises(BadInput, match="transparent"):
        read_image(transparent(mode), AS_IS)


def test_a_transparent_colour_that_no_pixel_has_is_opaque() -> None:
    picture = Pillow.fromarray(np.minimum(GREY, 250))
    row = read_image(encode(picture, transparency=255), AS_IS)
    assert np.array_equal(row[0], np.asarray(picture).reshape(-1))


@pytest.mark.parametrize("form", ["JPEG", "TIFF"])
def test_cmyk_is_refused(form: str) -> None:
    data = encode(Pillow.fromarray(COLOUR).convert("CMYK"), form)
    with pytest.raises(BadInput, match="colours"):
        read_image(data, AS_IS)
    for mode in ("CMYK", "LAB", "HSV", "YCbCr", "RGBa"):
        with pytest.raises(BadInput):
            read_image(Pillow.new(mode, (8, 8)), AS_IS)


DEEP = {
    "png grey": encode(Pillow.fromarray(GREY.astype("u2") * 257)),
    "png rgb": png(2, 16, b"".join(b"\0" + bytes(48) for _ in range(8))),
    "tiff": encode(Pillow.fromarray(GREY.astype("u2") * 257), "TIFF"),
    "tiff float": encode(Pillow.fromarray(GREY.astype("f4")), "TIFF"),
    "pgm": b"P5 8 8 65535\n" + bytes(128),
    "ppm": b"P6\n# a comment 1 2\n8 8\n# another\n1023\n" + bytes(384),
    "ppm text": b"P3 8 8 256\n" + b"256 " * 192,
}


@pytest.mark.parametrize("name", DEEP)
def test_more_than_eight_bits_are_refused(name: str) -> None:
    with pytest.raises(BadInput, match="more than 8 bits"):
        read_image(DEEP[name], AS_IS)


def test_deep_pictures_in_memory_are_refused() -> None:
    for mode in ("I;16", "I", "F"):
        with pytest.raises(BadInput, match="more than 8 bits"):
            read_image(Pillow.new(mode, (8, 8)), AS_IS)


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "TIFF"])
def test_several_frames_are_refused(form: str) -> None:
    frames = [Pillow.fromarray(np.roll(GREY, i)) for i in range(3)]
    data = encode(frames[0], form, save_all=True, append_images=frames[1:])
    with pytest.raises(BadInput, match="several frames"):
        read_image(data, AS_IS)


@pytest.mark.parametrize(
    "source", [None, 7, 1.5, GREY, [1, 2], object()], ids=lambda value: type(value).__name__
)
def test_other_objects_are_refused(source: object) -> None:
    with pytest.raises(BadInput):
        read_image(source, AS_IS)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such picture"):
        read_image(tmp_path / "nothing.png", AS_IS)
    with pytest.raises(Unavailable, match="cannot read"):
        read_image(tmp_path, AS_IS)


def test_without_pillow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "PIL.Image", None)
    with pytest.raises(Unavailable, match="Pillow") as caught:
        read_image(b"\x89PNG", AS_IS)
    assert "pip install" in str(caught.value.hint)


def test_a_model_without_a_declared_picture_takes_none(
    key: Path, trust: Path, tmp_path: Path
) -> None:
    import artifact_builder

    import edge_infer

    linear = artifact_builder.random_linear(4, "ab")
    out = artifact_builder.write_artifact(tmp_path / "out", key, linear)
    with pytest.raises(BadInput, match="does not say") as caught:
        edge_infer.load(out, trust=trust).predict_image(os.devnull)
    assert "--image" in str(caught.value.hint)


def opened(data: bytes) -> Pillow.Image:
    return Pillow.open(io.BytesIO(data))


def png_of_16_bits() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    lines = b"".join(b"\0" + bytes(48) for _ in range(8))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 16, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + body


@pytest.mark.parametrize("form", ["GIF", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("frame", [0, 1])
def test_an_opened_picture_of_several_frames_is_refused_as_its_bytes_are(
    form: str, frame: int
) -> None:
    other = Pillow.fromarray(255 - GREY)
    data = encode(Pillow.fromarray(GREY), form, save_all=True, append_images=[other])
    picture = opened(data)
    picture.seek(frame)
    for source in (data, picture):
        with pytest.raises(BadInput, match="frames"):
            read_image(source, AS_IS)


@pytest.mark.parametrize(
    "data",
    [
        png_of_16_bits(),
        b"P6 8 8 65535\n" + b"\0\1" * 192,
        b"P3 8 8 1023\n" + b"7 " * 192,
        b"P5 8 8 65535\n" + b"\0\1" * 64,
    ],
    ids=["PNG", "PPM", "plain PPM", "PGM"],
)
def test_an_opened_picture_of_more_than_8_bits_is_refused_as_its_bytes_are(data: bytes) -> None:
    for source in (data, opened(data)):
        with pytest.raises(BadInput, match="8 bits"):
            read_image(source, AS_IS)


@pytest.mark.parametrize("form", ["PNG", "BMP", "PPM", "TIFF", "GIF", "JPEG", "MPO"])
def test_an_opened_picture_is_read_as_its_bytes(form: str) -> None:
    picture = Pillow.fromarray(GREY)
    more = {"save_all": True, "append_images": [picture]} if form == "MPO" else {}
    data = encode(picture, form, **more)
    assert np.array_equal(read_image(opened(data), AS_IS), read_image(data, AS_IS))


def test_a_path_with_a_nul_is_refused() -> None:
    with pytest.raises(BadInput, match="path"):
        read_image("a\0b.png", AS_IS)
