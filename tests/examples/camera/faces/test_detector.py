"""The shipped detector on pictures of our own making: every engine alike, or a refusal."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from edge_infer import BadInput, Untrusted
from examples.camera.faces.detector import PUBLIC_KEY, SHIPPED, Face, FaceDetector, open_detector
from examples.camera.faces.portrait import scene

DATA = Path(os.environ.get("EDGE_INFER_DATA", Path(__file__).parents[4].parent / "shared" / "data"))
PLACES = ((60, 40, 60), (300, 140, 120), (470, 30, 90))


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector.load(SHIPPED, trust=SHIPPED / PUBLIC_KEY)


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return scene(300, 600, *PLACES)


def shared(face: Face, place: tuple[int, int, int]) -> float:
    """Intersection over union."""
    x, y, side = place
    x0, y0, x1, y1 = face.box
    common = max(min(x1, x + side) - max(x0, x), 0) * max(min(y1, y + side) - max(y0, y), 0)
    return common / ((x1 - x0) * (y1 - y0) + side**2 - common)


def test_drawn_faces_are_found_once_each_where_they_are(
    detector: FaceDetector, picture: np.ndarray
) -> None:
    faces = detector.detect(picture)
    assert len(faces) == len(PLACES)
    for place in PLACES:
        assert max(shared(face, place) for face in faces) > 0.6
    assert faces == sorted(faces, key=lambda face: -face.score)


def test_colour_and_grey_frames_of_the_same_brightness_give_the_same_faces(
    detector: FaceDetector, picture: np.ndarray
) -> None:
    assert detector.detect(np.dstack([picture] * 3)) == detector.detect(picture)


def test_the_native_engine_gives_the_same_boxes_as_onnxruntime(picture: np.ndarray) -> None:
    found = {
        engine: FaceDetector.load(
            SHIPPED, trust=SHIPPED / PUBLIC_KEY, engine=engine, min_score=0.5
        ).detect(picture)
        for engine in ("onnxruntime", "native")
    }
    assert found["native"] == found["onnxruntime"]
    assert found["native"]


def test_only_the_regions_are_searched(detector: FaceDetector, picture: np.ndarray) -> None:
    x, y, side = PLACES[1]
    faces = detector.detect(picture, [(x, y, x + side, y + side)])
    assert len(faces) == 1
    assert shared(faces[0], PLACES[1]) > 0.6
    assert detector.detect(picture, []) == []


def test_a_face_at_the_edge_is_found(detector: FaceDetector) -> None:
    faces = detector.detect(scene(240, 320, (0, 0, 90), (230, 150, 90)))
    assert len(faces) == 2


@pytest.mark.parametrize("level", [0, 255])
def test_a_black_or_white_frame_has_no_face(detector: FaceDetector, level: int) -> None:
    assert detector.detect(np.full((120, 160), level, np.uint8)) == []


def test_a_frame_smaller_than_a_face_has_none(detector: FaceDetector) -> None:
    assert detector.detect(np.zeros((20, 20), np.uint8)) == []
    assert detector.detect(np.zeros((0, 0), np.uint8)) == []


@pytest.mark.parametrize(
    "frame",
    [
        np.zeros((100, 100), np.uint16),
        np.zeros((100, 100, 4), np.uint8),
        np.zeros((100, 100, 1), np.uint8),
        np.zeros(100, np.uint8),
        np.zeros((100, 100)),
    ],
)
def test_frames_of_another_kind_are_refused(detector: FaceDetector, frame: np.ndarray) -> None:
    with pytest.raises(BadInput, match="not a frame"):
        detector.detect(frame)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "faces"))


def test_an_altered_model_is_refused(copied: Path) -> None:
    model = copied / "scan" / "model.onnx"
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.chmod(0o644)
    model.write_bytes(content)
    with pytest.raises(Untrusted):
        FaceDetector.load(copied, trust=SHIPPED / PUBLIC_KEY)


def test_a_lowered_threshold_is_refused(copied: Path) -> None:
    settings = copied / "detector.json"
    text = settings.read_text()
    settings.write_text(text.replace('"min_score": ', '"min_score": -'))
    with pytest.raises(Untrusted, match=r"detector\.json"):
        FaceDetector.load(copied, trust=SHIPPED / PUBLIC_KEY)


def test_a_folder_without_a_detector_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no face detector"):
        FaceDetector.load(tmp_path, trust=SHIPPED / PUBLIC_KEY)


def test_a_detector_of_ones_own_needs_a_key() -> None:
    with pytest.raises(BadInput, match="no key"):
        open_detector(str(SHIPPED))


def test_a_missing_yunet_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no YuNet"):
        open_detector(f"yunet={tmp_path / 'none.onnx'}")


def test_a_network_that_nobody_pinned_is_not_handed_to_opencv(tmp_path: Path) -> None:
    """An option that names any file would be a way around the signature."""
    model = next(SHIPPED.rglob("model.onnx"))
    (tmp_path / "own.onnx").write_bytes(model.read_bytes())
    with pytest.raises(Untrusted, match="none of the YuNet files"):
        open_detector(f"yunet={tmp_path / 'own.onnx'}")


def test_the_pinned_yunet_runs_from_the_bytes_that_were_hashed(picture: np.ndarray) -> None:
    file = DATA / "camera" / "faces" / "face_detection_yunet_2026may.onnx"
    if not file.is_file():
        pytest.skip(f"{file} is missing: set EDGE_INFER_DATA")
    found = open_detector(f"yunet={file}", smallest=20).detect(picture)
    assert all(0 <= face.score <= 1 for face in found)


def test_off_finds_nothing(picture: np.ndarray) -> None:
    assert open_detector("off").detect(picture) == []
