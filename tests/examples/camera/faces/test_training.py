"""What a detector is trained on is read as it lies and divided without overlap, or refused."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_infer import BadInput
from examples.camera import train_faces
from examples.camera.faces.detector import PUBLIC_KEY, FaceDetector
from examples.camera.faces.features import WINDOW
from examples.camera.faces.portrait import face, scene
from examples.camera.faces.training.backgrounds import background_files, divided
from examples.camera.faces.training.calibration import threshold
from examples.camera.faces.training.crops import crop_rows, read_crops, varied
from examples.camera.faces.training.drawn import SIDE, drawing
from examples.camera.faces.training.fitting import product_of
from examples.camera.faces.training.mining import fooling_windows


def test_crops_are_read_from_folders_and_from_arrays(tmp_path: Path) -> None:
    for side in (36, 50):
        cv2.imwrite(str(tmp_path / f"{side}.png"), face(side))
    packed = tmp_path / "more.npz"
    np.savez(packed, faces=np.stack([face(48)] * 3), names=np.array(["a", "b", "c"]))
    crops = read_crops([tmp_path, packed])
    assert [crop.shape[0] for crop in crops] == [36, 50, 48, 48, 48]
    assert crop_rows(crops, 1, np.random.default_rng(0)).shape == (10, 1715)


def test_pickles_within_an_npz_are_not_read(tmp_path: Path) -> None:
    packed = tmp_path / "evil.npz"
    np.savez(packed, faces=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        read_crops([packed])


@pytest.mark.parametrize("name", ["none", "none.npz"])
def test_a_missing_path_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="there is no"):
        read_crops([tmp_path / name])


def test_an_oblong_picture_is_no_crop(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "wide.png"), np.zeros((36, 50), np.uint8))
    with pytest.raises(BadInput, match=r"wide\.png is no face crop"):
        read_crops([tmp_path])


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no face crops"):
        read_crops([tmp_path])
    with pytest.raises(BadInput, match="too few"):
        background_files(tmp_path)


def test_no_background_is_learned_from_and_measured_with() -> None:
    files = [Path(f"{i}.jpg") for i in range(275)]
    parts = divided(files)
    assert sorted(f for part in parts for f in part) == sorted(files)
    assert [len(part) for part in parts] == [192, 28, 55]


def test_copies_differ_but_keep_the_face_in_the_middle() -> None:
    rng = np.random.default_rng(0)
    copies = np.array([varied(face(48), rng) for _ in range(200)])
    assert copies.shape == (200, WINDOW, WINDOW)
    assert len(np.unique(copies, axis=0)) == 200
    mean = copies.mean(axis=0)
    assert mean[17, 17] > mean[17, 1] + 20
    assert mean[12, [11, 23]].mean() < mean[17, 17] - 20


def test_drawings_are_the_same_for_the_same_seed() -> None:
    first, second = (
        [drawing(rng) for _ in range(6)]
        for rng in (np.random.default_rng(3), np.random.default_rng(3))
    )
    np.testing.assert_array_equal(first, second)
    assert first[0].shape == (SIDE, SIDE)


def test_the_threshold_leaves_the_allowed_false_positives() -> None:
    scores = np.array([9.0, 5.0, 4.0, 1.0])
    least = threshold(scores, 40, allowed=0.05)
    assert np.sum(scores >= least) == 2
    assert threshold(scores, 400, allowed=0.05) == 0.0


def test_what_fools_the_model_scores_at_least_what_was_asked() -> None:
    from sklearn.svm import LinearSVC

    rng = np.random.default_rng(0)
    faces = crop_rows([face(48)], 40, rng)
    others = rng.random(faces.shape).astype(np.float32) * 0.1
    model = LinearSVC(C=0.003, dual=False).fit(
        np.concatenate([faces, others]), np.repeat([1, 0], len(faces))
    )
    pictures = [scene(120, 160, (40, 30, 60)), np.zeros((20, 20), np.uint8)]
    rows = fooling_windows(pictures, product_of(model), least=0.0, most=5)
    assert len(rows) == 5
    assert model.decision_function(rows).min() >= -1e-3


@pytest.mark.skipif(
    os.environ.get("EDGE_INFER_CAMERA") != "1", reason="a minute of training: make test-camera"
)
def test_a_detector_trained_on_drawn_faces_finds_drawn_faces(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    crops = tmp_path / "crops.npz"
    np.savez(crops, faces=np.array([varied(face(48), rng) for _ in range(400)]))
    backgrounds = tmp_path / "backgrounds"
    backgrounds.mkdir()
    for i in range(30):
        cv2.imwrite(str(backgrounds / f"{i}.png"), drawing(rng))
    out = tmp_path / "detector"
    arguments = ["--crops", str(crops), "--backgrounds", str(backgrounds), "--out", str(out)]
    arguments += ["--drawings", "15"]
    assert train_faces.main(arguments) == 0
    assert not list(tmp_path.rglob("*.key")), "nobody can sign another detector with its key"
    detector = FaceDetector.load(out, trust=out / PUBLIC_KEY)
    faces = detector.detect(scene(240, 320, (60, 60, 90)))
    assert len(faces) == 1
    assert train_faces.main(arguments) == BadInput.exit_code, "nothing is overwritten"
