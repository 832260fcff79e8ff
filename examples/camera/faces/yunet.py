"""YuNet, for whoever has its file: a small network that OpenCV runs by itself.

Nobody signed it with a key that could be pinned, so the files that were tried are pinned by their
digests: OpenCV reads no other one.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge_infer import BadInput, Untrusted
from examples.camera.faces.detector import Face
from examples.camera.faces.regions import Region, merged

if TYPE_CHECKING:
    from collections.abc import Sequence

MIN_SCORE = 0.8
MOST_BYTES = 1 << 20
KNOWN = {
    "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4": "2023mar",
    "ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0": "2026may",
}
"""SHA-256 of a file of the OpenCV zoo to its release."""


class YuNet:
    """`cv2.FaceDetectorYN` behind the same interface, from the bytes that were hashed."""

    def __init__(self, file: Path | str, *, smallest: int, min_score: float | None = None) -> None:
        """Read the model.

        Raises:
            BadInput: there is no such file, or OpenCV cannot use it.
            Untrusted: it is none of the files that were tried.
        """
        if not Path(file).is_file():
            raise BadInput(
                "there is no YuNet model here",
                expected="face_detection_yunet_….onnx from the OpenCV zoo",
                actual=str(file),
                hint="check the path, or take --faces shipped",
            )
        content = _known(Path(file))
        threshold = MIN_SCORE if min_score is None else min_score
        self.smallest = smallest
        try:
            self._network = cv2.FaceDetectorYN.create(
                "onnx", content, np.empty(0, np.uint8), (320, 320), threshold
            )
        except cv2.error as error:
            raise BadInput(
                f"OpenCV cannot use {file} as YuNet",
                actual=error.err,
                hint="take the file of another year, or --faces shipped",
            ) from error

    def detect(self, frame: np.ndarray, regions: Sequence[Region] | None = None) -> list[Face]:
        """Faces of a frame, best first; see `FaceDetector.detect`."""
        bgr = cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR) if frame.ndim == 2 else frame
        height, width = bgr.shape[:2]
        searched = [(0, 0, width, height)]
        if regions is not None:
            searched = merged(regions, width, height, margin=self.smallest)
        faces = [face for region in searched for face in self._search(bgr, region)]
        return sorted(faces, key=lambda face: -face.score)

    def _search(self, bgr: np.ndarray, region: Region) -> list[Face]:
        x0, y0, x1, y1 = region
        part = np.ascontiguousarray(bgr[y0:y1, x0:x1])
        self._network.setInputSize((x1 - x0, y1 - y0))
        _, found = self._network.detect(part)
        return [
            Face(
                (float(x) + x0, float(y) + y0, float(x + w) + x0, float(y + h) + y0),
                float(row[-1]),
            )
            for row in (() if found is None else found)
            for x, y, w, h in [row[:4]]
            if w >= self.smallest
        ]


def _known(file: Path) -> np.ndarray:
    """The bytes of one of the files that were tried, read once."""
    with file.open("rb") as opened:
        content = opened.read(MOST_BYTES + 1)
    digest = hashlib.sha256(content).hexdigest()
    if digest not in KNOWN:
        raise Untrusted(
            f"{file} is none of the YuNet files that were tried",
            expected=", ".join(f"SHA-256 {one} ({release})" for one, release in KNOWN.items()),
            actual=f"SHA-256 {digest}",
            hint="copy the file from the OpenCV zoo again, or use 'shipped'",
        )
    return np.frombuffer(content, np.uint8)
