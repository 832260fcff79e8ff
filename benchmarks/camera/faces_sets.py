"""The labelled pictures that detectors are measured on, where they lie beside the project."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np

from examples.camera.faces.training.backgrounds import background_files, divided

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("EDGE_INFER_DATA", ROOT.parent / "shared" / "data")) / "camera"


@dataclass(frozen=True)
class Labelled:
    """One picture (h, w, 3), BGR uint8, and its faces (n, 4) as x0, y0, x1, y1."""

    name: str
    picture: np.ndarray
    boxes: np.ndarray


@dataclass(frozen=True)
class TestSet:
    """Pictures that no detector was trained on."""

    name: str
    smallest: int
    """Side of the smallest face to search for."""
    pictures: list[Labelled]

    __test__ = False


def dlib_photographs(zoom: int = 1) -> TestSet:
    """Four group photographs and one of dogs."""
    folder = DATA / "dlib_faces"
    found = []
    for image in ElementTree.parse(folder / "training.xml").getroot().iter("image"):
        boxes = [
            [x, y, x + w, y + h]
            for x, y, w, h in (
                (int(box.attrib[name]) for name in ("left", "top", "width", "height"))
                for box in image.iter("box")
            )
        ]
        found.append(_labelled(folder / image.attrib["file"], boxes, zoom))
    found.append(_labelled(folder / "dogs.jpg", [], zoom))
    name = "dlib photographs" + (f" x{zoom}" if zoom > 1 else "")
    return TestSet(name, 36 if zoom == 1 else 47, found)


def cmu_mit(zoom: int = 2) -> TestSet:
    """Half of the CMU+MIT photographs: newspapers, drawings, playing cards, small faces."""
    folder = DATA / "faces" / "cmu_mit_half"
    boxes: dict[str, list[list[float]]] = {}
    for line in (folder / "boxes.txt").read_text().splitlines():
        file, *edges = line.split()
        boxes.setdefault(file, []).append([float(edge) for edge in edges])
    files = sorted(folder.glob("*.jpg"))
    return TestSet(
        f"CMU+MIT half x{zoom}", 36, [_labelled(f, boxes.get(f.name, []), zoom) for f in files]
    )


def girl(zoom: int = 4, every: int = 1) -> TestSet:
    """One face that turns, tilts, goes and comes; a box a frame."""
    folder = DATA / "girl"
    lines = (folder / "groundtruth_rect.txt").read_text().replace(",", " ").splitlines()
    frames = sorted((folder / "img").glob("*.jpg"))
    found = []
    for frame, line in list(zip(frames, lines, strict=False))[::every]:
        x, y, w, h = (float(part) for part in line.split())
        found.append(_labelled(frame, [[x, y, x + w, y + h]], zoom))
    return TestSet(f"Girl x{zoom}", 47, found)


def backgrounds() -> TestSet:
    """Photographs without faces that neither trained nor calibrated the detector."""
    _, _, kept = divided(background_files(DATA / "faces" / "non_face_scenes"))
    return TestSet("backgrounds", 36, [_labelled(f, [], 1) for f in kept])


def _labelled(file: Path, boxes: list[list[float]] | list[list[int]], zoom: int) -> Labelled:
    picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
    assert picture is not None, file
    if zoom != 1:
        picture = cv2.resize(picture, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_LINEAR)
    return Labelled(file.name, picture, np.array(boxes, float).reshape(-1, 4) * zoom)
