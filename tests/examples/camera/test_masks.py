"""`motion FRAMES_DIR --masks OUT_DIR`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import scenes

from examples.camera.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    folder = tmp_path / "frames"
    folder.mkdir()
    for number, picture in enumerate(scenes.walk(90)):
        cv2.imwrite(str(folder / f"f{number}.png"), picture)
    return folder


def test_a_mask_for_every_picture_of_its_size_and_stem(frames: Path, tmp_path: Path) -> None:
    out = tmp_path / "made" / "masks"
    assert main(["motion", str(frames), "--masks", str(out)]) == 0
    assert {p.name for p in out.iterdir()} == {f"f{n}.png" for n in range(90)}
    masks = [cv2.imread(str(out / f"f{n}.png"), cv2.IMREAD_UNCHANGED) for n in range(90)]
    assert {mask.shape for mask in masks} == {(scenes.HEIGHT, scenes.WIDTH)}
    assert set(np.unique(masks)) == {0, 255}
    box = scenes.Walker().box(85)
    assert box is not None
    assert (masks[85][box[1] : box[3], box[0] : box[2]] > 0).mean() > 0.9, "by number, not by name"


def test_a_picture_that_cannot_be_read_is_told_of_and_the_others_served(
    frames: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = frames / "f30.png"
    broken.write_bytes(broken.read_bytes()[:200])
    (frames / "f31.png").write_bytes(b"")
    (frames / "notes.txt").write_text("not a picture")
    assert main(["motion", str(frames), "--masks", str(tmp_path / "masks")]) == 5
    assert "f31.png" in capsys.readouterr().err
    assert len(list((tmp_path / "masks").iterdir())) >= 88


@pytest.mark.parametrize("what", ["absent", "empty", "file"])
def test_a_folder_without_pictures_is_refused(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "frames"
    if what == "empty":
        folder.mkdir()
    if what == "file":
        folder.write_text("x")
    assert main(["motion", str(folder), "--masks", str(tmp_path / "masks")]) == 5
    told = capsys.readouterr().err
    assert "expected" in told
    assert ("`replay` takes videos" in told) == (what == "file")
    assert not (tmp_path / "masks").exists()


def test_nothing_is_overwritten_least_of_all_the_pictures(
    frames: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second run, labels of the same names, and the folder of the pictures itself."""
    masks = tmp_path / "masks"
    masks.mkdir()
    (masks / "f7.png").write_bytes(b"drawn by hand")
    for out in (masks, frames):
        before = {path: path.read_bytes() for path in out.iterdir()}
        assert main(["motion", str(frames), "--masks", str(out)]) == 5
        assert {path: path.read_bytes() for path in out.iterdir()} == before
        assert "exist already" in capsys.readouterr().err
    (masks / "f7.png").unlink()
    (masks / "notes.txt").write_text("of something else")
    assert main(["motion", str(frames), "--masks", str(masks)]) == 0


def test_a_place_that_cannot_be_written_is_told_of(frames: Path, tmp_path: Path) -> None:
    (tmp_path / "masks").write_text("a file is in the way")
    assert main(["motion", str(frames), "--masks", str(tmp_path / "masks")]) == 5


@pytest.mark.parametrize("fps", ["0", "nan", "inf", "-25"])
def test_a_rate_that_is_none_is_refused(fps: str, frames: Path, tmp_path: Path) -> None:
    words = ["motion", str(frames), "--masks", str(tmp_path / "masks"), "--fps", fps]
    assert main(words) == 5
    assert not (tmp_path / "masks").exists()


def test_two_pictures_of_one_stem_would_overwrite_each_other(frames: Path, tmp_path: Path) -> None:
    cv2.imwrite(str(frames / "f3.jpg"), np.zeros((120, 160, 3), np.uint8))
    assert main(["motion", str(frames), "--masks", str(tmp_path / "masks")]) == 5


def test_no_command_and_an_unknown_one_show_what_there_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == 2
    assert main(["dance"]) == 2
    assert main(["--help"]) == 0
    assert "replay" in capsys.readouterr().out
