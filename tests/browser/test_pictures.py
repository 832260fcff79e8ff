"""Pictures in the browser become the rows that edge_infer makes of them, or are refused."""

from __future__ import annotations

import dataclasses
import io
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pages import serving
from PIL import Image as Pillow
from PIL import features

from edge_infer.errors import BadInput
from edge_infer.images import read_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chromium import Chromium, Page
    from pages import Shop

    from edge_infer.contract import Image

RNG = np.random.default_rng(3)
GREY = RNG.integers(0, 256, (37, 29), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (31, 45, 3), dtype=np.uint8)


def smooth() -> Pillow.Image:
    """What a camera's JPEG is like: no noise from pixel to pixel."""
    small = Pillow.fromarray(RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8))
    return small.resize((101, 67), Pillow.Resampling.BICUBIC)


def encode(picture: Pillow.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def turned(orientation: int) -> Pillow.Exif:
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    return exif


def pictures() -> dict[str, bytes]:
    grey, colour = Pillow.fromarray(GREY), Pillow.fromarray(COLOUR)
    opaque = colour.copy()
    opaque.putalpha(255)
    profile = chunk(b"gAMA", struct.pack(">I", 100000))
    png = encode(colour, "PNG")
    found = {
        "grey.png": encode(grey, "PNG"),
        "colour.png": png,
        "as large as the row.png": encode(colour.crop((0, 0, 15, 11)), "PNG"),
        "palette.png": encode(colour.quantize(17), "PNG"),
        "one-bit.png": encode(grey.convert("1"), "PNG"),
        "opaque.png": encode(opaque, "PNG"),
        "interlaced.png": encode(grey.resize((64, 64)), "PNG", interlace=1),
        "gamma.png": png[:33] + profile + png[33:],
        "grey.gif": encode(grey, "GIF"),
        "colour.bmp": encode(colour, "BMP"),
        "smooth.jpg": encode(smooth(), "JPEG", quality=90),
        "fine.jpg": encode(smooth(), "JPEG", quality=95, subsampling=0),
        "grey.jpg": encode(smooth().convert("L"), "JPEG"),
        "progressive.jpg": encode(smooth(), "JPEG", progressive=True),
        **{f"turned-{n}.jpg": encode(smooth(), "JPEG", exif=turned(n)) for n in range(2, 9)},
    }
    if features.check("webp"):
        found["lossless.webp"] = encode(colour, "WEBP", lossless=True)
    return found


def chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


PICTURES = pictures()
CONTRACTS = {
    "L:8x8,range=0..16": ("L", 8, 8, "bilinear"),
    "L:28x20,range=-1..1,invert,resample=lanczos": ("L", 28, 20, "lanczos"),
    "RGB:9x14,range=0..255,resample=bicubic": ("RGB", 9, 14, "bicubic"),
    "RGB:15x11,range=0..1,resample=nearest": ("RGB", 15, 11, "nearest"),
}


@pytest.fixture(scope="module", params=CONTRACTS)
def prepared(
    request: pytest.FixtureRequest, shop: Shop, browser: Chromium
) -> Iterator[tuple[Page, Image]]:
    """The page of a model whose scores are the row itself, and its contract's picture."""
    from convert.image_option import parse_image

    image = dataclasses.replace(parse_image(request.param), input="X")
    with serving(shop.identity(image)) as url:
        page = browser.open(url)
        assert page.state == "verified", page.text("#refused_text")
        page.click("#tab_file")
        yield page, image
        page.close()


def give(page: Page, path: Path) -> None:
    page.evaluate("document.querySelector('#json').textContent = ''")
    page.evaluate("document.querySelector('#refused').hidden = true")
    page.act("setInputFiles", "#file", str(path))
    page.settle()


def test_every_pixel_of_a_file_is_the_one_that_python_takes(
    prepared: tuple[Page, Image], tmp_path: Path
) -> None:
    page, image = prepared
    different = {}
    for name, content in PICTURES.items():
        path = tmp_path / name
        path.write_bytes(content)
        give(page, path)
        assert not page.shown("#refused"), (name, page.text("#refused_text"))
        (answer,) = page.answers()
        scores = answer["scores"]
        got = np.array(scores if isinstance(scores, list) else list(scores.values()))
        want = read_image(content, image)[0]
        assert got.shape == want.shape
        if not np.array_equal(got, want):
            different[name] = float(np.abs(got - want).max() / (image.high - image.low) * 255)
    assert different == {}


def refused_pictures() -> dict[str, tuple[bytes, str]]:
    """Name to content and a word of what the page says."""
    grey, colour = Pillow.fromarray(GREY), Pillow.fromarray(COLOUR)
    clear = colour.copy()
    clear.putalpha(200)
    deep = Pillow.fromarray(RNG.integers(0, 65536, (4, 4)).astype(np.uint16))
    frames = {"save_all": True, "append_images": [grey.transpose(Pillow.Transpose.ROTATE_180)]}
    png = encode(grey, "PNG")
    huge = chunk(b"IHDR", struct.pack(">IIBBBBB", 10_000, 10_000, 8, 0, 0, 0, 0))
    return {
        "megapixels.png": (png[:8] + huge + png[33:], "megapixels"),
        "photo.heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64), "HEIC"),
        "drawing.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        "drawing.xml.svg": (b"<?xml version='1.0'?>\n<svg/>", "SVG"),
        "animated.gif": (encode(grey, "GIF", **frames), "animated"),
        "animated.png": (encode(grey, "PNG", **frames), "animated"),
        "animated.webp": (encode(colour, "WEBP", save_all=True, append_images=[clear]), "animated"),
        "turned.png": (encode(colour, "PNG", exif=turned(6)), "EXIF"),
        "turned.webp": (encode(colour, "WEBP", exif=turned(6)), "EXIF"),
        "deep.png": (encode(deep, "PNG"), "bits a channel"),
        "print.jpg": (encode(colour.convert("CMYK"), "JPEG"), "CMYK"),
        "clear.png": (encode(clear, "PNG"), "transparent"),
        "cut.png": (encode(colour.resize((200, 200)), "PNG")[:200], "broken"),
        "cut.jpg": (encode(smooth(), "JPEG")[:60], "broken"),
        "half.jpg": (encode(smooth(), "JPEG")[:-700], "broken"),
        "half.gif": (encode(grey, "GIF")[:-700], "broken"),
        "half.webp": (encode(colour, "WEBP")[:-200], "broken"),
        "half.bmp": (encode(colour, "BMP")[:-700], "broken"),
        "scan.tiff": (encode(grey, "TIFF"), "TIFF"),
        "map.ppm": (encode(colour, "PPM"), "PPM"),
        "note.txt": (b"not a picture at all", "not a picture"),
        "empty.png": (b"", "not a picture"),
    }


REFUSED = refused_pictures()


@pytest.mark.parametrize("name", REFUSED)
def test_a_picture_that_is_not_served_is_refused_in_plain_words(
    page: Page, tmp_path: Path, name: str
) -> None:
    content, said = REFUSED[name]
    path = tmp_path / name
    path.write_bytes(content)
    page.click("#tab_file")
    give(page, path)
    assert page.shown("#refused"), page.text("#json")
    assert said.lower() in page.text("#refused_text").lower()
    assert page.text("#json") == ""
    assert not page.shown("#answer")


ONLY_BROWSERS = ("turned.png", "turned.webp", "scan.tiff", "map.ppm")
"""What Python reads, and browsers do not, or not alike."""


@pytest.mark.parametrize("name", [name for name in REFUSED if name not in ONLY_BROWSERS])
def test_python_refuses_it_as_well(name: str) -> None:
    from edge_infer.contract import Image

    with pytest.raises(BadInput):
        read_image(REFUSED[name][0], Image("X", "L", 8, 8, 0.0, 16.0, False, "bilinear"))


def test_after_a_refusal_the_next_picture_is_answered(page: Page, tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.png", tmp_path / "good.png"
    bad.write_bytes(REFUSED["clear.png"][0])
    good.write_bytes(PICTURES["grey.png"])
    page.click("#tab_file")
    give(page, bad)
    give(page, good)
    assert page.shown("#answer")
    assert not page.shown("#refused")
