"""Faces to learn from: read, upright, grey, 36 x 36, and varied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge_infer import BadInput
from examples.camera.faces.features import WINDOW, Floats, Grey, crop_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

PICTURES = {".png", ".jpg", ".jpeg", ".bmp", ".pgm", ".webp"}


def read_crops(paths: Sequence[Path]) -> list[Grey]:
    """Square grey crops from folders of pictures and from `.npz` files.

    In an `.npz` every array of shape `(n, s, s)` and dtype uint8 holds crops. All show a head in
    the same geometry: eyes a third from the top, mouth two thirds.

    Raises:
        BadInput: a path holds no crops, or one is not square.
    """
    crops: list[Grey] = []
    for path in paths:
        found = list(_from_npz(path) if path.suffix == ".npz" else _from_folder(path))
        if not found:
            raise BadInput(
                f"no face crops in {path}",
                expected="square pictures, or an .npz with uint8 arrays (n, s, s)",
                hint="cut heads out as docs/faces.md says",
            )
        crops += found
    return crops


def _from_npz(path: Path) -> Iterator[Grey]:
    if not path.is_file():
        raise BadInput(f"there is no file {path}", hint="check the path of --crops")
    with np.load(path, allow_pickle=False) as arrays:
        for name in arrays.files:
            array = arrays[name]
            if array.dtype == np.uint8 and array.ndim == 3 and array.shape[1] == array.shape[2]:
                yield from array


def _from_folder(path: Path) -> Iterator[Grey]:
    if not path.is_dir():
        raise BadInput(f"there is no folder {path}", hint="check the path of --crops")
    for file in sorted(path.rglob("*")):
        if file.suffix.lower() not in PICTURES:
            continue
        crop = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        if crop is None or crop.shape[0] != crop.shape[1]:
            raise BadInput(
                f"{file} is no face crop",
                expected="a square picture of a head",
                actual="not a picture" if crop is None else f"{crop.shape[1]}x{crop.shape[0]}",
                hint="cut it square, or take it out of the folder",
            )
        yield np.asarray(crop, np.uint8)


def crop_rows(crops: Sequence[Grey], copies: int, rng: np.random.Generator) -> Floats:
    """Rows of every crop as it is, and of `copies` variations of each `(n * (1 + copies), 1715)`.

    A detector meets a face off its grid, turned, blurred, lit otherwise: so do the copies.
    """
    rows = [crop_row(_resized(crop)) for crop in crops]
    rows += [crop_row(varied(crop, rng)) for crop in crops for _ in range(copies)]
    return np.array(rows, np.float32)


def _resized(crop: Grey) -> Grey:
    side = crop.shape[0]
    way = cv2.INTER_AREA if side > WINDOW else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(crop, (WINDOW, WINDOW), interpolation=way), np.uint8)


def varied(crop: Grey, rng: np.random.Generator) -> Grey:
    """One crop as another camera may see it `(36, 36)`.

    Turned in the plane (8 degrees, seldom over 20), narrowed as by a turn of the head, sheared,
    shifted by up to a pixel, mirrored, blurred, noisy, lit otherwise.
    """
    side = crop.shape[0]
    scale = WINDOW / side * np.exp(rng.uniform(-0.07, 0.07))
    narrow = rng.uniform(0.82, 1.0) if rng.random() < 0.4 else 1.0
    turn = np.deg2rad(np.clip(rng.normal(0, 8), -22, 22))
    shear = rng.normal(0, 0.05)
    turned = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    way = scale * turned @ np.array([[narrow, shear], [0, 1]])
    middle = np.full(2, (side - 1) / 2)
    shift = (WINDOW - 1) / 2 + rng.uniform(-1, 1, 2) - way @ middle
    out = cv2.warpAffine(
        crop,
        np.column_stack([way, shift]),
        (WINDOW, WINDOW),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if rng.random() < 0.5:
        out = cv2.flip(out, 1)
    if rng.random() < 0.25:
        out = cv2.GaussianBlur(out, (0, 0), rng.uniform(0.5, 1.2))
    lit = out.astype(np.float64)
    if rng.random() < 0.3:
        lit += rng.normal(0, rng.uniform(2, 10), lit.shape)
    if rng.random() < 0.5:
        lit = (lit - lit.mean()) * rng.uniform(0.5, 1.3) + lit.mean() + rng.uniform(-30, 30)
    return np.asarray(np.clip(lit, 0, 255), np.uint8)
