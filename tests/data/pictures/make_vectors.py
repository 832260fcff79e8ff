"""Pictures and the pixels that Pillow makes of them: `python tests/data/pictures/make_vectors.py`.

Each case is a source of RGB pixels, a contract's mode, size and filter, and the resized pixels.
`edge_infer` and the phone's page are both held against them.
"""

from __future__ import annotations

import base64
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

PLACE = Path(__file__).with_name("vectors.json")
FILTERS = ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos")
SOURCES = {
    "noise 13x7": (13, 7),
    "noise 8x8": (8, 8),
    "noise 33x41": (33, 41),
    "edges 24x18": (24, 18),
    "narrow 1x19": (1, 19),
    "noise 97x3": (97, 3),
}
SIZES = ((8, 8), (5, 11), (31, 20), (1, 1))


def source(name: str, width: int, height: int) -> np.ndarray:
    """RGB pixels `(height, width, 3)`; edges are black beside white, where filters overshoot."""
    rng = np.random.default_rng([width, height])
    if name.startswith("edges"):
        return (rng.integers(0, 2, (height, width, 3)) * 255).astype(np.uint8)
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def resized(pixels: np.ndarray, mode: str, size: tuple[int, int], resample: str) -> np.ndarray:
    """Columns first, then rows: of the two Pillow chooses by release and size."""
    picture = Image.fromarray(pixels).convert(mode)
    for one in ((size[0], picture.height), size):
        if picture.size != one:
            picture = picture.resize(one, Image.Resampling[resample.upper()])
    return np.asarray(picture)


def vectors() -> dict[str, Any]:
    sources = {name: source(name, *size) for name, size in SOURCES.items()}
    cases = []
    for name, mode, size, resample in itertools.product(sources, ("L", "RGB"), SIZES, FILTERS):
        pixels = resized(sources[name], mode, size, resample)
        cases.append([name, mode, *size, resample, packed(pixels)])
    described = {
        name: {"width": p.shape[1], "height": p.shape[0], "rgb": packed(p)}
        for name, p in sources.items()
    }
    return {"sources": described, "cases": cases}


def packed(pixels: np.ndarray) -> str:
    return base64.b64encode(pixels.tobytes()).decode("ascii")


if __name__ == "__main__":
    made = vectors()
    lines = ",\n".join(json.dumps(case) for case in made["cases"])
    sources = json.dumps(made["sources"], indent=0)
    PLACE.write_text(f'{{"sources": {sources},\n"cases": [\n{lines}\n]}}\n', encoding="ascii")
