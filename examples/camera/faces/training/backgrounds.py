"""Pictures without faces: read, divided, varied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge_infer import BadInput
from examples.camera.faces.training.crops import PICTURES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from examples.camera.faces.features import Grey

FEWEST = 20


def background_files(folder: Path) -> list[Path]:
    """The pictures of a folder, in order.

    Raises:
        BadInput: there is no such folder, or it holds too few.
    """
    files = [f for f in sorted(folder.rglob("*")) if f.suffix.lower() in PICTURES]
    if len(files) < FEWEST:
        raise BadInput(
            "too few pictures without faces",
            expected=f">= {FEWEST} below {folder}",
            actual=str(len(files)),
            hint="add photographs without a face; parts of one large picture serve too",
        )
    return files


def divided(files: list[Path]) -> tuple[list[Path], list[Path], list[Path]]:
    """Of ten files seven to learn from, one to choose the threshold by, two to measure with."""
    learn = [f for i, f in enumerate(files) if i % 5 != 1 and i % 10 != 0]
    return learn, files[::10], files[1::5]


def read_grey(file: Path) -> Grey:
    """A picture, grey.

    Raises:
        BadInput: it is none.
    """
    found = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
    if found is None:
        raise BadInput(f"{file} is not a picture", hint="take it out of the folder")
    return np.asarray(found, np.uint8)


def varied_backgrounds(grey: Grey, rng: np.random.Generator) -> Iterator[Grey]:
    """The picture, and a part of it turned, mirrored, inverted or blurred at another size."""
    yield grey
    kind = int(rng.integers(6))
    if kind < 3:
        other = np.rot90(grey, kind + 1)
    elif kind == 3:
        other = 255 - grey
    elif kind == 4:
        other = grey[::-1]
    else:
        other = np.asarray(cv2.GaussianBlur(grey, (0, 0), 1.5))
    side = int(min(other.shape) / 1.3)
    y, x = (int(rng.integers(0, length - side + 1)) for length in other.shape)
    zoom = rng.uniform(0.6, 1.6)
    part = np.ascontiguousarray(other[y : y + side, x : x + side])
    yield np.asarray(cv2.resize(part, None, fx=zoom, fy=zoom), np.uint8)
