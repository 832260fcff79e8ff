"""Pictures to rows, exactly as the contract says, or a refusal.

decode → upright by EXIF → `mode` → resize, columns first and rows second → low + p * (high - low)
/ 255, p being the pixel (or 255 - p where the contract inverts), row by row. Colour profiles and
gamma are not applied.
What would lose information in silence is refused: CMYK, more than 8 bits a channel,
transparency, more than one frame. Size is checked before anything is decoded.
"""

from __future__ import annotations

import io
import os

from edge_infer.errors import BadInput, Incompatible, Unavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from edge_infer.contract.schema import Image

MAX_BYTES = 64 << 20
_BROKEN_HINT = "take or save it again; a copy that was cut short: copy the file again"
MAX_PIXELS = 20_000_000
MAX_SIDE = 65_535
"""As JPEG's. Resampling keeps weights for each pixel of a side, and a strip of 20 million by one
grows to a gigabyte on its way to a few pixels."""
"""Pillow takes four bytes for a pixel in colour, twice while it turns one upright: 160 MB."""

CHANNELS = {"L": 1, "RGB": 3}
RESAMPLE = ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos")

_PLUGINS: dict[bytes, tuple[str, str]] = {
    b"\x89PNG\r\n\x1a\n": ("PIL.PngImagePlugin", "PngImageFile"),
    b"\xff\xd8\xff": ("PIL.JpegImagePlugin", "JpegImageFile"),
    b"BM": ("PIL.BmpImagePlugin", "BmpImageFile"),
    b"GIF87a": ("PIL.GifImagePlugin", "GifImageFile"),
    b"GIF89a": ("PIL.GifImagePlugin", "GifImageFile"),
    b"RIFF": ("PIL.WebPImagePlugin", "WebPImageFile"),
    b"II*\0": ("PIL.TiffImagePlugin", "TiffImageFile"),
    b"MM\0*": ("PIL.TiffImagePlugin", "TiffImageFile"),
    **{b"P%d" % n: ("PIL.PpmImagePlugin", "PpmImageFile") for n in range(1, 7)},
}
"""First bytes to Pillow's decoder; one is imported, so no other ever sees the bytes."""

_OPAQUE_MODES = ("1", "L", "P", "RGB")
_ALPHA_MODES = ("LA", "PA", "RGBA")


def read_image(source: Any, image: Image) -> NDArray[np.float64]:
    """One picture as a row of shape `(1, height * width * channels)`, float64.

    `source` is a path, the bytes of a file, or a `PIL.Image.Image`. A picture that was opened
    elsewhere is refused as its bytes would be, unless it was decoded before (`load`, `convert`,
    `copy`): it is then taken as what it has become, one picture of 8 bits.

    Raises:
        BadInput: not a picture of the formats and modes above, or too large.
        Unavailable: Pillow is not installed, or the file cannot be read.
    """
    import numpy as np

    picture = _fit(_upright(_open(source)), image)
    pixels = np.asarray(picture, dtype=np.float64).reshape(1, -1)
    if image.invert:
        pixels = 255 - pixels
    return image.low + pixels * (image.high - image.low) / 255


def check_image(image: Image, columns: int) -> None:
    """Hold the contract's image against the graph's input of `columns` columns.

    Raises:
        Incompatible: mode or filter is unknown, or the sizes differ.
    """
    if image.mode not in CHANNELS or image.resample not in RESAMPLE:
        raise Incompatible(
            "the contract prepares pictures in a way that this runtime does not know",
            expected=f"mode {' or '.join(CHANNELS)}, filter {', '.join(RESAMPLE)}",
            actual=f"mode {image.mode}, filter {image.resample}",
            hint="update edge-infer on the device",
        )
    pixels = image.width * image.height * CHANNELS[image.mode]
    if image.width < 1 or image.height < 1 or pixels != columns:
        raise Incompatible(
            "the contract's picture is not the model's row",
            expected=f"{columns} values",
            actual=f"{image.mode} {image.width}x{image.height}",
        )


def _open(source: Any) -> Any:
    pillow = _pillow()
    if isinstance(source, pillow.Image):
        _check_size(source.size)
        _check_opened(source)
        return source
    data = _read(source)
    magic, module, name = _decoder(data)
    _check_depth(data, magic)
    try:
        from importlib import import_module

        picture = getattr(import_module(module), name)(io.BytesIO(data))
        _check_size(picture.size)
        _check_one_frame(picture)
        if name == "TiffImageFile":
            _check_tiff_depth(picture)
        picture.load()
    except BadInput:
        raise
    # Decoders raise whatever the broken bytes lead them to; each means the same to the caller.
    except Exception as error:
        raise BadInput(
            "the picture is broken or cut short",
            actual=f"{type(error).__name__}: {error}",
            hint=_BROKEN_HINT,
        ) from error
    return picture


def _decoder(data: bytes) -> tuple[bytes, str, str]:
    for magic, (module, name) in _PLUGINS.items():
        if data.startswith(magic):
            return magic, module, name
    raise BadInput(
        "this is not a picture that can be read",
        expected="PNG, JPEG, BMP, PPM, WebP, GIF or TIFF",
        actual=f"a file of {len(data)} bytes beginning {data[:8]!r}",
    )


def _pillow() -> Any:
    try:
        from importlib import import_module

        return import_module("PIL.Image")
    except ImportError as error:
        raise Unavailable(
            "Pillow is not installed, so pictures cannot be read",
            actual=error,
            hint="pip install Pillow, or pass rows of numbers to predict",
        ) from error


