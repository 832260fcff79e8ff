"""`detect` prints one line a picture that a script can read, and says what it cannot."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from PIL import Image

from examples.camera import detecting
from examples.camera.faces.portrait import scene

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    path = tmp_path / "family.png"
    cv2.imwrite(str(path), scene(240, 320, (60, 60, 90)))
    return path


def test_each_picture_has_a_line_of_json(
    photograph: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wall = tmp_path / "wall.png"
    cv2.imwrite(str(wall), scene(240, 320))
    assert detecting.main([str(photograph), str(wall), "--json"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["image"] == str(photograph)
    assert [set(face) for face in first["faces"]] == [{"box", "score"}]
    x0, y0, x1, y1 = first["faces"][0]["box"]
    assert 60 < x0 < 85 < 125 < x1 < 150
    assert 60 < y0 < 85 < 125 < y1 < 150
    assert second == {"image": str(wall), "faces": []}


def test_a_higher_threshold_leaves_fewer_faces(
    photograph: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert detecting.main([str(photograph), "--json", "--min-score", "1e6"]) == 0
    assert json.loads(capsys.readouterr().out)["faces"] == []


def test_a_16_bit_picture_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "deep.png"
    cv2.imwrite(str(path), scene(240, 320, (60, 60, 90)).astype(np.uint16) * 257)
    assert detecting.main([str(path), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["faces"]) == 1


def test_one_bad_picture_does_not_hide_the_others(
    photograph: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8 not a picture")
    empty = tmp_path / "empty.jpg"
    empty.touch()
    missing = tmp_path / "missing.jpg"
    paths = [str(broken), str(empty), str(missing), str(photograph)]
    assert detecting.main([*paths, "--json"]) != 0
    said = capsys.readouterr()
    assert json.loads(said.out)["image"] == str(photograph)
    assert all(name in said.err for name in ("broken.jpg", "empty.jpg", "missing.jpg"))


@pytest.mark.parametrize("score", ["nan", "inf"])
def test_a_threshold_that_is_no_number_is_refused(
    score: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert detecting.main(["any.png", "--min-score", score]) == 5
    assert "no number" in capsys.readouterr().err


@pytest.mark.parametrize("side", [24, 40, 120, 400])
def test_faces_from_24_to_400_pixels_are_found(
    side: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = round(side / 0.85)
    path = tmp_path / "face.png"
    cv2.imwrite(str(path), scene(480, 640, (61, 5, head)))
    assert detecting.main([str(path), "--json"]) == 0
    (face,) = json.loads(capsys.readouterr().out)["faces"]
    x0, _, x1, _ = face["box"]
    assert x1 - x0 == pytest.approx(side, rel=0.25)
    assert (x0 + x1) / 2 == pytest.approx(61 + head / 2, abs=0.2 * side)


@pytest.mark.parametrize("turned", [3, 6, 8])
def test_a_photograph_is_turned_upright_as_its_exif_says(
    turned: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    upright = Image.fromarray(scene(240, 320, (60, 60, 90)))
    back = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90,
            8: Image.Transpose.ROTATE_270}  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = turned
    path = tmp_path / "turned.jpg"
    upright.transpose(back[turned]).save(path, quality=95, exif=exif.tobytes())
    assert detecting.main([str(path), "--json"]) == 0
    (face,) = json.loads(capsys.readouterr().out)["faces"]
    x0, y0, x1, y1 = face["box"]
    assert 60 < x0 < 85 < 125 < x1 < 150
    assert 60 < y0 < 85 < 125 < y1 < 150


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "1", "I;16"])
def test_pictures_of_every_kind_are_read(
    mode: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = Image.fromarray(scene(240, 320, (60, 60, 90)))
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(picture).astype(np.uint16) * 257)
    path = tmp_path / "kind.png"
    (picture if mode == "I;16" else picture.convert(mode)).save(path)
    assert detecting.main([str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["faces"]
    assert len(found) == 1 or mode == "1", "dots of black and white are no face"
