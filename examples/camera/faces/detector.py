"""`FaceDetector.detect`: a frame in, faces out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

import edge_infer
from edge_infer import BadInput, Incompatible
from examples.camera.faces.features import ROW
from examples.camera.faces.grouping import group
from examples.camera.faces.judging import Judges, judged
from examples.camera.faces.pyramid import pyramid
from examples.camera.faces.regions import Region, merged
from examples.camera.faces.scanning import Decides, Scan
from examples.camera.faces.settings import NAME, Settings, read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from examples.camera.faces.features import Grey
    from examples.camera.faces.pyramid import Level

SHIPPED = Path(__file__).parents[1] / "models" / "faces"
"""The detector that comes with the program; `trainer.pub` in it is the key to trust."""
PUBLIC_KEY = "trainer.pub"
MODELS = ("scan", "judge")
"""Its signed models, in the order in which they see a window."""
SMALLEST = 47
"""Side in pixels of the smallest face that is searched for."""


@dataclass(frozen=True)
class Face:
    """A face in a frame."""

    box: tuple[float, float, float, float]
    """x0, y0, x1, y1 in pixels of the frame, from above the brows to the chin."""
    score: float
    """How sure the detector is; only its order and its threshold mean anything."""


class Detector(Protocol):
    """What finds faces."""

    def detect(self, frame: np.ndarray, regions: Sequence[Region] | None = None) -> list[Face]:
        """Faces of a frame, best first."""
        ...


class FaceDetector:
    """Our own detector: a linear model on every window, a second one on what it lets through."""

    def __init__(
        self,
        scan: Decides,
        judge: Judges,
        settings: Settings,
        *,
        smallest: int,
        min_score: float | None,
    ) -> None:
        self._scan = Scan(scan)
        self._judge = judge
        self.settings = settings
        self.smallest = smallest
        self.min_score = settings.min_score if min_score is None else min_score

    @classmethod
    def load(
        cls,
        bundle: Path | str,
        *,
        trust: Path | str,
        engine: str | None = None,
        smallest: int = SMALLEST,
        min_score: float | None = None,
    ) -> FaceDetector:
        """Load what `train_faces.py` wrote, verified under the public key file `trust`.

        Args:
            bundle: directory that holds `detector.json` and the two signed models.
            trust: public key file of whoever trained it.
            engine: `onnxruntime` or `native`; None for what there is.
            smallest: side in pixels of the smallest face to find. Half of it takes four times
                as long.
            min_score: least score of a face; None for the threshold chosen at training.

        Raises:
            BadInput: there is no such bundle, or `smallest` is no size.
            Untrusted: a byte of it is not vouched for by the key.
            Incompatible: it was trained on other features, or fails its self-test here.
            Unavailable: this machine lacks the engine.
        """
        if smallest < 1:
            raise BadInput(
                "a smallest face of no size",
                expected=">= 1 pixel",
                actual=smallest,
                hint="give the side of the smallest face in pixels, such as 47",
            )
        bundle = Path(bundle)
        if not (bundle / NAME).is_file():
            raise BadInput(
                "no face detector here",
                expected=f"{NAME} in {bundle}",
                hint="name the directory that train_faces.py wrote",
            )
        content = (bundle / NAME).read_bytes()
        scan, judge = (
            edge_infer.load(bundle / part, trust=str(trust), engine=engine) for part in MODELS
        )
        settings = read_settings(content, scan.contract.name)
        read_settings(content, judge.contract.name)
        for model in (scan, judge):
            if model.inputs[0].shape[-1] != ROW:
                raise Incompatible(
                    "a model takes other rows than its detector.json says",
                    expected=f"{ROW} features",
                    actual=f"{model.inputs[0].shape[-1]}",
                    hint="train it again with examples/camera/train_faces.py",
                )
        return cls(scan, judge, settings, smallest=smallest, min_score=min_score)

    def detect(self, frame: np.ndarray, regions: Sequence[Region] | None = None) -> list[Face]:
        """Faces of a frame, best first.

        Args:
            frame: uint8, grey `(h, w)` or BGR `(h, w, 3)`.
            regions: search only within these boxes x0, y0, x1, y1 and a margin around them;
                None for everywhere.

        Raises:
            BadInput: the frame is of another dtype or shape.
        """
        grey = _grey(frame)
        height, width = grey.shape
        searched = [(0, 0, width, height)]
        if regions is not None:
            searched = merged(regions, width, height, margin=self.smallest)
        levels = (level for region in searched for level in self._levels(grey, region))
        found = self._scan.candidates(levels, self.settings.least)
        seen = judged(self._judge, found, self.settings.doubt)
        boxes, scores = group(seen.boxes, seen.evidence)
        enough = scores >= self.min_score
        return [
            Face(self._face_in(box), round(float(score), 4))
            for box, score in zip(boxes[enough], scores[enough], strict=True)
        ]

    def _levels(self, grey: Grey, region: Region) -> Iterator[Level]:
        x0, y0, x1, y1 = region
        part = np.ascontiguousarray(grey[y0:y1, x0:x1])
        return pyramid(part, self.smallest, step=self.settings.step, corner=(x0, y0))

    def _face_in(self, box: np.ndarray) -> tuple[float, float, float, float]:
        x, y, side = box[0], box[1], box[2] - box[0]
        x0, y0, x1, y1 = (round(float(part), 2) for part in side * np.array(self.settings.box))
        return (
            round(float(x) + x0, 2),
            round(float(y) + y0, 2),
            round(float(x) + x1, 2),
            round(float(y) + y1, 2),
        )


class NoFaces:
    """Faces switched off."""

    def detect(self, frame: np.ndarray, regions: Sequence[Region] | None = None) -> list[Face]:
        """No face, whatever the frame."""
        del frame, regions
        return []


def open_detector(
    spec: str,
    *,
    trust: Path | str | None = None,
    engine: str | None = None,
    smallest: int = SMALLEST,
    min_score: float | None = None,
) -> Detector:
    """The detector that a command line names.

    Args:
        spec: `shipped`, `off`, `yunet=FILE`, or the directory of a detector of your own.
        trust: for a directory, the public key file of whoever trained it.
        engine: as in `FaceDetector.load`.
        smallest: side in pixels of the smallest face.
        min_score: least score of a face.

    Raises:
        BadInput: no such detector, or no key to trust it by.
        EdgeInferError: whatever `FaceDetector.load` raises.
    """
    if spec == "off":
        return NoFaces()
    if min_score is not None and not math.isfinite(min_score):
        raise BadInput(
            "a least score that is no number",
            expected="a number, such as 0.5",
            actual=min_score,
            hint="leave it out for the threshold chosen at training",
        )
    kind, _, file = spec.partition("=")
    if kind == "yunet" and file:
        from examples.camera.faces.yunet import YuNet

        return YuNet(file, smallest=smallest, min_score=min_score)
    if spec == "shipped":
        trust, spec = SHIPPED / PUBLIC_KEY, str(SHIPPED)
    if trust is None:
        raise BadInput(
            f"no key to trust the face detector {spec!r} by",
            expected="the public key file of whoever trained it",
            hint="name it: `detect --trust KEY.pub`, elsewhere `--faces-trust KEY.pub`; or take "
            "'shipped', 'off' or 'yunet=FILE'",
        )
    return FaceDetector.load(
        spec, trust=trust, engine=engine, smallest=smallest, min_score=min_score
    )


def _grey(frame: np.ndarray) -> Grey:
    colour = frame.ndim == 3 and frame.shape[2] == 3
    if frame.dtype != np.uint8 or not (frame.ndim == 2 or colour):
        raise BadInput(
            "not a frame to look for faces in",
            expected="uint8 of shape (h, w), or (h, w, 3) as blue, green, red",
            actual=f"{frame.dtype} of shape {frame.shape}",
            hint="give what cv2.imread or a camera gives, 8 bits a channel",
        )
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY) if colour else frame, np.uint8)