def _read(source: Any) -> bytes:
    if isinstance(source, str | os.PathLike):
        try:
            with open(source, "rb") as file:  # noqa: PTH123 - pathlib costs more than the rest
                data = file.read(MAX_BYTES + 1)
        except ValueError as error:
            raise BadInput(f"this is no path: {error}", actual=repr(source)) from None
        except FileNotFoundError:
            raise BadInput(
                "there is no such picture",
                actual=os.fspath(source),
                hint="check the path, and from where the program is started",
            ) from None
        except OSError as error:
            raise Unavailable(
                f"cannot read the picture {source}: {error.strerror}",
                hint="check its permissions and the medium that it is on",
            ) from error
    elif isinstance(source, bytes | bytearray | memoryview):
        data = bytes(source)
    else:
        raise BadInput(
            "this is not a picture",
            expected="a path, the bytes of a file, or a PIL.Image.Image",
            actual=type(source).__name__,
            hint="predict takes rows of numbers",
        )
    if len(data) > MAX_BYTES:
        raise BadInput("the picture file is too large", expected=f"at most {MAX_BYTES} bytes")
    return data


def _check_size(size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_PIXELS or max(size) > MAX_SIDE or width < 1 or height < 1:
        raise BadInput(
            "the picture is too large" if width and height else "the picture is empty",
            expected=f"at most {MAX_PIXELS} pixels, {MAX_SIDE} a side",
            actual=f"{width}x{height} = {width * height} pixels",
            hint="scale it down first" if width and height else None,
        )


def _check_one_frame(picture: Any) -> None:
    frames = getattr(picture, "n_frames", 1)
    if frames != 1:
        raise BadInput(
            "the picture has several frames",
            expected="one frame",
            actual=f"{frames} frames",
            hint="save the frame you mean as a PNG",
        )


def _check_opened(picture: Any) -> None:
    """What is refused in a file's bytes, as far as an opened picture still tells.

    Pillow forgets a PNG's or PPM's depth once it has decoded it.
    """
    try:
        # Beside a phone's JPEG lies a preview (MPO), which its bytes are read without.
        if picture.format != "MPO" or picture.tell() != 0:
            _check_one_frame(picture)
        if hasattr(picture, "tag_v2"):
            _check_tiff_depth(picture)
    except BadInput:
        raise
    # Counting frames reads on in a file that may be cut short or closed.
    except Exception as error:
        raise BadInput(
            "the picture is broken, cut short or closed",
            actual=f"{type(error).__name__}: {error}",
            hint=_BROKEN_HINT,
        ) from error
    for codec, *_, options in getattr(picture, "tile", ()):
        values = options if isinstance(options, tuple) else (options,)
        if any(isinstance(value, str) and ";16" in value for value in values):
            raise _too_deep(16)
        if codec in ("ppm", "ppm_plain") and isinstance(values[-1], int) and values[-1] > 255:
            raise _too_deep(values[-1].bit_length())


def _check_depth(data: bytes, magic: bytes) -> None:
    """Refuse more than 8 bits a channel, which Pillow would cut down in silence."""
    depth = 8
    if magic.startswith(b"\x89PNG"):
        depth = data[24] if len(data) > 24 else 8
    elif magic in (b"P2", b"P3", b"P5", b"P6"):
        depth = _netpbm_maximum(data).bit_length()
    if depth > 8:
        raise _too_deep(depth)


def _netpbm_maximum(data: bytes) -> int:
    lines = (line.partition(b"#")[0] for line in data[:4096].splitlines())
    words = b" ".join(lines).split(maxsplit=4)
    return int(words[3]) if len(words) > 3 and words[3].isdigit() else 255


def _check_tiff_depth(picture: Any) -> None:
    bits_per_sample = picture.tag_v2.get(258, 1)
    deepest = max(bits_per_sample) if isinstance(bits_per_sample, tuple) else bits_per_sample
    if deepest > 8:
        raise _too_deep(deepest)


def _upright(picture: Any) -> Any:
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(picture)
    # EXIF is the camera's free-form block; broken ones raise from deep within Pillow.
    except Exception as error:
        raise BadInput(
            "the picture's EXIF block is broken, so which side is up is unknown",
            actual=f"{type(error).__name__}: {error}",
            hint="save it again without EXIF",
        ) from error


def _fit(picture: Any, image: Image) -> Any:
    """Drop an opaque alpha channel, convert to the contract's mode and size."""
    pillow = _pillow()
    mode = picture.mode
    if mode in ("I", "F") or mode.startswith("I;"):
        raise _too_deep(32 if mode in ("I", "F") else 16)
    if mode not in _OPAQUE_MODES + _ALPHA_MODES:
        raise BadInput(
            "the picture's colours have no one right conversion",
            expected="grey, RGB or a palette",
            actual=mode,
            hint="convert it to RGB with its colour profile first",
        )
    if mode in _ALPHA_MODES or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        if picture.getchannel("A").getextrema()[0] < 255:
            raise BadInput(
                "the picture is transparent in places, and what lies behind is unknown",
                expected="an opaque picture",
                actual=f"{mode} with transparency",
                hint="flatten it onto a background first",
            )
        picture = picture.convert("RGB")
    picture = picture.convert(image.mode)
    # One direction a call: which of two Pillow takes first changed with release 13, and with it
    # pixels by a level. A call that changes nothing gives the picture as it is.
    resample = pillow.Resampling[image.resample.upper()]
    _check_size((image.width, picture.height))
    for size in ((image.width, picture.height), (image.width, image.height)):
        if picture.size != size:
            picture = picture.resize(size, resample)
    return picture


def _too_deep(bits: int) -> BadInput:
    return BadInput(
        "the picture has more than 8 bits a channel, and which range it means is unknown",
        expected="8 bits a channel",
        actual=f"{bits} bits",
        hint="scale it to 8 bits first",
    )
