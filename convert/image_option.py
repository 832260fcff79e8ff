"""The spelling of `--image`: how a picture becomes one row.

    L:8x8,range=0..16                   grey, 8 wide, 8 high, black is 0, white is 16
    RGB:32x24,range=0..1,invert         colour, 32 wide, 24 high, black is 1, white is 0
    L:28x28,range=0..255,resample=box   another filter for resizing than bilinear

The mode comes first; the options follow in any order.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from edge_infer.contract import Image
from edge_infer.errors import BadInput
from edge_infer.images import CHANNELS, RESAMPLE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SPELLING = "L:8x8,range=0..16[,invert][,resample=bilinear]"
MAX_PIXELS = 1 << 24

_HEAD = re.compile(r"(?P<mode>[A-Za-z]+):(?P<width>[1-9][0-9]{0,4})x(?P<height>[1-9][0-9]{0,4})")
_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_RANGE = re.compile(rf"(?P<low>{_NUMBER})\.\.(?P<high>{_NUMBER})")


def read_image(image: str | Image | None) -> Image | None:
    """`parse_image` of a text; what is an `Image` already, or none, as it is.

    Raises:
        BadInput: as `parse_image`.
    """
    return parse_image(image) if isinstance(image, str) else image


def parse_image(text: str, *, input_name: str = "X") -> Image:
    """The contract's `Image` for an option such as `L:8x8,range=0..16`.

    Raises:
        BadInput: it is spelled otherwise; the message says how.
    """
    head, *options = text.split(",")
    found = _HEAD.fullmatch(head)
    if found is None or found["mode"] not in CHANNELS:
        raise _misspelled(text, f"{' or '.join(CHANNELS)}, a colon, WIDTHxHEIGHT", head)
    width, height = int(found["width"]), int(found["height"])
    if width * height > MAX_PIXELS:
        raise _misspelled(text, f"at most {MAX_PIXELS:,} pixels", f"{width * height:,}")
    named = _named(text, options)
    if "range" not in named:
        raise _misspelled(text, "range=LOW..HIGH, as the training had it", "no range")
    low, high = _parse_range(text, named["range"])
    resample = named.get("resample", "bilinear")
    if resample not in RESAMPLE:
        raise _misspelled(text, f"resample={' or '.join(RESAMPLE)}", resample)
    return Image(
        input=input_name,
        mode=found["mode"],
        width=width,
        height=height,
        low=low,
        high=high,
        invert="invert" in named,
        resample=resample,
    )


def _named(text: str, options: list[str]) -> dict[str, str]:
    named: dict[str, str] = {}
    for option in options:
        name, equals, value = option.partition("=")
        known = (name == "invert" and not equals) or (name in ("range", "resample") and value)
        if not known or name in named:
            raise _misspelled(text, "range=LOW..HIGH, invert, resample=FILTER, each once", option)
        named[name] = value
    return named


def _parse_range(text: str, value: str) -> tuple[float, float]:
    found = _RANGE.fullmatch(value)
    low, high = (float(found["low"]), float(found["high"])) if found else (math.nan, math.nan)
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise _misspelled(text, "range=LOW..HIGH with LOW under HIGH", value)
    return low, high


def check_range(image: Image, samples: NDArray[np.float64]) -> None:
    """Hold the declared range against the samples `(n, f)`, which span that of the training.

    A picture that fills the range of another unit is answered, and wrongly. Ten times is no
    doubtful case: of pictures of which no pixel has a tenth of the range all are black.

    Raises:
        BadInput: all samples lie within a tenth of the range, or some ten times beyond it.
    """
    declared = max(abs(image.low), abs(image.high))
    finite = abs(samples[abs(samples) < math.inf])
    largest = float(finite.max()) if finite.size else 0.0
    if not largest or declared / 10 < largest < declared * 10:
        return
    whole = next((one for one in (1, 16, 255, 65535) if largest <= one), math.ceil(largest))
    low = -whole if samples.min() < 0 else 0
    raise BadInput(
        "the range of --image is not that of the samples",
        expected=f"pixels of about {declared:g} in the samples",
        actual=f"at most {largest:g}",
        hint=f"declare what black and white were in the training, such as range={low}..{whole}",
    )


def _misspelled(text: str, expected: str, actual: str) -> BadInput:
    return BadInput(
        f"the image option {text!r} is misspelled",
        expected=expected,
        actual=actual,
        hint=f"spell it {SPELLING}",
    )
